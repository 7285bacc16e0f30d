"""Puts the answers of streamed calls together; only workers do."""
