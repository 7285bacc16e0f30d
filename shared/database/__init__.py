"""The database behind the ledger: what outlives Redis. SQLite by default, PostgreSQL by URL."""
