"""Speech of the demo LLM: by espeak-ng where it is there, else a tone; and what it hears."""

from __future__ import annotations

import base64
import io
import math
import shutil
import struct
import subprocess
import wave
from collections.abc import Iterator
from typing import Any, Final

from cli.demo.answers import BadRequest, Json, parse_object
from cli.demo.forms import File, form_of
from cli.demo.reply import Event, Reply, sse
from shared.media.ffmpeg import ffmpeg_path

#: So many bytes of a sound are told in one event.
_PIECE: Final = 8192
_RATE: Final = 24_000
_MOST_CHARACTERS: Final = 4096
_PATIENCE_S: Final = 60.0
#: What its sounds are called, where a format has titles.
_SPOKEN: Final = "ReplyTo demo speech: espeak-ng"
_BEEPED: Final = "ReplyTo demo tone: no engine that speaks is installed"
#: What ffmpeg is told to write, and what that is called.
_FORMATS: Final = {
    "mp3": (("-f", "mp3"), "audio/mpeg"),
    "opus": (("-c:a", "libopus", "-f", "ogg"), "audio/ogg"),
    "aac": (("-f", "adts"), "audio/aac"),
    "flac": (("-f", "flac"), "audio/flac"),
    "wav": (("-f", "wav"), "audio/wav"),
    "pcm": (("-f", "s16le"), "audio/pcm"),
}
_TRANSCRIPTS: Final = ("json", "text", "srt", "verbose_json", "vtt", "diarized_json")


def parse_speech(body: bytes) -> Json:
    """Read a request for speech; raises BadRequest as a server would refuse it."""
    request = parse_object(body, "input", str)
    if not 0 < len(request["input"]) <= _MOST_CHARACTERS:
        raise BadRequest(f"'input' must have 1 to {_MOST_CHARACTERS} characters")
    if request.get("response_format", "mp3") not in _FORMATS:
        raise BadRequest(f"'response_format' must be one of {', '.join(_FORMATS)}")
    return request


def speech(request: Json, echo: bytes | None) -> Reply:
    """Return the text, spoken; or a tone that is as long as it would take to say it."""
    del echo
    form = request.get("response_format", "mp3")
    sound, kind = said(request["input"], form), _FORMATS[form][1]
    if request.get("stream_format") == "sse":
        events = b"".join(_sound_events(sound, len(request["input"])))
        return Reply({}, iter(()), 0, raw=events, content_type="text/event-stream")
    return Reply({}, iter(()), 0, raw=sound, content_type=kind)


def said(text: str, form: str) -> bytes:
    """Return a text, spoken, in a format of speech; or a tone. Raises BadRequest."""
    if form not in _FORMATS:
        raise BadRequest(f"the format of sound must be one of {', '.join(_FORMATS)}")
    spoken = _spoken(text)
    label = _SPOKEN if spoken else _BEEPED
    told = ("-metadata", f"title={label}", "-ar", str(_RATE), "-ac", "1", *_FORMATS[form][0])
    return _ffmpeg(spoken or _tone(len(text)), *told)


def _sound_events(sound: bytes, characters: int) -> Iterator[bytes]:
    for start in range(0, len(sound), _PIECE):
        audio = base64.b64encode(sound[start : start + _PIECE]).decode()
        yield sse({"type": "speech.audio.delta", "audio": audio})
    usage = {"input_tokens": characters // 4, "output_tokens": len(sound) // 1000}
    usage["total_tokens"] = sum(usage.values())
    yield sse({"type": "speech.audio.done", "usage": usage})


def parse_transcription(body: bytes) -> Json:
    """Read a form with a recording; raises BadRequest."""
    request = form_of(body)
    if not isinstance(request.get("model"), str):
        raise BadRequest("'model' is missing")
    if not isinstance(request.get("file"), File):
        raise BadRequest("'file' is missing")
    if request.get("response_format", "json") not in _TRANSCRIPTS:
        raise BadRequest(f"'response_format' must be one of {', '.join(_TRANSCRIPTS)}")
    return request


def transcription(request: Json, echo: bytes | None) -> Reply:
    """Return what a recording is: how long, for what it says nobody here has heard."""
    del echo
    seconds = _seconds(request["file"].content)
    text = (
        "This is ReplyTo's demo transcription, not a real model. "
        f"The recording lasts {seconds:.1f} seconds."
    )
    form = request.get("response_format", "json")
    if form in ("text", "srt", "vtt"):
        return Reply({}, iter(()), 0, raw=_written(form, text, seconds), content_type="text/plain")
    usage = {"type": "duration", "seconds": math.ceil(seconds)}
    if str(request.get("stream")).lower() == "true":
        return Reply({}, _text_events(text, usage), 0)
    whole: dict[str, Any] = {"text": text, "usage": usage}
    if form != "json":
        segment = {"id": 0, "start": 0.0, "end": round(seconds, 2), "text": text}
        about = {"task": "transcribe", "language": "english", "duration": round(seconds, 2)}
        whole = {**about, **whole, "segments": [segment]}
    return Reply(whole, iter(()), 0)


def _text_events(text: str, usage: Json) -> Iterator[Event]:
    for number, word in enumerate(text.split(" ")):
        delta = word if not number else f" {word}"
        yield Event(sse({"type": "transcript.text.delta", "delta": delta}), pauses=True)
    yield Event(sse({"type": "transcript.text.done", "text": text, "usage": usage}))


def _written(form: str, text: str, seconds: float) -> bytes:
    if form == "text":
        return f"{text}\n".encode()
    dot = "," if form == "srt" else "."
    times = f"{_clock(0.0, dot)} --> {_clock(seconds, dot)}"
    head = "1\n" if form == "srt" else "WEBVTT\n\n"
    return f"{head}{times}\n{text}\n\n".encode()


def _clock(seconds: float, dot: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{dot}{rest % 1000:03}"


def _spoken(text: str) -> bytes | None:
    program = shutil.which("espeak-ng")
    if program is None:
        return None
    command = [program, "--stdin", "--stdout"]
    done = subprocess.run(  # noqa: S603 - the text is no argument
        command, input=text.encode(), capture_output=True, timeout=_PATIENCE_S, check=False
    )
    return done.stdout if done.returncode == 0 and done.stdout else None


def _tone(characters: int) -> bytes:
    """Return a tone as a WAV, as long as speech of so many characters."""
    samples = int(_RATE * min(60.0, max(0.3, characters / 15)))
    one = [int(6000 * math.sin(2 * math.pi * 440 * at / _RATE)) for at in range(_RATE // 10)]
    second = struct.pack(f"<{len(one)}h", *one)
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes((second * (samples // len(one) + 1))[: samples * 2])
    return written.getvalue()


def _seconds(recording: bytes) -> float:
    raw = _ffmpeg(recording, "-vn", "-ar", "8000", "-ac", "1", "-f", "s16le")
    return len(raw) / 16_000


def _ffmpeg(sound: bytes, *arguments: str) -> bytes:
    command = [
        *(ffmpeg_path(), "-v", "error", "-nostdin", "-protocol_whitelist", "pipe"),
        *("-i", "pipe:0", *arguments, "pipe:1"),
    ]
    done = subprocess.run(  # noqa: S603 - our own words, and no shell
        command, input=sound, capture_output=True, timeout=_PATIENCE_S, check=False
    )
    if done.returncode:
        raise BadRequest("the recording is none that can be read")
    return done.stdout
