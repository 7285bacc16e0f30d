"""The fold of a streamed chat: `chat.completion.chunk` objects into one `chat.completion`.

The rules are those by which the `openai` SDK accumulates a stream (`ChatCompletionStreamState`),
with these differences: a role, an id or a function's name that is sent again does not double,
numbers are replaced and not added, a list whose entries have no index is put together by what they
are (`parts_fold`) where the SDK raises, choices and tool calls may begin in any order, the index of
a tool call or thought is left out as in an unstreamed answer, and what only later chunks carry is
kept.
"""

from __future__ import annotations

import base64
import re

from shared.wire.answers.finish_reasons import reason_in, unusual_reason
from workers.folds.choices import BLANK, ChoicesFold, keep_last
from workers.folds.parts import Parts

#: Names whose value comes whole: sent again, it replaces what was there.
_WHOLE = frozenset({"id", "role", "type", "format", "signature"})
#: Lists whose entries have an index in the stream only.
_NUMBERED = ("tool_calls", "thinking_blocks", "reasoning_details")

_surrogate_pair = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class ChatFold(ChoicesFold):
    """The `chat.completion` so far; deltas of a wrong type are passed over."""

    __slots__ = ()

    def __init__(self, *, of_one: bool = False) -> None:
        """`of_one`: one choice was asked for."""
        super().__init__("chat.completion", _Choice, of_one=of_one)


class _Choice:
    """One choice: its own fields, and the message made of its deltas."""

    __slots__ = ("_fields", "_message")

    def __init__(self, index: int) -> None:
        self._fields: dict[str, object] = {"index": index, "message": None}
        self._message: dict[str, object] = {"role": "assistant", "content": None}

    @property
    def is_finished(self) -> bool:
        return bool(self._fields.get("finish_reason"))

    def add(self, choice: dict[str, object]) -> None:
        for name, value in choice.items():
            if name == "delta":
                if isinstance(value, dict):
                    _merge(self._message, value)
            elif name == "logprobs" or isinstance(value, list):
                self._fields[name] = _merged(self._fields.get(name), value, name)
            elif name == "finish_reason":
                keep_last(self._fields, name, reason_in(choice))
            elif name != "index":
                keep_last(self._fields, name, value)

    @property
    def says_something(self) -> bool:
        return any(_build(value) for name, value in self._message.items() if name != "role")

    def finish(self) -> dict[str, object]:
        calls = _build(self._message.get("tool_calls"))
        old_one = "function_call" if self._message.get("function_call") else "stop"
        fitting = "tool_calls" if calls else old_one
        self._fields["finish_reason"] = reason = unusual_reason(self._fields) or fitting
        return {"index": self._fields["index"], "delta": {}, "finish_reason": reason}

    def build(self) -> dict[str, object]:
        message = _build_members(self._message)
        for name in _NUMBERED:
            entries = message.get(name)
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, dict):
                    entry.pop("index", None)
        sound = self._message.get("audio")
        data = sound.get("data") if isinstance(sound, dict) else None
        if isinstance(sound, dict) and isinstance(data, _Text):
            message["audio"] = {**_build_members(sound), "data": _joined_base64(data)}
        fields = _build_members(self._fields) | {"message": message}
        fields.setdefault("finish_reason", None)
        return fields


class _Text(list[str]):
    """The pieces of a string."""


class _Items(Parts):
    """The entries of a list, put together from their pieces."""

    __slots__ = ()

    def __init__(self, name: str) -> None:
        super().__init__(_merge, are_calls=name == "tool_calls")


def _merge(members: dict[str, object], delta: dict[str, object]) -> None:
    for name, value in delta.items():
        if name in _WHOLE:
            keep_last(members, name, value)
        else:
            members[name] = _merged(members.get(name), value, name)


def _merged(old: object, new: object, name: str) -> object:
    """Return `old`, made by this function before, with `new` added: text, list, object or other.

    What is of another type than before replaces it, unless it is blank; but a text that follows
    parts of content is one more of them, and the other way round.
    """
    if name == "content" and isinstance(old, _Items) and isinstance(new, str):
        new = [{"type": "text", "text": new}] if new else []
    elif name == "content" and isinstance(old, _Text) and isinstance(new, list):
        old = _begun([{"type": "text", "text": _join(old)}] if any(old) else [], name)
    if isinstance(new, str) and isinstance(old, _Text):
        old.append(new)
    elif isinstance(new, list) and isinstance(old, _Items):
        old.extend(new)
    elif isinstance(new, dict) and isinstance(old, dict):
        _merge(old, _without_same_name(old, new) if "name" in new else new)
    elif old is None or new not in BLANK:
        return _begun(new, name)
    return old


def _without_same_name(old: dict[str, object], new: dict[str, object]) -> dict[str, object]:
    """Return the piece of a function's call without its name, when it is sent again."""
    name = old.get("name")
    is_same = bool(name) and isinstance(name, _Text) and _join(name) == new.get("name")
    return {each: new[each] for each in new if each != "name"} if is_same else new


def _begun(value: object, name: str) -> object:
    """Return a value to which others can be added without changing this one."""
    if isinstance(value, str):
        return _Text([value])
    if isinstance(value, list):
        items = _Items(name)
        items.extend(value)
        return items
    if isinstance(value, dict):
        members: dict[str, object] = {}
        _merge(members, value)
        return members
    return value


def _build(value: object) -> object:
    if isinstance(value, _Text):
        return _join(value)
    if isinstance(value, _Items):
        return value.build(_build_members)
    return _build_members(value) if isinstance(value, dict) else value


def _build_members(members: dict[str, object]) -> dict[str, object]:
    return {name: _build(value) for name, value in members.items()}


def _joined_base64(pieces: list[str]) -> str:
    """Return the sound of an answer: each piece may be padded, and the whole only at its end."""
    if not any(piece.endswith("=") for piece in pieces[:-1]):
        return "".join(pieces)
    try:
        told = b"".join(base64.b64decode(piece, validate=True) for piece in pieces)
    except ValueError:
        return "".join(pieces)
    return base64.b64encode(told).decode()


def _join(pieces: list[str]) -> str:
    r"""Return the string, with characters whole that were cut in `\ud83d` and `\ude00`."""
    return _surrogate_pair.sub(
        lambda pair: pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"),
        "".join(pieces),
    )
