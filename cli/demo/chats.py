"""What the demo LLM says to a chat, ready to be sent; aloud, where sound is asked for."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from typing import Final

from cli.demo import answers
from cli.demo.answers import Answer, BadRequest, Json
from cli.demo.reply import Event, Reply, sse
from cli.demo.sounds import said

#: So many bytes of a sound are in one chunk.
_PIECE: Final = 24_000
#: When its sounds are forgotten, as OpenAI tells: never here (unix seconds).
_EXPIRES: Final = 4_102_444_800


def reply(request: Json, echo: bytes | None) -> Reply:
    """Return the answer to a chat request; with `echo` its content is that text, exactly."""
    answer = answers.answer_to(request, echo=echo)
    sound = _sound(answer, request)
    whole = answers.completion(answer)
    if sound is not None:
        audio = {"data": base64.b64encode(sound).decode(), "transcript": answer.content}
        whole["choices"][0]["message"] |= {"content": None, "audio": {**_about(), **audio}}
    return Reply(whole, _events(answer, request, sound), len(answer.words))


def _sound(answer: Answer, request: Json) -> bytes | None:
    """Return what is said, where `modalities` has `audio`; raises BadRequest."""
    modalities, audio = request.get("modalities"), request.get("audio")
    if not answer.content or not isinstance(modalities, list) or "audio" not in modalities:
        return None
    form = audio.get("format") if isinstance(audio, dict) else None
    if not isinstance(form, str) or (request.get("stream") is True and form != "pcm16"):
        raise BadRequest("'audio.format' must be pcm16 in a stream, and be there")
    return said(answer.content, "pcm" if form == "pcm16" else form)


def _about() -> Json:
    return {"id": f"audio_{secrets.token_hex(12)}", "expires_at": _EXPIRES}


def _events(answer: Answer, request: Json, sound: bytes | None) -> Iterator[Event]:
    options = request.get("stream_options")
    include_usage = isinstance(options, dict) and options.get("include_usage") is True
    for chunk in answers.chunks(answer, include_usage=include_usage):
        delta = chunk["choices"][0]["delta"] if chunk["choices"] else {}
        word = delta.get("content")
        if sound is not None and word:
            delta["content"], delta["audio"] = None, {"transcript": word}
        if sound is not None and chunk["choices"] and chunk["choices"][0]["finish_reason"]:
            yield from _sounding(chunk, sound)
        yield Event(sse(chunk), pauses=bool(word))
    yield Event(b"data: [DONE]\n\n")


def _sounding(last: Json, sound: bytes) -> Iterator[Event]:
    """Yield chunks of the sound, in the place before the last one."""
    choice, about = last["choices"][0], _about()
    pieces = [sound[start : start + _PIECE] for start in range(0, len(sound), _PIECE)]
    told = [{"data": base64.b64encode(piece).decode()} for piece in pieces]
    for audio in ({"id": about["id"]}, *told, {"expires_at": about["expires_at"]}):
        changed = {**choice, "delta": {"audio": audio}, "finish_reason": None}
        yield Event(sse({**last, "choices": [changed]}))
