"""The running system that tests ask, and what stands around it: processes, proxies, Redis in distress."""
