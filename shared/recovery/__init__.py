"""What the tick puts back on its way; `recovery_store.py` puts the parts together."""
