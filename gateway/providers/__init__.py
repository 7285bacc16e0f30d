"""Providers as administrators see them: list, change, try."""
