"""Answers that look like some and are none, and those that are some and say that they are none."""

from __future__ import annotations

from tests.upstreams import good, kinds, wire
from tests.upstreams.manner import Failed, manner

_NO_RESPONSE = (
    "a response that is `queued`, `in_progress` or `cancelled`, or that failed without an error"
)
for status in ("queued", "in_progress", "cancelled", "failed"):
    none = {**good.RESPONSE, "status": status, "output": []}
    for name, sent, shown in (
        ("", wire.answer(none), (kinds.RESPONSE, kinds.RESPONSE_STREAM)),
        (
            " at its end",
            wire.head(wire.SSE) + wire.events({"type": "response.done", "response": none}),
            (kinds.RESPONSE, kinds.RESPONSE_STREAM),
        ),
    ):
        manner(
            _NO_RESPONSE,
            f"response {status}{name}",
            sent,
            Failed(f"the status '{status}'"),
            kinds=shown,
        )
_SLOPPY = {**good.RESPONSE, "status": "in_progress"}
_BEGUN = good.values(kinds.RESPONSE_STREAM)[:2]
for name, sent in (
    ("whole", wire.answer(_SLOPPY)),
    (
        "told",
        wire.head(wire.SSE)
        + wire.events(*_BEGUN, {"type": "response.completed", "response": _SLOPPY}),
    ),
):
    manner(
        "a response that is there, and says that it is in progress",
        f"response in progress, {name}",
        sent,
        kinds=(kinds.RESPONSE, kinds.RESPONSE_STREAM),
        calls=1,
    )
_NO_EMBEDDING = "an embedding that is none: a number, an object, words"
for name, vector in (
    ("a number", 1),
    ("true", True),
    ("an object", {"float": [0.1]}),
    ("words", ["x"]),
):
    manner(
        _NO_EMBEDDING,
        f"embedding, {name}",
        wire.answer({"object": "list", "data": [{"index": 0, "embedding": vector}], "model": "m"}),
        Failed("there is no 'embedding'", 502, "provider_unavailable"),
        kinds=[kinds.EMBEDDING],
    )
