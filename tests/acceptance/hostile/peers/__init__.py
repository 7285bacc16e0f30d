"""The hostile: clients, key holders, upstreams, receivers."""
