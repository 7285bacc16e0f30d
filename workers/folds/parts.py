"""Lists in the deltas of a chat whose entries come in pieces: calls of tools, thoughts. Pure.

Which entry a piece belongs to is told in many ways. A call of a tool: an id that was seen goes to
that call; a new id is a new call, whatever its index, but for a piece of arguments without a name:
some servers make up an id for each piece; without an id the index counts; without both it is the
call that was told last. Others: by index and type; without an index, a text goes on where
the last one of its type ended.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

Json = dict[str, Any]

#: The types of entries that are texts, and so can come in pieces that no index holds together.
_TEXTS: Final = frozenset(
    ("text", "thinking", "reasoning", "reasoning.text", "reasoning.summary", "summary_text")
)
#: With this a thought is whole.
_SEAL: Final = "signature"


class Part:
    """One entry so far: its members as the fold has them, and what it is known by."""

    __slots__ = ("id", "index", "members", "type")

    def __init__(self, index: int | None) -> None:
        self.index = index
        self.id: str = ""
        self.type: str = ""
        self.members: Json = {}


class Parts:
    """The entries of one list. `merge` adds a piece to the members of an entry."""

    __slots__ = ("_all", "_are_calls", "_last", "_merge")

    def __init__(self, merge: Callable[[Json, Json], None], *, are_calls: bool) -> None:
        self._merge = merge
        self._are_calls = are_calls
        #: Entries, and values that are none and stay as they are.
        self._all: list[Any] = []
        self._last: Part | None = None

    def extend(self, pieces: list[Any]) -> None:
        """Take in the pieces of one delta."""
        for number, piece in enumerate(pieces):
            if isinstance(piece, dict):
                self._add(piece, is_first=number == 0)
            else:
                self._all.append(piece)
                self._last = None

    def build(self, built: Callable[[Json], Json]) -> list[Any]:
        """Return the entries, ordered by their indexes where each has one."""
        entries = self._all
        if all(isinstance(entry, Part) and entry.index is not None for entry in entries):
            entries = sorted(entries, key=lambda entry: entry.index)
        elif any(isinstance(entry, Part) and entry.index is not None for entry in entries):
            entries = sorted(entries, key=_place)
        return [built(one.members) if isinstance(one, Part) else one for one in entries]

    def _add(self, piece: Json, *, is_first: bool) -> None:
        index = piece.get("index")
        index = index if type(index) is int else None
        found = self._call(piece, index) if self._are_calls else self._part(piece, index, is_first)
        if found is None:
            found = Part(index)
            self._all.append(found)
        found.id = found.id or _text(piece.get("id"))
        found.type = found.type or _text(piece.get("type"))
        self._last = found
        if found.members:
            piece = _without_repeated_name(found, piece)
            piece = _without_another_id(found, piece) if self._are_calls else piece
        self._merge(found.members, piece)

    def _call(self, piece: Json, index: int | None) -> Part | None:
        """Return the call that the piece belongs to; None for a new one."""
        call_id = _text(piece.get("id"))
        if call_id and (seen := self._newest(lambda part: part.id == call_id)):
            return seen
        if index is not None:
            open_call = self._newest(lambda part: part.index == index)
            return None if open_call and _is_another(open_call, piece) else open_call
        open_call = self._last
        begins_anew = open_call is not None and (
            _is_another(open_call, piece) or _begins_anew(open_call, piece)
        )
        return None if begins_anew else open_call

    def _part(self, piece: Json, index: int | None, is_first: bool) -> Part | None:  # noqa: FBT001
        """Return the entry that the piece belongs to; None for a new one."""
        kind = _text(piece.get("type"))
        if index is not None:
            return self._newest(
                lambda part: part.index == index and (not kind or part.type in ("", kind))
            )
        last = self._last
        goes_on = (
            is_first
            and last is not None
            and last.index is None
            and kind in _TEXTS
            and last.type == kind
            and _SEAL not in last.members
            and _text(piece.get("id")) in ("", last.id)
        )
        return last if goes_on else None

    def _newest(self, fits: Callable[[Part], bool]) -> Part | None:
        parts = (one for one in reversed(self._all) if isinstance(one, Part))
        return next((part for part in parts if fits(part)), None)


def _place(entry: Any) -> float:
    is_placed = isinstance(entry, Part) and entry.index is not None
    return float(entry.index) if is_placed else float("inf")


def _is_another(call: Part, piece: Json) -> bool:
    """Whether a piece whose id was not seen is of another call than this one."""
    if not (call.id and _text(piece.get("id"))):
        return False
    function, told = piece.get("function"), call.members.get("function")
    goes_on = (
        isinstance(function, dict)
        and isinstance(told, dict)
        and bool(told.get("name"))
        and not function.get("name")
        and bool(function.get("arguments"))
    )
    return not goes_on


def _begins_anew(call: Part, piece: Json) -> bool:
    """Whether a piece with neither id nor index is another call: it has a name, this is whole."""
    function = piece.get("function")
    name = function.get("name") if isinstance(function, dict) else None
    return bool(name) and not piece.get("id") and _is_whole(call)


def _is_whole(call: Part) -> bool:
    told = call.members.get("function")
    arguments = told.get("arguments") if isinstance(told, dict) else None
    if not isinstance(arguments, list | str) or not arguments:
        return False
    try:
        json.loads("".join(arguments))
    except (ValueError, RecursionError):
        return False
    return True


def _without_repeated_name(part: Part, piece: Json) -> Json:
    """Return the piece without a function's name that the call has already."""
    function, told = piece.get("function"), part.members.get("function")
    if not isinstance(function, dict) or not isinstance(told, dict):
        return piece
    name, known = function.get("name"), told.get("name")
    if name and isinstance(known, list | str) and "".join(known) == name:
        rest = {member: value for member, value in function.items() if member != "name"}
        return piece | {"function": rest}
    return piece


def _without_another_id(part: Part, piece: Json) -> Json:
    """Return the piece without an id that is not the call's: its first one is what counts."""
    if _text(piece.get("id")) in ("", part.id):
        return piece
    return {member: value for member, value in piece.items() if member != "id"}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
