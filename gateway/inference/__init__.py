"""Calls of models: from a request to an accepted job, and from its result to an answer."""
