"""Measurements of how much ReplyTo holds: `python -m bench.capacity`."""
