"""Which processes of which release run when: an upgrade as the docs order it, and back. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

OLD: Final = "old"
NEW: Final = "new"
GATEWAY: Final = "gateway"
CHAT: Final = "chat"
COMPLETION: Final = "completion"
CALLBACKS: Final = "callbacks"
#: As docs/deployment.md says: whoever reads what others write comes first.
ORDER: Final = (COMPLETION, CALLBACKS, CHAT, GATEWAY)


@dataclass(frozen=True, slots=True)
class Step:
    """What is started, and then stopped once that is ready; under load afterwards."""

    start: tuple[str, ...]
    stop: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join([*(f"+{role}" for role in self.start), *(f"-{role}" for role in self.stop)])


def role(kind: str, release: str) -> str:
    """Return the name of a release's process of this kind."""
    return f"{kind}-{release}"


def kind_of(name: str) -> str:
    """Return what kind of process a role is."""
    return name.partition("-")[0]


def release_of(name: str) -> str:
    """Return the release that a role is of; empty for Redis, which has none."""
    return name.partition("-")[2]


def of_release(release: str) -> tuple[str, ...]:
    """Return every process of a release."""
    return tuple(role(kind, release) for kind in ORDER)


def steps() -> list[Step]:
    """Return all steps, from everything old to everything new and back to everything old."""
    return [*_replaced(ORDER, OLD, NEW), *_strangers(), *_replaced(ORDER[::-1], NEW, OLD)]


def _replaced(kinds: tuple[str, ...], before: str, after: str) -> list[Step]:
    """For each kind: both beside each other for a while, then the one alone."""
    return [
        step
        for kind in kinds
        for step in (
            Step((role(kind, after),), ()),
            Step((), (role(kind, before),)),
        )
    ]


def _strangers() -> list[Step]:
    """Return steps in which old workers do what a new gateway has accepted: beside new, alone."""
    old, new = (tuple(role(k, r) for k in (CHAT, COMPLETION)) for r in (OLD, NEW))
    return [Step(old, ()), Step((), new), Step(new, ()), Step((), old)]
