"""Which call of a tool a piece of a stream belongs to: one rule for all who look for it. Pure.

An id that was seen goes to that call; a new id is a new call, whatever its index, but for a piece
of arguments without a name: some servers make up an id for each piece; without an id the index
counts; without both it is the call that was told last, unless that is whole and a name begins
another one. A name that is sent again does not double, and the first id is the call's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Protocol, TypeVar

from shared.wire.answers.said import object_of, text_of

Json = dict[str, Any]

#: So many of the last entries are looked through: nobody tells more at once.
_MOST_OPEN: Final = 1000


class ToldCall(Protocol):
    """A call as far as it is told: empty texts, and no index, where nothing was told."""

    @property
    def id(self) -> str:
        """Its first id."""
        ...

    @property
    def index(self) -> int | None:
        """Its place among the others."""
        ...

    @property
    def name(self) -> str:
        """The function's name."""
        ...

    @property
    def arguments(self) -> str:
        """The function's arguments."""
        ...


T = TypeVar("T")
C = TypeVar("C", bound=ToldCall)


def call_of(calls: Sequence[C], last: C | None, piece: Json) -> C | None:
    """Return the call that a piece belongs to, None for a new one; `last` was told before it."""
    call_id, index = text_of(piece.get("id")), index_of(piece)
    if call_id and (seen := newest(calls, lambda call: call.id == call_id)):
        return seen
    if index is not None:
        of_index = newest(calls, lambda call: call.index == index)
        return None if of_index and _is_another(of_index, piece) else of_index
    begins_anew = last is not None and (_is_another(last, piece) or _begins_anew(last, piece))
    return None if begins_anew else last


def index_of(piece: Json) -> int | None:
    """Return the place that a piece tells, None if it tells none."""
    index = piece.get("index")
    return index if type(index) is int else None


def name_in(piece: Json) -> str:
    """Return the function's name, as far as the piece has it."""
    return text_of(object_of(piece.get("function")).get("name"))


def arguments_in(piece: Json) -> str:
    """Return the arguments, as far as the piece has them, as text: some send an object."""
    given = object_of(piece.get("function")).get("arguments")
    return arguments_text(given)


def arguments_text(given: object) -> str:
    """Return arguments as text, whatever they were sent as."""
    if given is None or isinstance(given, str):
        return given or ""
    return json.dumps(given, ensure_ascii=False)


@dataclass(slots=True, eq=False)
class CallSoFar:
    """A call that is put together from its pieces."""

    index: int | None
    id: str = ""
    name: str = ""
    arguments: str = ""


class Calls:
    """The calls of one answer."""

    __slots__ = ("_last", "all")

    def __init__(self) -> None:
        self.all: list[CallSoFar] = []
        self._last: CallSoFar | None = None

    def add(self, piece: Json) -> tuple[CallSoFar, str]:
        """Take a piece in; return its call, and what it adds to the arguments."""
        call = call_of(self.all, self._last, piece)
        if call is None:
            call = CallSoFar(index_of(piece))
            self.all.append(call)
        self._last = call
        call.id = call.id or text_of(piece.get("id"))
        name = name_in(piece)
        call.name += "" if name == call.name else name
        added = arguments_in(piece)
        call.arguments += added
        return call, added

    @property
    def in_order(self) -> list[CallSoFar]:
        """The calls by their indexes, where each has one; else as they came."""
        places = {call: call.index for call in self.all if call.index is not None}
        return (
            sorted(self.all, key=places.__getitem__) if len(places) == len(self.all) else self.all
        )


def newest(entries: Sequence[T], fits: Callable[[T], bool]) -> T | None:
    """Return the newest entry that fits, of those that may still go on."""
    return next((one for one in islice(reversed(entries), _MOST_OPEN) if fits(one)), None)


def _is_another(call: ToldCall, piece: Json) -> bool:
    """Whether a piece whose id was not seen is of another call than this one."""
    if not (call.id and text_of(piece.get("id"))):
        return False
    goes_on = bool(call.name) and not name_in(piece) and bool(arguments_in(piece))
    return not goes_on


def _begins_anew(call: ToldCall, piece: Json) -> bool:
    """Whether a piece with neither id nor index is another call: it has a name, this is whole."""
    return bool(name_in(piece)) and not piece.get("id") and _is_whole(call)


def _is_whole(call: ToldCall) -> bool:
    arguments = call.arguments
    if not arguments:
        return False
    try:
        json.loads(arguments)
    except (ValueError, RecursionError):
        return False
    return True
