"""Numbers that JSON does not have."""

from __future__ import annotations

import json

from tests.upstreams import good, kinds, wire
from tests.upstreams.kinds import Kind
from tests.upstreams.manner import Completed, Failed, Sent, by_kind, manner

_TITLE = "`NaN` or `Infinity` in an answer"

for name, number in (("NaN", "NaN"), ("Infinity", "Infinity"), ("minus", "-Infinity")):

    @by_kind
    def _whole(kind: Kind, number: str = number) -> Sent:
        deep = json.dumps(good.body(kind) | {"x": [{"y": [1, "HERE"]}]})
        return wire.answer(deep.replace('"HERE"', number).encode())

    manner(_TITLE, name, _whole, Failed("no JSON", 502), kinds=kinds.WHOLE)

_ODD = json.dumps(good.chunk({"content": "Hello "}, x=["HERE"])).replace('"HERE"', "NaN").encode()
_HUGE = (
    json.dumps(good.chunk({"content": "Hello "}, x=["HERE"])).replace('"HERE"', "1e999").encode()
)
manner(
    _TITLE,
    "NaN first in a stream",
    wire.head(wire.SSE) + wire.event(_ODD) + wire.events(*good.CHUNKS[2:4]) + wire.DONE,
    Failed("no JSON"),
    kinds=[kinds.CHAT_STREAM],
)
manner(
    _TITLE,
    "NaN later in a stream",
    wire.head(wire.SSE) + wire.events(good.CHUNKS[1]) + wire.event(_ODD) + wire.DONE,
    Failed("no JSON", elsewhere=False),
    kinds=[kinds.CHAT_STREAM],
)
manner(
    "a number too large for a float",
    "huge number in a stream",
    wire.head(wire.SSE) + wire.event(_HUGE) + wire.events(*good.CHUNKS[2:4]) + wire.DONE,
    Completed(finish="stop"),
    kinds=[kinds.CHAT_STREAM],
    calls=1,
)
