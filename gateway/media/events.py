"""Answers with files as server-sent events, for clients that ask for a stream of them.

An answer is told when it is whole: as the last event of OpenAI's streams, which has all.
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
from shared.media import result
from shared.media.result import Kept
from shared.operation import Operation

Json = dict[str, Any]

_EVENTS: Final = "text/event-stream"
#: What an event of a picture tells of all of them.
_OF_ALL: Final = ("size", "quality", "background", "output_format")


def pictures(gateway: Services, told: Answer, operation: Operation) -> Response:
    """Answer with an event for each picture."""
    stored = parse(told.response or b"{}")
    kind = "image_generation" if operation is Operation.IMAGE else "image_edit"
    return _streamed(told, _picture_events(gateway, stored, f"{kind}.completed"))


def speech(gateway: Services, told: Answer) -> Response:
    """Answer with the sound, piece by piece."""
    kept = result.artifacts(told.response)[0]
    return _streamed(told, _speech_events(gateway, kept))


def transcript(told: Answer) -> Response:
    """Answer with the text of a transcript, and that it is whole."""
    value = parse(result.as_came(told.response or b"{}"))
    text = value.get("text", value.get(result.TEXT, ""))
    done = {"type": "transcript.text.done", "text": text}
    if "usage" in value:
        done["usage"] = value["usage"]
    events = [{"type": "transcript.text.delta", "delta": text}, done]
    return _streamed(told, iter([_event(one) for one in events]))


def _picture_events(gateway: Services, stored: Json, name: str) -> Iterator[bytes]:
    about: Json = {"created_at": stored.get("created", 0)}
    about.update({part: stored[part] for part in _OF_ALL if part in stored})
    for item in stored.get("data", []):
        kept = Kept(**item[result.ARTIFACT]) if result.ARTIFACT in item else None
        content = b"".join(base64_of(read(gateway, kept))).decode() if kept else None
        shown: Json = {"type": name, "b64_json": content, "url": item.get("url"), **about}
        if stored.get("usage") is not None:
            shown["usage"] = stored["usage"]
        yield _event({part: value for part, value in shown.items() if value is not None})


def _speech_events(gateway: Services, kept: Kept) -> Iterator[bytes]:
    for piece in base64_of(read(gateway, kept)):
        yield _event({"type": "speech.audio.delta", "audio": piece.decode()})
    usage = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    yield _event({"type": "speech.audio.done", "usage": usage})


def _event(value: Json) -> bytes:
    return encode(to_json_bytes(value), name=value["type"])


def _streamed(told: Answer, events: Iterator[bytes]) -> Response:
    response = Response(events, mimetype=_EVENTS)
    response.headers["Cache-Control"] = "no-cache, no-transform"
    return dressed(response, told)
