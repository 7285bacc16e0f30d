"""Reads how long an answer asks to wait: Retry-After in its forms, and OpenAI's milliseconds."""

from __future__ import annotations

import re
from typing import Final

import requests
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

_is_number = re.compile(r"\d{1,15}(?:\.\d*)?|\.\d+", re.ASCII).fullmatch
_MILLISECONDS: Final = 1000


def retry_after_s(response: requests.Response) -> float | None:
    """Read the wait of an answer (seconds); None when it asks for none, or says garbage.

    `retry-after-ms` is told by OpenAI and Azure beside the other, and says it more precisely.
    """
    precise = _number(response.headers.get("retry-after-ms"))
    if precise is not None:
        return precise / _MILLISECONDS
    return parse_retry_after_s(response.headers.get("Retry-After"))


def parse_retry_after_s(value: str | None) -> float | None:
    """Read Retry-After: a date or seconds (RFC 9110 §10.2.3), also with a fraction as many send."""
    if not value:
        return None
    seconds = _number(value)
    if seconds is not None:
        return seconds
    try:
        return max(0.0, Retry().parse_retry_after(value))
    except (InvalidHeader, ValueError, OverflowError):
        return None


def _number(text: str | None) -> float | None:
    stripped = (text or "").strip()
    return float(stripped) if _is_number(stripped) else None
