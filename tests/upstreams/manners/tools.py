"""Calls of tools, and lists of thoughts, as they come in pieces."""

from __future__ import annotations

from typing import Any

from tests.upstreams import good, kinds, wire
from tests.upstreams.manner import Completed, manner

_UNSET: Any = object()


def part(
    name: str | None = None, arguments: str = "", *, index: Any = _UNSET, call: Any = _UNSET
) -> dict[str, Any]:
    """Return a piece of a call."""
    function = {"arguments": arguments} | ({} if name is None else {"name": name})
    told: dict[str, Any] = {"type": "function", "function": function}
    return (
        told
        | ({} if index is _UNSET else {"index": index})
        | ({} if call is _UNSET else {"id": call})
    )


def calls(*wanted: tuple[Any, str, str]) -> list[dict[str, Any]]:
    """Return whole calls: id (left out when None), name, arguments."""
    made = []
    for call, name, arguments in wanted:
        told: dict[str, Any] = {
            "type": "function",
            "function": {"arguments": arguments, "name": name},
        }
        made.append(told | ({} if call is None else {"id": call}))
    return made


#: What is no JSON is a text here, and stays as the model wrote it.
_NOT_A_NUMBER = calls(("x", "a", '{"q":NaN,"r":-Infinity}'))
_TWO = calls(("x", "a", '{"q":1}'), ("y", "b", "{}"))
#: The pieces by deltas: each delta brings a list of them.
_WAYS: dict[str, tuple[list[list[dict[str, Any]]], list[dict[str, Any]]]] = {
    "all of index 0": (
        [
            [part("a", index=0, call="x")],
            [part(arguments='{"q":1}', index=0)],
            [part("b", index=0, call="y")],
            [part(arguments="{}", index=0)],
        ],
        _TWO,
    ),
    "all of index 0 in one delta": (
        [[part("a", '{"q":1}', index=0, call="x"), part("b", "{}", index=0, call="y")]],
        _TWO,
    ),
    "no index": (
        [
            [part("a", call="x")],
            [part(arguments='{"q"')],
            [part(arguments=":1}")],
            [part("b", "{}", call="y")],
        ],
        _TWO,
    ),
    "index null": (
        [[part("a", '{"q":1}', index=None, call="x")], [part("b", "{}", index=None, call="y")]],
        _TWO,
    ),
    "the id in each piece": (
        [
            [part("a", '{"q"', index=0, call="x")],
            [part("a", ":1}", index=0, call="x")],
            [part("b", "{", index=1, call="y")],
            [part("b", "}", index=1, call="y")],
        ],
        _TWO,
    ),
    "an id of another index": (
        [
            [part("a", '{"q"', index=0, call="x")],
            [part("b", "{", index=1, call="y")],
            [part(arguments=":1}", index=5, call="x")],
            [part(arguments="}", call="y")],
        ],
        _TWO,
    ),
    "an id of its own in each piece": (
        [
            [part("a", index=0, call="x")],
            [part(arguments='{"q"', index=0, call="1")],
            [part(arguments=":1}", index=0, call="2")],
            [part("b", index=1, call="y")],
            [part(arguments="{}", index=1, call="3")],
        ],
        _TWO,
    ),
    "id empty after the first": (
        [
            [part("a", index=0, call="x")],
            [part("", '{"q":1}', index=0, call="")],
            [part("b", "{}", index=1, call="y")],
        ],
        _TWO,
    ),
    "the id late": (
        [
            [part("a", index=0)],
            [part(arguments='{"q":1}', index=0, call="x")],
            [part("b", "{}", index=1, call="y")],
        ],
        _TWO,
    ),
    "neither id nor index": (
        [[part("a", '{"q":1}')], [part("b", "{}")]],
        calls((None, "a", '{"q":1}'), (None, "b", "{}")),
    ),
    "in turns": (
        [
            [part("a", index=0, call="x"), part("b", index=1, call="y")],
            [part(arguments="{", index=1)],
            [part(arguments='{"q":1}', index=0)],
            [part(arguments="}", index=1)],
        ],
        _TWO,
    ),
}

for name, (deltas, wanted) in _WAYS.items():
    sent = [good.chunk({"role": "assistant", "content": None})]
    sent += [good.chunk({"tool_calls": delta}) for delta in deltas]
    manner(
        "calls of tools with indexes or ids that repeat, are wrong or missing",
        f"tools {name}",
        wire.head(wire.SSE) + wire.events(*sent, good.chunk({}, "tool_calls")) + wire.DONE,
        Completed(None, "tool_calls", {"tool_calls": wanted}),
        kinds=[kinds.CHAT_STREAM],
        calls=1,
    )


def _thoughts(name: str, deltas: list[Any], message: dict[str, Any], text: Any = good.TEXT) -> None:
    sent = [good.chunk(delta) for delta in deltas]
    manner(
        "thoughts as lists whose entries come in pieces",
        name,
        wire.head(wire.SSE) + wire.events(*sent, good.chunk({}, "stop")) + wire.DONE,
        Completed(text, "stop", message),
        kinds=[kinds.CHAT_STREAM],
        calls=1,
    )


def _detail(text: str, **fields: Any) -> dict[str, Any]:
    return {"reasoning_details": [{"type": "reasoning.text", "text": text, **fields}]}


_FORMAT = {"format": "anthropic-claude-v1", "index": 0}
_thoughts(
    "details of reasoning",
    [_detail("Let ", **_FORMAT), _detail("me.", **_FORMAT, signature="s"), {"content": good.TEXT}],
    {
        "reasoning_details": [
            {
                "type": "reasoning.text",
                "text": "Let me.",
                "format": "anthropic-claude-v1",
                "signature": "s",
            }
        ]
    },
)
_thoughts(
    "details without an index",
    [_detail("Let "), _detail("me."), {"content": good.TEXT}],
    {"reasoning_details": [{"type": "reasoning.text", "text": "Let me."}]},
)
_thoughts(
    "parts of thinking in the content",
    [
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Let "}]}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "me."}]}]},
        {"content": "Hello "},
        {"content": "there"},
    ],
    {
        "content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": "Let me."}]},
            {"type": "text", "text": good.TEXT},
        ]
    },
    None,
)


for asked in (kinds.CHAT, kinds.CHAT_STREAM):
    whole_message = {"role": "assistant", "content": None, "tool_calls": _NOT_A_NUMBER}
    manner(
        "`NaN` or `Infinity` in the arguments of a call",
        "not a number in arguments",
        wire.answer(good.completion(whole_message, "tool_calls")),
        Completed(None, "tool_calls", {"tool_calls": _NOT_A_NUMBER}),
        kinds=[asked],
        calls=1,
    )
