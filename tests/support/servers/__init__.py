"""Servers that tests start: PostgreSQL, pgbouncer, Redis in its versions."""
