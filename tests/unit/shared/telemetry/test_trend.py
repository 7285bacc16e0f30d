"""Samples of how things stood: one that cannot be read hides no other."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
import redis

from shared.telemetry.trend import HOUR, Sample, read_samples

GOOD = Sample(5, 1, 2, 3, 4, 5, 6, 7, (8, 9))


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in asdict(GOOD).items() if key != name}


@pytest.mark.parametrize(
    "row",
    [
        b"not JSON",
        b"\xff",
        b"[]",
        b"7",
        b"null",
        b"[" * 100_000,
        json.dumps(_without("failed")).encode(),
        json.dumps({**asdict(GOOD), "failed": "3"}).encode(),
        json.dumps({**asdict(GOOD), "failed": None}).encode(),
        json.dumps({**asdict(GOOD), "latencies": 3}).encode(),
        json.dumps({**asdict(GOOD), "latencies": ["x"]}).encode(),
    ],
)
def test_sample_that_cannot_be_read_hides_no_other(fake_redis: redis.Redis, row: bytes) -> None:
    later = replace(GOOD, at_ms=9)
    for at, one in enumerate((json.dumps(asdict(GOOD)), row, json.dumps(asdict(later)))):
        fake_redis.zadd(HOUR.key, {one: at})
    assert read_samples(fake_redis, HOUR) == [GOOD, later]


def test_sample_of_a_later_version_is_read(fake_redis: redis.Redis) -> None:
    fake_redis.zadd(HOUR.key, {json.dumps({**asdict(GOOD), "more": [1]}): 5})
    assert read_samples(fake_redis, HOUR) == [GOOD]
