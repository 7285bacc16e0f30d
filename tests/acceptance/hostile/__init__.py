"""One hostile peer stops nobody: each beside an innocent one, and all of them at once.

A peer is a function of the `Ground` that returns a context manager (`ground.py`); modules of peers
have a table `PEERS` of them by name. `beside.compare` holds an innocent client's calls against the
same calls alone, `peer_process.running` runs a deed in a process of its own.
"""
