"""Reads srt and vtt: what is said from when to when. Pure.

https://www.w3.org/TR/webvtt1/; SubRip has a comma where it has a dot.
"""

from __future__ import annotations

import re
from typing import Any, Final

Json = dict[str, Any]

_CLOCK: Final = r"(?:([0-9]{1,4}):)?([0-9][0-9]?):([0-9][0-9])[.,]([0-9]{3})"
_times = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}").match
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


def _seconds(*clock: str | None) -> float:
    hours, minutes, seconds, milliseconds = (int(part or 0) for part in clock)
    return (hours * 60 + minutes) * 60 + seconds + milliseconds / 1000
