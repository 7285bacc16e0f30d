"""Reads and writes srt and vtt: what is said from when to when. Pure.

https://www.w3.org/TR/webvtt1/; SubRip has a comma where it has a dot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

Json = dict[str, Any]

_CLOCK: Final = r"(?:([0-9]{1,4}):)?([0-9][0-9]?):([0-9][0-9])[.,]([0-9]{3})"
_times = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}").match
#: No recording is as long.
_LONGEST_S: Final = 1e8
#: Who speaks, and how it is shown.
_tags = re.compile(r"<[^<>]*>")


def segments(text: str) -> list[Json]:
    """Return `[{id, start, end, text}]` (seconds), as OpenAI has them; of another text none."""
    found: list[tuple[float, float, list[str]]] = []
    said: list[str] | None = None
    for line in text.splitlines():
        if times := _times(line):
            said = []
            found.append((_seconds(*times.groups()[:4]), _seconds(*times.groups()[4:]), said))
        elif not line.strip():
            said = None
        elif said is not None:
            said.append(_tags.sub("", line).strip())
    return [
        {"id": number, "start": start, "end": end, "text": " ".join(words)}
        for number, (start, end, words) in enumerate(found)
    ]


def written(form: str, parts: Iterable[Json]) -> str | None:
    """Return the parts as srt or vtt; None where there is none, or one tells no time."""
    cues = [_cue(form, number, part) for number, part in enumerate(parts, 1)]
    if not cues or None in cues:
        return None
    return ("WEBVTT\n\n" if form == "vtt" else "") + "\n".join(map(str, cues))


def _cue(form: str, number: int, part: Json) -> str | None:
    text, begin, end = part.get("text"), _time(part.get("start")), _time(part.get("end"))
    if not isinstance(text, str) or begin is None or end is None:
        return None
    dot, head = (".", "") if form == "vtt" else (",", f"{number}\n")
    # A blank line would end it.
    return f"{head}{_clock(begin, dot)} --> {_clock(end, dot)}\n{' '.join(text.split())}\n"


def _time(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < _LONGEST_S else None  # type: ignore[operator, arg-type]


def _clock(seconds: float, dot: str) -> str:
    whole_ms = round(seconds * 1000)
    minutes, ms = divmod(whole_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{ms // 1000:02}{dot}{ms % 1000:03}"


def _seconds(*clock: str | None) -> float:
    hours, minutes, seconds, milliseconds = (int(part or 0) for part in clock)
    return (hours * 60 + minutes) * 60 + seconds + milliseconds / 1000
