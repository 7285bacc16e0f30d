"""The HTTP server: connections, heads and bodies, their limits and a fair share for each."""
