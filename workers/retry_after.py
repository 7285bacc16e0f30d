"""Reads the Retry-After header of an answer."""

from __future__ import annotations

import requests
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry


def retry_after_s(response: requests.Response) -> float | None:
    """Read Retry-After of an answer; None when absent or garbage."""
    return parse_retry_after_s(response.headers.get("Retry-After"))


def parse_retry_after_s(value: str | None) -> float | None:
    """Read Retry-After in both its forms (RFC 9110 §10.2.3); None when absent or garbage."""
    try:
        return max(0.0, Retry().parse_retry_after(value)) if value else None
    except InvalidHeader:
        return None
