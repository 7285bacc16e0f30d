"""Calls of tools whose ids, indexes or arguments are not what they should be."""

from __future__ import annotations

from typing import Any

from tests.upstreams import good, kinds, wire
from tests.upstreams.kinds import Json
from tests.upstreams.manner import Completed, manner
from tests.upstreams.manners.tools import calls, part

_BOTH = (kinds.CHAT_STREAM, kinds.CHAT)
_ROLE = good.chunk({"role": "assistant", "content": None})
_ONE = calls(("x", "a", '{"q":1}'))
_TWO = calls(("x", "a", '{"q":1}'), ("x", "b", "{}"))


def streamed(*deltas: list[Json], reason: str = "tool_calls") -> bytes:
    """Return a stream of these pieces of calls."""
    said = [good.chunk({"tool_calls": delta}) for delta in deltas]
    return wire.head(wire.SSE) + wire.events(_ROLE, *said, good.chunk({}, reason)) + wire.DONE


def _are(title: str, name: str, sent: bytes, wanted: Any, *asked: kinds.Kind) -> None:
    ends = Completed(None, "tool_calls", {"tool_calls": wanted})
    manner(title, f"calls: {name}", sent, ends, kinds=asked or _BOTH, calls=1)


_SAME = "calls of tools that have the same id, each at an index of its own"
for name, deltas in (
    (
        "the same id",
        [[part("a", '{"q":1}', index=0, call="x"), part("b", "{}", index=1, call="x")]],
    ),
    (
        "the same id in each piece",
        [
            [part("a", index=0, call="x")],
            [part("b", index=1, call="x")],
            [part(arguments='{"q":1}', index=0, call="x")],
            [part(arguments="{}", index=1, call="x")],
        ],
    ),
):
    _are(_SAME, name, streamed(*deltas), _TWO)
_are(
    _SAME,
    "the same id and name",
    streamed([part("a", '{"q":1}', index=0, call="x")], [part("a", "{}", index=1, call="x")]),
    calls(("x", "a", '{"q":1}'), ("x", "a", "{}")),
)
_are(
    _SAME,
    "the same id, whole",
    wire.answer(good.completion({"role": "assistant", "tool_calls": _TWO}, "tool_calls")),
    _TWO,
)
_ODD = "calls of tools with indexes or ids that repeat, are wrong or missing"
_are(
    _ODD,
    "indexes as texts",
    streamed(
        [part("a", '{"q"', index="0", call="x")],
        [part("b", "{", index="1", call="y")],
        [part(arguments=":1}", index="0")],
        [part(arguments="}", index="1")],
    ),
    calls(("x", "a", '{"q":1}'), ("y", "b", "{}")),
)
_are(
    _ODD,
    "indexes with a fraction",
    streamed(
        [part("a", '{"q"', index=0.0, call="x"), part("b", "{", index=1.0, call="y")],
        [part(arguments=":1}", index=0.0), part(arguments="}", index=1.0)],
    ),
    calls(("x", "a", '{"q":1}'), ("y", "b", "{}")),
)
_are(
    _ODD,
    "ids as numbers",
    streamed([part("a", '{"q":1}', index=0, call=1)], [part("b", "{}", index=0, call=2)]),
    calls((1, "a", '{"q":1}'), (2, "b", "{}")),
)
_are(
    _ODD,
    "neither id nor index, in one delta",
    streamed([part("a"), part("b")]),
    calls((None, "a", ""), (None, "b", "")),
)

_OBJECTS = "arguments of a call that are an object"
_OBJECT: Any = {"q": 1}
_AS_TEXT = calls(("x", "a", '{"q": 1}'))
_are(_OBJECTS, "an object", streamed([part("a", _OBJECT, index=0, call="x")]), _AS_TEXT)
_are(
    _OBJECTS,
    "an object behind nothing",
    streamed(
        [part("a", None, index=0, call="x")],  # type: ignore[arg-type]
        [part(arguments=_OBJECT, index=0)],
    ),
    _AS_TEXT,
)
_are(
    _OBJECTS,
    "an object, whole",
    wire.answer(
        good.completion(
            {"role": "assistant", "content": None, "tool_calls": calls(("x", "a", _OBJECT))},
            "tool_calls",
        )
    ),
    _AS_TEXT,
)

_AGAIN = "arguments behind an empty object, or told once more as a whole"
_WHOLE = part("a", '{"q":1}', index=0, call="x")
for name, deltas in (
    ("an empty object first", [[part("a", "{}", index=0, call="x")], [_WHOLE]]),
    ("told twice", [[_WHOLE], [part(arguments='{"q":1}', index=0)]]),
    (
        "told as a whole at the end",
        [[part("a", '{"q"', index=0, call="x")], [part(arguments=":1}", index=0)], [_WHOLE]],
    ),
):
    _are(_AGAIN, name, streamed(*deltas), _ONE)

_OF_OLD: list[Json] = [{"name": "a", "arguments": ""}, {"name": "a", "arguments": "{}"}]
manner(
    _ODD,
    "a call of old whose name is sent again",
    wire.head(wire.SSE)
    + wire.events(
        _ROLE,
        *(good.chunk({"function_call": one}) for one in _OF_OLD),
        good.chunk({}, "function_call"),
    )
    + wire.DONE,
    Completed(None, "function_call", {"function_call": {"name": "a", "arguments": "{}"}}),
    kinds=_BOTH,
    calls=1,
)

# --- Claude's ---------------------------------------------------------------------------------

_STARTED = good.values(kinds.CLAUDE_STREAM)[0]


def _used(number: int, *pieces: Any) -> list[Json]:
    block = {"type": "tool_use", "id": "x", "name": "ab"[number], "input": {}}
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    return [
        {"type": "content_block_start", "index": number, "content_block": block},
        *({"type": "content_block_delta", "index": number, "delta": one} for one in deltas),
        {"type": "content_block_stop", "index": number},
    ]


for title, name, blocks, wanted in (
    (_SAME, "Claude's of the same id", [*_used(0, '{"q"', ":1}"), *_used(1, "{}")], _TWO),
    (_AGAIN, "Claude's behind an empty object", _used(0, "{}", '{"q"', ":1}"), _ONE),
    (_OBJECTS, "Claude's as an object", _used(0, _OBJECT), _AS_TEXT),
):
    told_events = [
        _STARTED,
        *blocks,
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {}},
        {"type": "message_stop"},
    ]
    _are(
        title,
        name,
        wire.head(wire.SSE) + b"".join(wire.event(one, one["type"]) for one in told_events),
        wanted,
        kinds.CLAUDE_STREAM,
        kinds.CLAUDE,
    )
