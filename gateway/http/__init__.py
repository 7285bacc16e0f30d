"""HTTP as this gateway speaks it."""
