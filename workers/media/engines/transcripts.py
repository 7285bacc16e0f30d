"""What was heard, in each form that a transcript can be asked in. Pure.

https://platform.openai.com/docs/api-reference/audio/json-object and …/verbose-json-object
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import Any, Final

from shared.media import result

Json = dict[str, Any]

FORMS: Final = ("json", "text", "srt", "verbose_json", "vtt")
#: Names of languages, as OpenAI has them in the place of their codes.
_LANGUAGES: Final = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "nl": "dutch",
    "pt": "portuguese",
    "ru": "russian",
    "pl": "polish",
    "ja": "japanese",
    "zh": "chinese",
}


def shaped(heard: Json, form: str, *, task: str, times: Collection[str]) -> Json:
    """Return what the ledger holds of `heard`: `{language, duration (s), segments, words?}`."""
    segments = heard["segments"]
    text = "".join(one["text"] for one in segments).strip()
    if form == "text":
        return {result.TEXT: f"{text}\n"}
    if form in ("srt", "vtt"):
        return {result.TEXT: _subtitles(segments, form)}
    usage = {"type": "duration", "seconds": math.ceil(heard["duration"])}
    if form == "json":
        return {"text": text, "usage": usage}
    whole = {
        "task": task,
        "language": _LANGUAGES.get(heard["language"], heard["language"]),
        "duration": round(heard["duration"], 3),
        "text": text,
        "usage": usage,
    }
    if "word" in times:
        whole["words"] = heard.get("words", [])
    if "segment" in times or "word" not in times:
        whole["segments"] = segments
    return whole


def _subtitles(segments: Iterable[Json], form: str) -> str:
    dot = "," if form == "srt" else "."
    blocks = []
    for number, one in enumerate(segments, 1):
        head = f"{number}\n" if form == "srt" else ""
        times = f"{clock(one['start'], dot)} --> {clock(one['end'], dot)}"
        blocks.append(f"{head}{times}\n{one['text'].strip()}\n\n")
    return ("WEBVTT\n\n" if form == "vtt" else "") + "".join(blocks)


def clock(seconds: float, dot: str) -> str:
    """Return a time as subtitles have it: `00:01:02,500`."""
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{dot}{rest % 1000:03}"
