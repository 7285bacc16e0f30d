"""Jobs whose requests or answers have files: how the ledger holds what only refers to them."""
