"""Calls of AI Server that clients make beside what they come for."""
