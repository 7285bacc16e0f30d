"""HTTP as this gateway speaks it: how a connection is read, shared out and ended."""
