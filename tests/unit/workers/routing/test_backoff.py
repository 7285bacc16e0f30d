"""The pause between attempts."""

from __future__ import annotations

import pytest

from workers.routing.backoff import delay_s


def test_delay_doubles_up_to_its_cap_when_attempts_fail() -> None:
    delays = [delay_s(n, base_s=1, cap_s=10, jitter=0.0) for n in range(1, 7)]
    assert delays == [1, 2, 4, 8, 10, 10]


def test_delay_loses_at_most_half_to_jitter() -> None:
    assert delay_s(3, base_s=1, cap_s=10, jitter=1.0) == 2


@pytest.mark.parametrize(("asked_s", "waits_s"), [(30.0, 30.0), (0.1, 1.0), (1e9, 3600.0)])
def test_delay_honours_retry_after_within_its_cap(asked_s: float, waits_s: float) -> None:
    assert delay_s(1, base_s=1, cap_s=10, jitter=0.0, retry_after_s=asked_s) == waits_s
