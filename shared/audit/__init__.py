"""The audit log: who did what as an admin."""
