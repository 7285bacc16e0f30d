"""The running system that tests ask, and what stands around it: proxies, Redis in distress."""
