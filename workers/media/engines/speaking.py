"""Speaks a text: by espeak-ng or hibari, then ffmpeg makes it what was asked for.

Requests are OpenAI's: https://platform.openai.com/docs/api-reference/audio/createSpeech
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from shared.codecs.json_bytes import to_json_bytes
from shared.media import result
from shared.media.ffmpeg import ffmpeg_path
from shared.media.request import MediaRequest
from workers.media import ffmpeg_commands
from workers.media.engines.changing import FFMPEG_BYTES
from workers.media.process import Limits, cpu_seconds, own, pieces, program, refused, run
from workers.providers.base import ProviderCall
from workers.providers.media.answers import SPEECH_TYPES, desk_of

_NOT_SPOKEN: Final = "This cannot be spoken"
_MOST_CHARACTERS: Final = 20_000
#: Most memory of an engine (bytes).
_FORMANT_BYTES: Final = 1024**3
_NEURAL_BYTES: Final = 4 * 1024**3
_THREADS: Final = 2
#: OpenAI's voices as espeak-ng has them: language and variant.
_VOICES: Final = {
    "alloy": "en-us",
    "ash": "en-us+m1",
    "ballad": "en-gb+m4",
    "coral": "en-us+f1",
    "echo": "en-us+m3",
    "fable": "en-gb",
    "onyx": "en-us+m7",
    "nova": "en-us+f2",
    "sage": "en-gb+f3",
    "shimmer": "en-us+f4",
    "verse": "en-us+m2",
}
_is_voice = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,39}").fullmatch
_WORDS_A_MINUTE: Final = 175
_SLOWEST: Final = 0.25
_FASTEST: Final = 4.0


def speak(call: ProviderCall, asked: MediaRequest, folder: Path) -> bytes:
    """Speak the text of a request; return a reference to the sound. Raises ProviderError."""
    text, form = asked.text("input"), asked.text("response_format", "mp3")
    if form not in SPEECH_TYPES:
        known = ", ".join(SPEECH_TYPES)
        raise refused(f"response_format must be one of {known}", _NOT_SPOKEN)
    if not text.strip() or len(text) > _MOST_CHARACTERS:
        raise refused(f"input must have 1 to {_MOST_CHARACTERS} characters", _NOT_SPOKEN)
    (folder / "text").write_text(text, "utf-8", "replace")
    run(_engine(call, asked), folder, "spoken.wav", _NOT_SPOKEN)
    limits = Limits(FFMPEG_BYTES, cpu_seconds(call.timeout_s))
    as_asked = program(limits, ffmpeg_path(), *ffmpeg_commands.speech(form))
    run(as_asked, folder, what=_NOT_SPOKEN)
    kept = desk_of(call).keep(
        pieces(folder / "output"), media_type=SPEECH_TYPES[form], name=f"speech.{form}"
    )
    made = result.Made(characters=len(text))
    return result.with_made(to_json_bytes({result.ARTIFACT: kept.to_json()}), made)


def _engine(call: ProviderCall, asked: MediaRequest) -> list[str]:
    """Return the command that speaks the file `text` into `spoken.wav`."""
    speed, voice = _speed(asked), asked.text("voice", "alloy")
    unheard = ["instructions"] if asked.text("instructions") else []
    if asked.model == "espeak-ng":
        call.adjusted(unheard)
        limits = Limits(_FORMANT_BYTES, cpu_seconds(call.timeout_s))
        pace = str(round(_WORDS_A_MINUTE * speed))
        told = ("-v", _voice(voice), "-s", pace, "-f", "text", "-w", "spoken.wav")
        return program(limits, "espeak-ng", *told)
    # It has one voice.
    call.adjusted([*(["voice"] if voice != "heart" else []), *unheard])
    limits = Limits(_NEURAL_BYTES, cpu_seconds(call.timeout_s, _THREADS))
    return own("workers.media.engines.hibari_engine", limits, json.dumps({"speed": speed}))


def _voice(name: str) -> str:
    known = _VOICES.get(name.lower(), name)
    if not _is_voice(known):
        raise refused("voice must be a name such as alloy, de or en-gb+f3", _NOT_SPOKEN)
    return known


def _speed(asked: MediaRequest) -> float:
    try:
        speed = float(asked.fields.get("speed") or 1.0)
    except (TypeError, ValueError):
        speed = 0.0
    if not _SLOWEST <= speed <= _FASTEST:
        raise refused(f"speed must be {_SLOWEST} to {_FASTEST:g}", _NOT_SPOKEN)
    return speed
