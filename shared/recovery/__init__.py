"""What the tick puts back on its way; `shared/recovery_store.py` puts the parts together."""
