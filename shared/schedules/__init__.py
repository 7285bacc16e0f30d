"""Schedules: when they are due, what of it is run, and where they are kept."""
