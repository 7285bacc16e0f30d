"""Servers that do not take `stream_options`, which we add to know the usage of every stream."""

from __future__ import annotations

from collections.abc import Iterable

from tests.upstreams import good, kinds, wire
from tests.upstreams.manner import Completed, manner
from tests.upstreams.server import Asked, Reply

_SAID = "Unrecognized request argument supplied: stream_options"


def refusing(refusal: bytes) -> Reply:
    """Return what answers well, but with the refusal where the field is."""

    def reply(asked: Asked) -> Iterable[bytes]:
        if b"stream_options" not in asked.body:
            return good.answer(kinds.CHAT_STREAM)
        return [refusal]

    return reply


for name, refusal in (
    ("400", wire.answer({"error": {"message": _SAID}}, "400 Bad Request")),
    ("404", wire.answer({"error": {"message": "Not found"}}, "404 Not Found")),
    ("422", wire.answer({"detail": [{"loc": ["body"], "msg": "extra"}]}, "422 Odd")),
    ("500", wire.answer(b"Internal Server Error", "500 Odd", "text/plain")),
    ("501", wire.answer({"error": _SAID}, "501 Odd")),
    ("503 with its name", wire.answer({"error": {"message": _SAID}}, "503 Odd")),
    ("200 whole", wire.answer({"error": {"message": _SAID, "code": 400}})),
    ("200 first event", wire.head(wire.SSE) + wire.event({"error": {"message": _SAID}})),
    ("200 flat event", wire.head(wire.SSE) + wire.event({"object": "error", "message": _SAID})),
):
    manner(
        "a refusal of `stream_options`, however it is told",
        f"refuses options by {name}",
        refusing(refusal),
        Completed(finish="stop"),
        kinds=[kinds.CHAT_STREAM],
        calls=2,
    )
