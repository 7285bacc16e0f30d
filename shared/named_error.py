"""An error in one line, for a log: its class and what it says. Pure."""

from __future__ import annotations


def named(error: BaseException) -> str:
    """Return both; redis-py's own repr tells neither the address nor what went wrong."""
    kind, said = type(error).__name__, " ".join(str(error).split())
    return f"{kind}: {said}" if said else kind
