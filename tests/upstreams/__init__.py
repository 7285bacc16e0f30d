"""Upstreams as rude as those in the field: a server of raw bytes, and the manners it has."""
