"""Answers with files that come as server-sent events: told on as they come, and put together.

https://platform.openai.com/docs/api-reference/images-streaming and …/audio
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any, Final

import requests

from shared.artifacts.sniffing import HEAD_BYTES, media_type_of
from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.strict_json import parse
from shared.media import live, result
from shared.media.request import MediaRequest
from shared.operation import TRANSCRIPTS, Operation
from workers.heavy import away
from workers.providers import http
from workers.providers.answers.body import beginning_of
from workers.providers.answers.events import error_of_told, judge
from workers.providers.answers.framing import events as framed
from workers.providers.answers.told import error_in
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.http_errors import unreachable
from workers.providers.media import answers, picture_answers
from workers.providers.media.wholeness import is_no_picture

Json = dict[str, Any]

_EVENTS: Final = "text/event-stream"
#: Types of what comes as it is.
_FILES: Final = ("audio/", "image/", "video/")
_begins_events = re.compile(rb"\s*(?:event: ?[\w.]+[\r\n]|data: ?\{)").match
_DONE: Final = b"[DONE]"
_FRAMING: Final = framed(lambda event: event.strip() == _DONE)
#: What an event of a picture tells of the whole answer.
_OF_ALL: Final = ("size", "quality", "background", "output_format", "usage")
#: What a transcript's last event adds to its text.
_OF_A_TEXT: Final = ("usage", "logprobs", "language", "duration")


def is_stream(response: requests.Response) -> bool:
    """Whether an answer comes as events: some call them otherwise, but never a sound."""
    kind = response.headers.get("Content-Type", "").lower()
    if kind.startswith(_EVENTS):
        return True
    return not kind.startswith(_FILES) and bool(_begins_events(beginning_of(response.raw)))


def answer_of(
    call: ProviderCall,
    asked: MediaRequest,
    response: requests.Response,
    fetch: picture_answers.Fetch,
) -> bytes:
    """Return what the ledger holds of an answer, having told it on. Raises ProviderError."""
    events = _events(call, response)
    if call.operation is Operation.SPEECH:
        return _speech(call, asked, events)
    if call.operation in TRANSCRIPTS:
        return _transcript(call, asked, events)
    return _pictures(call, asked, events, fetch)


def _events(call: ProviderCall, response: requests.Response) -> Iterator[tuple[Json, bytes]]:
    """Give each event as its value and as it is written. Raises ProviderError for an error."""
    for event in http.pieces_of(call, response, _FRAMING):
        if event.strip() == _DONE:
            return
        if not isinstance(event, http.WholeAnswer):
            judge(call, event)
        value = away(len(event), lambda event=event: _value(event))  # type: ignore[misc]
        if value is None:
            raise unreachable(call, "sent an event that is no JSON object", 502)
        found = error_in(value) if isinstance(event, http.WholeAnswer) else None
        if found is not None:
            raise error_of_told(call, found)
        yield value, event


def _value(event: bytes) -> Json | None:
    try:
        value = parse(event)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _pictures(
    call: ProviderCall,
    asked: MediaRequest,
    events: Iterator[tuple[Json, bytes]],
    fetch: picture_answers.Fetch,
) -> bytes:
    data: list[Json] = []
    about: Json = {}
    for value, event in events:
        kind = str(value.get("type", ""))
        if isinstance(value.get("data"), list):
            return picture_answers.pictures(call, event, fetch)
        if kind.endswith(live.PARTIAL_PICTURE):
            _tell_partial(call, value)
        elif kind.endswith(live.PICTURE) and picture_answers.has_picture(value):
            about = {"created": value.get("created_at", 0), **_parts(value, _OF_ALL)}
            told = _parts(value, ("b64_json", "url", "revised_prompt"))
            data.append(picture_answers.with_picture(call, told, fetch))
            if len(data) == asked.number("n", 1):
                break
    if not data:
        raise unreachable(call, "answered without a picture", 502)
    return picture_answers.with_pictures(about, data)


def _tell_partial(call: ProviderCall, value: Json) -> None:
    """Tell of a picture that is not finished: kept for as long as a client needs to fetch it.

    What is no picture is left out: the finished one may be one, and has been paid.
    """
    text = value.get("b64_json")
    if call.live is None or call.passing_desk is None or not isinstance(text, str):
        return
    try:
        content = picture_answers.decoded(call, text)
    except ProviderError:
        return
    if is_no_picture(len(content), media_type_of(content[:HEAD_BYTES])):
        return
    kept = call.passing_desk.keep([content], media_type="image/png")
    rest = {name: held for name, held in value.items() if name != "b64_json"}
    call.live(to_json_bytes({**rest, result.ARTIFACT: kept.to_json()}))


def _speech(call: ProviderCall, asked: MediaRequest, events: Iterator[tuple[Json, bytes]]) -> bytes:
    about: Json = {}

    def pieces() -> Iterator[bytes]:
        for value, _ in events:
            if value.get("type") == live.SOUND_DONE:
                about.update(_parts(value, ("usage",)))
                return
            if isinstance(text := value.get("audio"), str) and text:
                yield picture_answers.decoded(call, text, "sound")

    sound = pieces()
    first = next(sound, b"")
    if not first:
        raise unreachable(call, "answered without a sound", 502)
    kind = answers.SPEECH_TYPES.get(asked.text("response_format", "mp3"), "audio/mpeg")
    return answers.kept_sound(call, asked, itertools.chain([first], sound), kind, about)


def _transcript(
    call: ProviderCall, asked: MediaRequest, events: Iterator[tuple[Json, bytes]]
) -> bytes:
    texts: list[str] = []
    segments: list[Json] = []
    about: Json = {}
    for value, event in events:
        kind = value.get("type")
        if kind == live.TEXT_DONE:
            about = {"text": value.get("text", "".join(texts)), **_parts(value, _OF_A_TEXT)}
            break
        if kind == live.TEXT_SEGMENT:
            segments.append({name: held for name, held in value.items() if name != "type"})
            _tell(call, event)
        elif kind == live.TEXT_DELTA and isinstance(value.get("delta"), str):
            texts.append(value["delta"])
            _tell(call, event)
        elif kind is None and isinstance(value.get("text"), str):
            # Older servers send the parts of the text without a name.
            texts.append(value["text"])
            _tell(call, to_json_bytes({"type": live.TEXT_DELTA, "delta": value["text"]}))
    if not (texts or segments or about):
        raise unreachable(call, "answered without a transcript", 502)
    whole: Json = {"text": "".join(texts), **about}
    if segments:
        whole["segments"] = segments
    return answers.kept_transcript(call, asked, to_json_bytes(whole), whole)


def _tell(call: ProviderCall, event: bytes) -> None:
    if call.live is not None:
        call.live(bytes(event))


def _parts(value: Json, names: tuple[str, ...]) -> Json:
    return {name: value[name] for name in names if value.get(name) is not None}
