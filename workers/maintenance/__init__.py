"""What keeps the ledger moving: heartbeat, lease renewal, aborts, the tick."""
