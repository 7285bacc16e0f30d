"""Benchmarks: real processes on this machine, compared in alternation; `python -m bench`."""
