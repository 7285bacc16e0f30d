"""Reads how long an answer asks to wait: Retry-After in its forms, OpenAI's and Google's words."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from shared.wire.answers.said import object_of, objects, text_of

_is_number = re.compile(r"[0-9]{1,15}(?:\.[0-9]*)?|\.[0-9]+", re.ASCII).fullmatch
#: One of several waits in one header: a date has a comma of its own.
_waits = re.compile(r"[A-Za-z]{3,9},[^,]*|[^,]+").findall
# Go's way to write durations.
_has_units = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ms|[dhms]))+", re.ASCII).fullmatch
_units = re.compile(r"([0-9.]+)(ms|[dhms])", re.ASCII).findall
_UNITS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_says_wait = re.compile(
    r"(?:try again|retry) (?:in|after) (?:(?P<seconds>[0-9]{1,9}(?:\.[0-9]{1,9})?) seconds?"
    r"|(?P<units>(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ms|[dhms]))+)\b)",
    re.ASCII | re.IGNORECASE,
).search
_MOST_WORDS: Final = 1000
#: Limits that headers tell: what is left of each, and when it begins anew. `RateLimit` is IETF's.
_LIMITS: Final = (
    "x-ratelimit-{}-requests",
    "x-ratelimit-{}-tokens",
    "x-ratelimit-{}",
    "ratelimit-{}",
)
#: A wait of so many seconds is none: it is a moment of Unix time.
_A_MOMENT: Final = 1_000_000_000
_MOST_WAITS: Final = 16
_MILLISECONDS: Final = 1000
_LONGEST_LOADING_S: Final = 3600


def retry_after_s(response: requests.Response) -> float | None:
    """Read the wait of an answer (seconds); None when it asks for none, or says garbage.

    `retry-after-ms` is told by OpenAI and Azure beside the other, and says it more precisely.
    """
    precise = _longest(response.headers.get("retry-after-ms"), _number)
    if precise is not None:
        return precise / _MILLISECONDS
    told = parse_retry_after_s(response.headers.get("Retry-After"))
    return _until_reset_s(response.headers) if told is None else told


def parse_retry_after_s(value: str | None) -> float | None:
    """Read Retry-After: a date or seconds (RFC 9110 §10.2.3), also with a fraction as many send.

    Some name the moment as a number, others the units: `1m30s`. A server and the gateway in front
    of it may each send one, which come joined: the longest one satisfies both.
    """
    return _longest(value, _wait_s)


def told_wait_s(error: Mapping[str, Any]) -> float | None:
    """Read the wait (seconds) that an error tells in its body; None for none.

    Google's do so, Hugging Face's while a model is loaded, OpenRouter's by the headers that it got.
    https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto (RetryInfo)
    """
    loading = error.get("estimated_time")
    is_flag = isinstance(loading, bool)
    if isinstance(loading, int | float) and not is_flag and 0 < loading < _LONGEST_LOADING_S:
        return float(loading)
    waits = [text_of(one.get("retryDelay")) for one in objects(error.get("details"))]
    told = next((_number(wait[:-1]) for wait in waits if wait.endswith("s")), None)
    headers = object_of(object_of(error.get("metadata")).get("headers"))
    if told is None and headers:
        told = _until_reset_s(CaseInsensitiveDict(headers))
    return _in_words_s(text_of(error.get("message"))) if told is None else told


def _in_words_s(message: str) -> float | None:
    """Read the wait (seconds) of "try again in 6m0s", which OpenAI says, or Azure's words."""
    found = _says_wait(message[:_MOST_WORDS])
    if found is None:
        return None
    if found["units"]:
        return _wait_s(found["units"])
    return float(found["seconds"])


def _until_reset_s(headers: Mapping[str, Any]) -> float | None:
    """Read when a limit that is used up begins anew (seconds from now), by the names of the field.

    A limit of which something is left is not why a call is refused.
    """
    resets = (
        headers.get(name.format("reset"))
        for name in _LIMITS
        if text_of(headers.get(name.format("remaining"), "0")).strip() == "0"
    )
    waits = [wait for reset in resets if (wait := _longest(text_of(reset), _wait_s)) is not None]
    return max(waits, default=None)


def _longest(value: str | None, read: Callable[[str], float | None]) -> float | None:
    waits = map(read, _waits(value or "")[:_MOST_WAITS])
    return max((wait for wait in waits if wait is not None), default=None)


def _wait_s(value: str) -> float | None:
    seconds = _number(value)
    if seconds is not None:
        return _from_now_s(seconds)
    if _has_units(value.strip()):
        return sum(float(count) * _UNITS[unit] for count, unit in _units(value))
    try:
        return max(0.0, Retry().parse_retry_after(value.strip()))
    except (InvalidHeader, ValueError, OverflowError):
        return None


def _from_now_s(number: float) -> float:
    """Return seconds as they are; of a moment (Unix, seconds or milliseconds) those till then."""
    if number < _A_MOMENT:
        return number
    moment_s = number / _MILLISECONDS if number >= _A_MOMENT * _MILLISECONDS else number
    return max(0.0, moment_s - time.time())


def _number(text: str) -> float | None:
    stripped = text.strip()
    return float(stripped) if _is_number(stripped) else None
