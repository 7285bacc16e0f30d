"""Answers with sound, or of what was heard, become what the ledger holds: bytes go to the store.

https://platform.openai.com/docs/api-reference/audio
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

import requests

from shared.artifacts.sniffing import HEAD_BYTES, media_type_of
from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.strict_json import parse, without_bom
from shared.media import result
from shared.media.request import MediaRequest
from shared.media.result import Made
from shared.wire.answers.said import objects
from workers.heavy import away
from workers.providers.answers.body import collected, pieces
from workers.providers.answers.events import error_of_told
from workers.providers.answers.told import error_in
from workers.providers.answers.whole import answer_in
from workers.providers.base import Desk, ProviderCall, ProviderError
from workers.providers.error_body import begins_a_page
from workers.providers.http_errors import unreachable, unreadable
from workers.providers.media import subtitles
from workers.providers.media.live_sound import LiveSound

Json = dict[str, Any]

#: Media types by the formats that speech can be asked in.
SPEECH_TYPES: Final[Mapping[str, str]] = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
#: The end of a line of srt or vtt.
_CUE_ENDS: Final = re.compile(r"--> (?:([0-9]+):)?([0-9][0-9]):([0-9][0-9])[.,]([0-9]{3})")
#: Formats of transcripts that are no JSON.
_TEXT_FORMATS: Final = ("text", "srt", "vtt")
#: What no sound is.
_WORDS: Final = ("text/", "application/json", "application/problem+json")
#: How much of a file in WAV says what its sound is (bytes).
_HEAD_OF_WAV: Final = 44
_BAD_GATEWAY: Final = 502


def speech(call: ProviderCall, asked: MediaRequest, response: requests.Response) -> bytes:
    """Keep the sound of an answer as it comes, and return a reference to it."""
    return kept_sound(call, asked, sound(call, response), sound_type(asked, response), {})


def kept_sound(
    call: ProviderCall, asked: MediaRequest, pieces: Iterator[bytes], kind: str, about: Json
) -> bytes:
    """Keep a sound, its first bytes told as they come; return a reference to it.

    `about` is read when all has come.
    """
    live = LiveSound(call, kind)
    kept = desk_of(call).keep(live.passing(pieces), media_type=kind)
    if kept.media_type == "audio/wav" and kept.size <= _HEAD_OF_WAV:
        raise unreachable(call, "answered without a sound", _BAD_GATEWAY)
    told: Json = {result.ARTIFACT: kept.to_json(), **about}
    if live.told_bytes:
        told[result.LIVE] = live.told_bytes
    made = Made(characters=len(asked.text("input")))
    return result.with_made(to_json_bytes(told), made)


def sound(call: ProviderCall, response: requests.Response) -> Iterator[bytes]:
    """Give an answer's sound as it comes. Raises ProviderError if it is none."""
    body = pieces(call, response)
    first = next(body, b"")
    if not first:
        raise unreachable(call, "answered without a sound", _BAD_GATEWAY)
    kind = response.headers.get("Content-Type", "").lower()
    if _is_no_sound(first, kind):
        # Of a sound that is called otherwise too little may have come to know it.
        first = _head(first, body)
        if _is_no_sound(first, kind):
            raise _no_sound(call, collected(call, response, itertools.chain([first], body)))
    return itertools.chain([first], body)


def _head(first: bytes, body: Iterator[bytes]) -> bytes:
    """Return the first bytes of a body, as many as it is known by."""
    while len(first) < HEAD_BYTES and (piece := next(body, b"")):
        first += piece
    return first


def _is_no_sound(first: bytes, kind: str) -> bool:
    """Whether these are words: by how they begin, and what is said of what has no signature."""
    found = media_type_of(first[:HEAD_BYTES])
    if found.startswith(("audio/", "video/")):
        return False
    begins_as_words = first.lstrip().startswith((b"{", b"<")) and found.startswith("text/")
    return begins_as_words or kind.startswith(_WORDS)


def _no_sound(call: ProviderCall, body: bytes) -> ProviderError:
    try:
        found = error_in(parse(body))
    except ValueError:
        found = None
    if found is not None:
        return error_of_told(call, found)
    return unreadable(call, body, "answered with something that is no sound")


def sound_type(asked: MediaRequest, response: requests.Response) -> str:
    """Return what the sound is said to be: by the answer, else by what was asked."""
    said = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if said.startswith("audio/"):
        return said
    return SPEECH_TYPES.get(asked.text("response_format", "mp3"), "application/octet-stream")


