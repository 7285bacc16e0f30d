"""Every manner of upstreams at a whole ReplyTo: what its client gets, and what the ledger has."""
