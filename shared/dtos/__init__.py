"""Every endpoint of every wire (`catalog.py`), and the DTOs of AI Server's wire."""
