"""Deliveries, how they are signed, and what is posted."""
