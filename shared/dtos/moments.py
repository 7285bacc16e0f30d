"""Moments as clients write them: ISO 8601, ServiceStack's `/Date(ms)/`, unix milliseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import BeforeValidator

_SERVICESTACK: Final = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")


def to_unix_ms(value: object) -> object:
    """Return the moment as unix milliseconds; without a zone it is UTC. Raises ValueError."""
    if value is None or value == "":
        return None
    text = str(value).strip()
    found = _SERVICESTACK.fullmatch(text)
    if found:
        return int(found[1])
    if text.isascii() and text.isdecimal() and len(text) < 16:  # noqa: PLR2004
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return round(aware.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise ValueError("must be a date and time such as 2026-01-31T08:00:00Z") from None


#: A field that is unix milliseconds here and a date there.
UnixMs = Annotated[int | None, BeforeValidator(to_unix_ms)]
