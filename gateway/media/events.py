"""Answers with files as server-sent events, for clients that ask for a stream of them.

They are the last ones of a stream: what came before them went out while it was made (`live.py`).
https://platform.openai.com/docs/api-reference/images-streaming and …/audio
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from flask import Response

from gateway.inference.answer import dressed
from gateway.media.rendering import base64_of, read
from gateway.services import Services
from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.sse import encode
from shared.codecs.strict_json import parse
from shared.jobs.moves import Answer
from shared.media import live, result
from shared.media.result import Kept
from shared.operation import Operation

Json = dict[str, Any]

_EVENTS: Final = "text/event-stream"
#: What an event of a picture tells of all of them.
_OF_ALL: Final = ("size", "quality", "background", "output_format")
_NO_USAGE: Final = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}


def pictures(gateway: Services, told: Answer, operation: Operation) -> Response:
    """Answer with an event for each picture."""
    return _streamed(told, picture_events(gateway, told, operation))


def speech(gateway: Services, told: Answer) -> Response:
    """Answer with the sound, piece by piece."""
    return _streamed(told, speech_events(gateway, told, live_bytes=0))


def transcript(told: Answer) -> Response:
    """Answer with the text of a transcript, and that it is whole."""
    return _streamed(told, transcript_events(told))


def transcript_events(told: Answer, *, with_delta: bool = True) -> Iterator[bytes]:
    """Give the event that ends a transcript, and before it one that has all of its text."""
    value = parse(result.as_came(told.response or b"{}"))
    text = value.get("text", value.get(result.TEXT, ""))
    if with_delta:
        yield _event({"type": live.TEXT_DELTA, "delta": text})
    done = {"type": live.TEXT_DONE, "text": text}
    done.update({part: value[part] for part in ("usage", "logprobs") if part in value})
    yield _event(done)


def picture_events(gateway: Services, told: Answer, operation: Operation) -> Iterator[bytes]:
    """Give an event for each finished picture."""
    stored = parse(told.response or b"{}")
    kind = "image_generation" if operation is Operation.IMAGE else "image_edit"
    name = f"{kind}{live.PICTURE}"
    about: Json = {"created_at": stored.get("created", 0)}
    about.update({part: stored[part] for part in _OF_ALL if part in stored})
    for item in stored.get("data", []):
        kept = Kept(**item[result.ARTIFACT]) if result.ARTIFACT in item else None
        content = b"".join(base64_of(read(gateway, kept))).decode() if kept else None
        shown: Json = {
            "type": name,
            "b64_json": content,
            "url": None if kept else item.get("url"),
            **about,
        }
        if stored.get("usage") is not None:
            shown["usage"] = stored["usage"]
        yield _event({part: value for part, value in shown.items() if value is not None})


def speech_events(
    gateway: Services, told: Answer, live_bytes: int | None = None
) -> Iterator[bytes]:
    """Give the pieces of a sound that were not told while it was made, and its end."""
    for piece in base64_of(rest_of_sound(gateway, told, live_bytes)):
        yield _event({"type": live.SOUND_DELTA, "audio": piece.decode()})
    usage = parse(told.response or b"{}").get("usage") or _NO_USAGE
    yield _event({"type": live.SOUND_DONE, "usage": usage})


def rest_of_sound(
    gateway: Services, told: Answer, live_bytes: int | None = None
) -> Iterator[bytes]:
    """Give the bytes of a sound behind those that were told while it was made, or so many."""
    [kept] = result.artifacts(told.response)[:1]
    start = result.live_bytes(told.response) if live_bytes is None else live_bytes
    return read(gateway, kept, start) if start < kept.size else iter(())


def _event(value: Json) -> bytes:
    return encode(to_json_bytes(value), name=value["type"])


def _streamed(told: Answer, events: Iterator[bytes]) -> Response:
    response = Response(events, mimetype=_EVENTS)
    response.headers["Cache-Control"] = "no-cache, no-transform"
    return dressed(response, told)
