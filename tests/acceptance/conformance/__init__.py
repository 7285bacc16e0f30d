"""Clients that people use, each with another base URL and nothing else changed."""
