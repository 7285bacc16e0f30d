"""Lists in the deltas of a chat whose entries come in pieces: calls of tools, thoughts. Pure.

Which entry a piece belongs to is told in many ways. `shared/wire/answers/call_pieces.py` has the
rule for calls. Others: by index and type; without an index, a text goes on where the last one of
its type ended.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from shared.wire.answers.call_pieces import (
    call_of,
    id_in,
    index_of,
    name_in,
    newest,
    with_text,
)
from shared.wire.answers.said import object_of, text_of

Json = dict[str, Any]

#: The types of entries that are texts, and so can come in pieces that no index holds together.
_TEXTS: Final = frozenset(
    ("text", "thinking", "reasoning", "reasoning.text", "reasoning.summary", "summary_text")
)
#: With what the address of a picture begins.
_PICTURES: Final = ("data:", "http://", "https://")
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

    @property
    def name(self) -> str:
        """The name of the function that it calls, as far as it is told."""
        name = self._function.get("name")
        return "".join(name) if isinstance(name, list | str) else ""

    @property
    def arguments(self) -> str:
        """The function's arguments, as far as they are told; an object is whole, whatever it is."""
        told = self._function.get("arguments")
        if isinstance(told, list | str):
            return "".join(told)
        return "" if told is None else "{}"

    @property
    def _function(self) -> Json:
        return object_of(self.members.get("function"))


class Parts:
    """The entries of one list. `merge` adds a piece to the members of an entry."""

    __slots__ = ("_all", "_are_calls", "_last", "_merge", "_parts")

    def __init__(self, merge: Callable[[Json, Json], None], *, are_calls: bool) -> None:
        self._merge = merge
        self._are_calls = are_calls
        #: Entries, and values that are none and stay as they are.
        self._all: list[Any] = []
        self._parts: list[Part] = []
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
        return [self._built(one, built) if isinstance(one, Part) else one for one in entries]

    def _built(self, part: Part, built: Callable[[Json], Json]) -> Json:
        return with_text(built(part.members)) if self._are_calls else built(part.members)

    def _add(self, piece: Json, *, is_first: bool) -> None:
        found = self._call(piece, is_first) if self._are_calls else self._part(piece, is_first)
        if found is None:
            found = Part(index_of(piece))
            self._all.append(found)
            self._parts.append(found)
        found.id = found.id or id_in(piece)
        found.type = found.type or text_of(piece.get("type"))
        self._last = found
        if found.members and self._are_calls:
            piece = _without_another_id(found, _without_repeated_name(found, piece))
        self._merge(found.members, piece)

    def _call(self, piece: Json, is_first: bool) -> Part | None:  # noqa: FBT001
        """Return the call that the piece belongs to; None for a new one."""
        return call_of(self._parts, self._last, piece, is_first=is_first)

    def _part(self, piece: Json, is_first: bool) -> Part | None:  # noqa: FBT001
        """Return the entry that the piece belongs to; None for a new one."""
        kind, index = text_of(piece.get("type")), index_of(piece)
        if _has_picture(piece):
            return None
        if index is not None:
            return newest(
                self._parts,
                lambda part: part.index == index and (not kind or part.type in ("", kind)),
            )
        last = self._last
        goes_on = (
            is_first
            and last is not None
            and last.index is None
            and kind in _TEXTS
            and last.type == kind
            and _SEAL not in last.members
            and text_of(piece.get("id")) in ("", last.id)
        )
        return last if goes_on else None


def _has_picture(piece: Json) -> bool:
    """Whether a piece is a whole picture: each of them may have the same index."""
    address = text_of(object_of(piece.get("image_url")).get("url"))
    return address.startswith(_PICTURES)


def _place(entry: Any) -> float:
    is_placed = isinstance(entry, Part) and entry.index is not None
    return float(entry.index) if is_placed else float("inf")


def _without_repeated_name(call: Part, piece: Json) -> Json:
    """Return the piece without a function's name that the call has already."""
    name = name_in(piece)
    if not name or name != call.name:
        return piece
    function = {member: value for member, value in piece["function"].items() if member != "name"}
    return piece | {"function": function}


def _without_another_id(call: Part, piece: Json) -> Json:
    """Return the piece without an id that is not the call's: its first one is what counts."""
    if "id" not in piece or id_in(piece) in ("", call.id):
        return piece
    return {member: value for member, value in piece.items() if member != "id"}
