"""Reads how long an answer asks to wait: Retry-After in its forms, OpenAI's and Google's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import requests
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from shared.wire.answers.said import objects, text_of

_is_number = re.compile(r"[0-9]{1,15}(?:\.[0-9]*)?|\.[0-9]+", re.ASCII).fullmatch
#: One of several waits in one header: a date has a comma of its own.
_waits = re.compile(r"[A-Za-z]{3,9},[^,]*|[^,]+").findall
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
    return parse_retry_after_s(response.headers.get("Retry-After"))


def parse_retry_after_s(value: str | None) -> float | None:
    """Read Retry-After: a date or seconds (RFC 9110 §10.2.3), also with a fraction as many send.

    A server and the gateway in front of it may each send one, which come joined: the longest one
    satisfies both.
    """
    return _longest(value, _wait_s)


def told_wait_s(error: Mapping[str, Any]) -> float | None:
    """Read the wait (seconds) that an error tells in its body; None for none.

    Google's do so, and Hugging Face's while a model is loaded.
    https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto (RetryInfo)
    """
    loading = error.get("estimated_time")
    is_flag = isinstance(loading, bool)
    if isinstance(loading, int | float) and not is_flag and 0 < loading < _LONGEST_LOADING_S:
        return float(loading)
    waits = [text_of(one.get("retryDelay")) for one in objects(error.get("details"))]
    return next((_number(wait[:-1]) for wait in waits if wait.endswith("s")), None)


def _longest(value: str | None, read: Callable[[str], float | None]) -> float | None:
    waits = map(read, _waits(value or "")[:_MOST_WAITS])
    return max((wait for wait in waits if wait is not None), default=None)


def _wait_s(value: str) -> float | None:
    seconds = _number(value)
    if seconds is not None:
        return seconds
    try:
        return max(0.0, Retry().parse_retry_after(value.strip()))
    except (InvalidHeader, ValueError, OverflowError):
        return None


def _number(text: str) -> float | None:
    stripped = text.strip()
    return float(stripped) if _is_number(stripped) else None