def transcript(call: ProviderCall, asked: MediaRequest, body: bytes, kind: str) -> bytes:
    """Return a transcript as it is kept: JSON as it came, other forms as a text.

    Some servers have one form alone, whatever they are asked for: a text that came where JSON was
    wanted becomes JSON, with its parts if it is srt or vtt; and the other way round, as far as the
    parts are told.
    """
    body = without_bom(body)
    wants_json = asked.text("response_format", "json") not in _TEXT_FORMATS
    text = _quoted(body) if "json" in kind else None
    is_json = "json" in kind or (wants_json and not _is_words(body, kind)) or _is_answer(body)
    if text is None and is_json:
        value, document = away(len(body), lambda: answer_in(call, body, "text", str))
        text = None if wants_json else _in_form(asked.text("response_format"), value)
        if text is None:
            return kept_transcript(call, asked, document, value)
        made = Made(audio_ms=_heard_ms(value) or call.length_ms(asked))
        return result.with_made(to_json_bytes({result.TEXT: text}), made)
    text = body.decode("utf-8", "replace") if text is None else text
    # By its type one cannot tell: whisper.cpp calls a plain text HTML, and proxies a page plain.
    if begins_a_page(text):
        raise unreadable(call, body, "answered with something that is no transcript")
    if wants_json:
        told = _in_json(text)
        return kept_transcript(call, asked, to_json_bytes(told), told)
    made = Made(audio_ms=_last_cue_ms(text) or call.length_ms(asked))
    return result.with_made(to_json_bytes({result.TEXT: text}), made)


def _quoted(body: bytes) -> str | None:
    """Return a text that came as JSON has it, as frameworks write one that was meant plain."""
    if not body.lstrip().startswith(b'"'):
        return None
    with suppress(ValueError):
        value = parse(body)
        return value if isinstance(value, str) else None
    return None


def _is_answer(body: bytes) -> bool:
    """Whether a body is JSON that tells a transcript, or an error, whatever it is called."""
    if not body.lstrip().startswith(b"{"):
        return False
    with suppress(ValueError):
        value = parse(body)
        return isinstance(value.get("text"), str) or error_in(value) is not None
    return False


def _is_words(body: bytes, kind: str) -> bool:
    """Whether a body says that it is a text, and is no JSON that is called one."""
    is_text = kind.startswith(("text/", "application/x-subrip"))
    return is_text and bool(body.strip()) and not body.lstrip().startswith((b"{", b"["))


def _in_form(form: str, value: Json) -> str | None:
    """Return a transcript in one of the forms that are no JSON; None if it tells too little."""
    if form == "text":
        return str(value["text"])
    return subtitles.written(form, objects(value.get("segments")))


def _in_json(text: str) -> Json:
    parts = subtitles.segments(text)
    if not parts:
        return {"text": text.strip()}
    whole = " ".join(one["text"] for one in parts)
    return {"text": whole, "duration": parts[-1]["end"], "segments": parts}


def _last_cue_ms(text: str) -> int:
    """Return when the last line of srt or vtt ends (milliseconds), 0 for what is neither."""
    ends = _CUE_ENDS.findall(text)
    if not ends:
        return 0
    hours, minutes, seconds, milliseconds = (int(part or 0) for part in ends[-1])
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds


def kept_transcript(call: ProviderCall, asked: MediaRequest, body: bytes, value: Json) -> bytes:
    """Return a transcript in JSON, whose value is given too, as it is kept."""
    return result.with_made(body, Made(audio_ms=_heard_ms(value) or call.length_ms(asked)))


def _heard_ms(value: Json) -> int:
    """Return how much sound a transcript says it is of (milliseconds)."""
    usage = value.get("usage")
    told = [usage.get("seconds")] if isinstance(usage, dict) else []
    for seconds in (*told, value.get("duration")):
        try:
            found = 0.0 if seconds is None or isinstance(seconds, bool) else float(seconds)
        except (TypeError, ValueError):
            continue
        if 0 < found < 1e8:  # noqa: PLR2004 - some years: nothing is as long
            return round(found * 1000)
    return 0


def desk_of(call: ProviderCall) -> Desk:
    """Return where the files of a call are kept."""
    assert call.desk is not None  # noqa: S101 - each operation with files has one
    return call.desk
