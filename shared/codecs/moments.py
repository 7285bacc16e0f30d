"""Moments as clients write and read them: one codec both ways, so that what is kept can be shown.

They come as ISO 8601, ServiceStack's `/Date(ms)/` or unix milliseconds, and leave as ISO 8601. Both
ways take the same years, 1 to 9999, which are all that either form can say.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator

_SERVICESTACK: Final = re.compile(r"/Date\((-?[0-9]{1,15})(?:[+-][0-9]{4})?\)/")
#: Most characters of a moment: fractions of a second could have any number of digits.
_LONGEST: Final = 64
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
#: The first and the last moment, unix milliseconds.
EARLIEST_MS: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MS
LATEST_MS: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MS


def to_unix_ms(value: object) -> object:
    """Return the moment as unix milliseconds; without a zone it is UTC. Raises ValueError."""
    if value is None or value == "":
        return None
    moment_ms = _read(str(value).strip())
    if moment_ms is None:
        raise ValueError("must be a date and time such as 2026-01-31T08:00:00Z")
    if not EARLIEST_MS <= moment_ms <= LATEST_MS:
        raise ValueError("must be a date in the years 1 to 9999")
    return moment_ms


def _read(text: str) -> int | None:
    if len(text) > _LONGEST:
        return None
    found = _SERVICESTACK.fullmatch(text)
    if found:
        return int(found[1])
    if text.isascii() and text.isdecimal() and len(text) < 16:  # noqa: PLR2004
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return round((aware - _EPOCH) / _MS)
    except (ValueError, OverflowError):
        return None


def iso_date(moment_ms: int) -> str:
    """Return unix milliseconds as ISO 8601 in UTC with Z, as ServiceStack's clients read it.

    One that no date can say, which only an older version can have kept, is the nearest that can.
    """
    moment = _EPOCH + min(max(moment_ms, EARLIEST_MS), LATEST_MS) * _MS
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


#: A field that is unix milliseconds here and a date there.
UnixMs = Annotated[int | None, BeforeValidator(to_unix_ms)]
