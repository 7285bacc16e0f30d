"""Typed DTOs by real compilers and runtimes, with the same calls in each language."""
