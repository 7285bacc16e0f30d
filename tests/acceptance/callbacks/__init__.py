"""Callbacks: what arrives, what is repeated, what goes wrong."""
