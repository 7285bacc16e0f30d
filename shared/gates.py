"""Names of gates: where jobs wait for a slot of a provider, or for a provider (ADR 11). Pure."""

from __future__ import annotations

from typing import Final

#: Between a queue and the provider that the gate's jobs are pinned to.
_SEPARATOR: Final = "\x1e"


def gate(queue: str, provider: str = "") -> str:
    """Return the gate of a queue's jobs; of those pinned to a provider, if one is named."""
    return f"{queue}{_SEPARATOR}{provider}" if provider else queue


def gate_parts(name: str) -> tuple[str, str]:
    """Return the queue and the provider of a gate; the latter is empty for jobs of any."""
    queue, _, provider = name.partition(_SEPARATOR)
    return queue, provider
