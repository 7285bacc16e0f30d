"""Schedules: create, change, list, run, delete."""
