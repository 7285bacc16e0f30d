"""How long a refusal asks to wait, in whichever of the field's words."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.unit.workers.providers.test_told_errors import judged

_LIMIT = "x_ratelimit_{}_requests"
_IN_AN_HOUR = 3600


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "5s"}, 5),
        ({"Retry_After": "1m30.5s"}, 90.5),
        ({"Retry_After": "500ms"}, 0.5),
        ({"Retry_After": "1d2h"}, 93_600),
        ({"Retry_After": "1445412480"}, 0),
        ({"Retry_After": "1445412480000"}, 0),
        ({"Retry_After": "5 parsecs"}, None),
        ({"ratelimit_reset": "7"}, 7),
        ({"x_ratelimit_reset": "7", "Retry_After": "2"}, 2),
        ({_LIMIT.format("reset"): "1m2.5s", _LIMIT.format("remaining"): "0"}, 62.5),
        ({_LIMIT.format("reset"): "1m2.5s", _LIMIT.format("remaining"): "3"}, None),
        ({"x_ratelimit_reset_tokens": "6ms", _LIMIT.format("reset"): "2s"}, 2),
        ({"x_ratelimit_reset": "soon"}, None),
    ],
)
def test_wait_is_read_from_headers(headers: dict[str, str], seconds: float | None) -> None:
    assert judged(b"", 429, **headers).retry_after_s == seconds


@pytest.mark.parametrize("unit", [1, 1000], ids=["seconds", "milliseconds"])
@pytest.mark.parametrize("name", ["Retry_After", "x_ratelimit_reset"])
def test_wait_until_a_moment_is_read(name: str, unit: int) -> None:
    moment = str(round((time.time() + _IN_AN_HOUR) * unit))
    told = judged(b"", 429, **{name: moment}).retry_after_s
    assert told is not None
    assert 0 < told <= _IN_AN_HOUR + 1


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        ({"message": "Rate limit reached. Please try again in 1.5s. Visit our page"}, 1.5),
        ({"message": "Rate limit reached. Please try again in 6m0s."}, 360),
        ({"message": "Please retry after 6 seconds."}, 6),
        ({"message": "Try again in 1 second"}, 1),
        ({"message": "Try again in a while"}, None),
        ({"message": "Try again in 5 minutes or so"}, None),
        ({"message": "x", "metadata": {"headers": {"X-RateLimit-Reset": "1445412480000"}}}, 0),
        ({"message": "x", "metadata": {"headers": {"X-RateLimit-Reset": None}}}, None),
        ({"message": "x", "metadata": {"headers": ["x"]}}, None),
    ],
)
def test_wait_is_read_from_the_error(error: dict[str, Any], seconds: float | None) -> None:
    assert judged({"error": error}, 429).retry_after_s == seconds
    assert judged({"error": error}, 429, Retry_After="9").retry_after_s == 9
