"""Redis: where it is, the connections to it, the names of its keys, the scripts, leases."""
