"""Looks after groups of jobs: their ends are told, what is cancelled is cancelled whole."""
