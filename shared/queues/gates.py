"""Names of gates: where jobs wait for a slot of a provider, or for a provider (ADR 11). Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from shared.operation import Operation

#: Between a queue, the provider that the gate's jobs are pinned to, and what they ask.
_SEPARATOR: Final = "\x1e"


class GateParts(NamedTuple):
    """Whose gate it is. `provider` and `operation` are empty at the gate of the queue itself."""

    queue: str
    provider: str = ""
    operation: str = ""


def gate(queue: str, provider: str = "", operation: Operation = Operation.CHAT) -> str:
    """Return the gate of a job, as `lua/includes/gates.lua` names it too.

    Jobs that not every provider of the model could answer have one of their own, that of their
    provider or of their operation: waiting there, they hold up nobody else.
    """
    if provider:
        return f"{queue}{_SEPARATOR}{provider}"
    if operation is not Operation.CHAT:
        return f"{queue}{_SEPARATOR}{_SEPARATOR}{operation}"
    return queue


def gate_parts(name: str) -> GateParts:
    """Return what the name of a gate says."""
    return GateParts(*name.split(_SEPARATOR))
