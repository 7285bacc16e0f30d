"""A manner: what an upstream sends, and what must come of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.upstreams.good import TEXT
from tests.upstreams.kinds import CHAT, Json, Kind
from tests.upstreams.server import Asked, Reply


@dataclass(frozen=True, slots=True)
class Completed:
    """The job is Completed; its answer says this, at the client and in the ledger alike."""

    text: str | None = TEXT
    finish: str | None = None
    #: What the stored message of a chat holds besides.
    message: Json | None = None
    has_usage: bool = False
    #: How many reasons a stream tells its client; None for any number.
    reasons: int | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The job is Failed and its client told why; another provider, if there is one, answers."""

    #: A part of the message.
    message: str = ""
    #: The HTTP status of a client that waits; None for any.
    status: int | None = None
    code: str | None = None
    #: Whether another provider is asked.
    elsewhere: bool = True
    #: A part of the message that must not be there.
    without: str = ""


@dataclass(frozen=True, slots=True)
class Manner:
    """One manner of one kind. `title` is its row in docs/provider-types.md."""

    title: str
    name: str
    kind: Kind
    reply: Reply
    ends: Completed | Failed
    #: How often it is asked; None for any number.
    calls: int | None = None

    @property
    def slug(self) -> str:
        """Its name as a model's and in a path."""
        words = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")
        return f"{words}-{self.kind.name}"


Sent = bytes | Sequence[bytes] | Reply
#: All of them; a module of `manners` adds its own when it is imported.
MANNERS: list[Manner] = []
_slugs: set[str] = set()


def manner(
    title: str,
    name: str,
    sent: Any,
    ends: Completed | Failed = Completed(),
    *,
    kinds: Iterable[Kind] = (CHAT,),
    calls: int | None = None,
) -> None:
    """Add a manner for each of the kinds.

    `sent` are bytes, pieces of bytes, or what makes them of the request; or, of a function marked
    by `by_kind`, what makes one of these of the kind.
    """
    for kind in kinds:
        made: Any = sent(kind) if getattr(sent, "by_kind", False) else sent  # type: ignore[operator, arg-type]
        one = Manner(title, name, kind, _reply(made), ends, calls)
        assert one.slug not in _slugs, f"'{name}' is there already"
        _slugs.add(one.slug)
        MANNERS.append(one)


def by_kind(make: Callable[..., Sent]) -> Callable[..., Sent]:
    """Mark what makes the bytes of the kind."""
    make.by_kind = True  # type: ignore[attr-defined]
    return make


def _reply(sent: Sent) -> Reply:
    if callable(sent):
        return sent
    pieces = [sent] if isinstance(sent, bytes) else list(sent)

    def reply(_asked: Asked) -> Iterable[bytes]:
        return pieces

    return reply
