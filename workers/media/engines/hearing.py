"""Writes down what a recording says: ffmpeg makes it what Whisper hears, in another process.

Requests are OpenAI's: https://platform.openai.com/docs/api-reference/audio/createTranscription
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from shared.codecs.json_bytes import to_json_bytes
from shared.media import result
from shared.media.ffmpeg import ffmpeg_path
from shared.media.request import MediaRequest
from shared.operation import Operation
from workers.media import ffmpeg_commands
from workers.media.engines import transcripts
from workers.media.engines.changing import FFMPEG_BYTES, bring
from workers.media.process import Limits, cpu_seconds, own, program, refused, run
from workers.providers.base import ProviderCall

_NOT_HEARD: Final = "This cannot be written down"
#: Most memory (bytes); much of it is only reserved.
_WHISPER_BYTES: Final = 4 * 1024**3
_THREADS: Final = 2
#: Hours of sound, as 16 kHz and 16 bits have them (bytes).
_RECORDING_BYTES: Final = 4 * 3600 * 32_000
_LONGEST_LANGUAGE: Final = 20
#: So much of a prompt's end is told: Whisper itself reads its last 224 tokens.
_PROMPT_CHARACTERS: Final = 2000
_ENGLISH_ALONE: Final = ("whisper-tiny.en",)


def hear(call: ProviderCall, asked: MediaRequest, folder: Path) -> bytes:
    """Write down the recording of a request, in the form that it asks for. Raises ProviderError."""
    form = asked.text("response_format", "json")
    if form not in transcripts.FORMS:
        known = ", ".join(transcripts.FORMS)
        raise refused(f"response_format must be one of {known}", _NOT_HEARD)
    told = _told(call, asked)
    bring(call, asked.files_in("file")[0], folder / "input")
    decoding = Limits(FFMPEG_BYTES, cpu_seconds(call.timeout_s), _RECORDING_BYTES)
    decoded = program(decoding, ffmpeg_path(), *ffmpeg_commands.recording())
    run(decoded, folder, "sound.wav", _NOT_HEARD)
    hearing = Limits(_WHISPER_BYTES, cpu_seconds(call.timeout_s, _THREADS))
    run(
        own("workers.media.engines.whisper_engine", hearing, json.dumps(told)),
        folder,
        what=_NOT_HEARD,
    )
    heard: dict[str, Any] = json.loads((folder / "output").read_bytes())
    shaped = transcripts.shaped(heard, form, task=told["task"], times=_times(asked))
    made = result.Made(audio_ms=round(heard["duration"] * 1000))
    return result.with_made(to_json_bytes(shaped), made)


def _told(call: ProviderCall, asked: MediaRequest) -> dict[str, Any]:
    # Of `en-US` Whisper knows what stands before the region.
    language = asked.text("language").lower().partition("-")[0] or None
    if language is not None and len(language) > _LONGEST_LANGUAGE:
        raise refused("language must be one of ISO 639-1, such as en", _NOT_HEARD)
    if asked.model in _ENGLISH_ALONE and language not in (None, "en"):
        raise refused(f"'{asked.model}' knows English alone, language 'en'", _NOT_HEARD)
    if call.operation is Operation.TRANSLATION:
        language = None
    return {
        "model": asked.model,
        "task": "translate" if call.operation is Operation.TRANSLATION else "transcribe",
        "language": language,
        "prompt": asked.text("prompt")[-_PROMPT_CHARACTERS:] or None,
        "words": "word" in _times(asked),
    }


def _times(asked: MediaRequest) -> tuple[str, ...]:
    """Return of what the times are wanted: segments, words."""
    for name in ("timestamp_granularities[]", "timestamp_granularities"):
        given = asked.fields.get(name)
        if given:
            return tuple(str(one) for one in (given if isinstance(given, list) else [given]))
    return ("segment",)
