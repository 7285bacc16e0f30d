"""Which call of a tool a piece of a stream belongs to: one rule for all who look for it. Pure.

An id that was seen goes to that call, unless another index and name say that it is another one:
some give all calls the same id. A new id is a new call, whatever its index, but for a piece of
arguments without a name: some servers make up an id for each piece; without an id the index counts;
without both it is the call that was told last, unless that is whole, or told in the same delta, and
a name begins another one. A name sent again does not double, and the first id is the call's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Protocol, TypeVar

from shared.codecs.strict_json import documents
from shared.wire.answers.said import object_of, text_of

Json = dict[str, Any]

#: So many of the last entries are looked through: nobody tells more at once.
_MOST_OPEN: Final = 1000
#: An index of more digits is none.
_MOST_DIGITS: Final = 5
# Where one document may end and another begin.
_has_seam = re.compile(r"\}\s*+\{").search


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


def call_of(calls: Sequence[C], last: C | None, piece: Json, *, is_first: bool = True) -> C | None:
    """Return the call that a piece belongs to, None for a new one; `last` was told before it.

    `is_first`: of its delta.
    """
    call_id, index = id_in(piece) if "id" in piece else "", index_of(piece)
    if call_id and (seen := _of_id(calls, call_id, index)):
        return None if _is_namesake(seen, piece) else seen
    if index is not None:
        of_index = newest(calls, lambda call: call.index == index)
        return None if of_index and _is_another(of_index, piece) else of_index
    if last is None or _is_another(last, piece) or _begins_anew(last, piece):
        return None
    return last if is_first or call_id or not name_in(piece) else None


def id_in(piece: Json) -> str:
    """Return the id of a piece's call, as text: some have numbers; an empty one if it has none."""
    told = piece.get("id")
    return str(told) if type(told) is int else text_of(told)


def index_of(piece: Json) -> int | None:
    """Return the place that a piece tells, None if it tells none."""
    index = piece.get("index")
    return index if type(index) is int else _written_index(index)


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


def told_once(arguments: str) -> str:
    """Return the arguments of a call without what was told before them, or told again.

    Some begin each call with an empty object, or end it with all of its arguments once more.
    """
    if _has_seam(arguments) is None:
        return arguments
    told = [(value, text) for value, text in documents(arguments) if value != {}]
    return told[-1][1] if told and all(value == told[0][0] for value, _ in told) else arguments


def with_text(call: Json) -> Json:
    """Return a whole call whose arguments are a text, told once, whatever they were sent as."""
    function = object_of(call.get("function"))
    given = function.get("arguments")
    if given is None:
        return call
    text = told_once(arguments_text(given))
    return call if text == given else call | {"function": function | {"arguments": text}}


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

    def add(self, piece: Json, *, is_first: bool = True) -> tuple[CallSoFar, str]:
        """Take a piece in; return its call, and what it adds to the arguments."""
        call = call_of(self.all, self._last, piece, is_first=is_first)
        if call is None:
            call = CallSoFar(index_of(piece))
            self.all.append(call)
        self._last = call
        call.id = call.id or id_in(piece)
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


def _of_id(calls: Sequence[C], call_id: str, index: int | None) -> C | None:
    """Return the newest call of this id: of those that share it, the one of this index."""
    seen = newest(calls, lambda call: call.id == call_id)
    if seen is None or index in (None, seen.index):
        return seen
    return newest(calls, lambda call: call.id == call_id and call.index == index) or seen


def _is_namesake(call: ToldCall, piece: Json) -> bool:
    """Whether a piece with the id of this call begins another one: a name at another index.

    The same name may be told with each piece, the index growing; but not behind whole arguments.
    """
    name, index = name_in(piece), index_of(piece)
    if not name or index is None or call.index in (None, index):
        return False
    return name != call.name or _is_whole(call)


def _is_another(call: ToldCall, piece: Json) -> bool:
    """Whether a piece whose id was not seen is of another call than this one."""
    if not (call.id and id_in(piece)):
        return False
    goes_on = bool(call.name) and not name_in(piece) and bool(arguments_in(piece))
    return not goes_on


def _begins_anew(call: ToldCall, piece: Json) -> bool:
    """Whether a piece with neither id nor index is another call: it has a name, this is whole."""
    return bool(name_in(piece)) and not id_in(piece) and _is_whole(call)


def _written_index(index: object) -> int | None:
    """Return an index that is no integer and stands for one: `"1"`, or 1.0."""
    if isinstance(index, str) and index.isascii() and index.isdecimal():
        return int(index) if len(index) <= _MOST_DIGITS else None
    return int(index) if isinstance(index, float) and index.is_integer() else None


def _is_whole(call: ToldCall) -> bool:
    arguments = call.arguments
    if not arguments:
        return False
    try:
        json.loads(arguments)
    except (ValueError, RecursionError):
        return False
    return True
