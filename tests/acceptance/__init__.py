"""Acceptance tests: real processes, real clients."""
