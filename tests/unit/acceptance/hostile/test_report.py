"""A report finds a process that grows, a peer that did nothing, and says what innocents saw."""

from __future__ import annotations

import pytest

from tests.acceptance.hostile.report import Result, as_markdown, as_text
from tests.acceptance.hostile.samples import SLACK, Samples, Series


@pytest.mark.parametrize(
    ("values", "flat"),
    [
        pytest.param([100, 200, 400, 400], True, id="it grew in the first half"),
        pytest.param([100, 100, 100, 500], False, id="it grows in the last half"),
        pytest.param([100] * 12 + [120] * 4, True, id="by what is allowed"),
        pytest.param([100] * 12 + [130] * 4, False, id="by more than is allowed"),
        pytest.param([100] * 14 + [900, 100], True, id="it is high once"),
        pytest.param([], True, id="nobody has looked"),
    ],
)
def test_series_is_flat_when_its_last_half_is(values: list[float], flat: bool) -> None:
    assert Series(values).is_flat(SLACK["RSS, MB"]) is flat


def test_child_that_ends_soon_does_not_grow() -> None:
    samples = Samples()
    for value in (40.0, 90.0):
        samples.add("redis 2", "RSS, MB", value)
    assert samples.growing({}) == []


@pytest.mark.parametrize(
    ("afterwards", "grew"),
    [
        pytest.param({"chat1 5": 120.0}, False, id="it was given back"),
        pytest.param({"chat1 5": 200.0}, True, id="it was kept"),
        pytest.param({}, True, id="nobody knows"),
    ],
)
def test_memory_that_is_given_back_did_not_grow(
    afterwards: dict[str, float], *, grew: bool
) -> None:
    samples = Samples()
    for value in (100, 100, 100, 100, 150, 150, 300, 300):
        samples.add("chat1 5", "RSS, MB", value)
    assert bool(samples.growing(afterwards)) is grew


def test_report_tells_all_that_is_wrong() -> None:
    samples = Samples()
    for value in (1, 1, 1, 1, 100, 100, 1000, 1000):
        samples.add("gateway 1", "files", value)
        samples.add("redis 2", "files", 5)
    result = Result(
        7, 60, {"pours": 0, "drips": 3}, {}, {"a chat": [0.5]}, samples, {}, ["x is gone"]
    )
    assert result.findings() == [
        "x is gone",
        "the peer 'pours' did nothing",
        "files of gateway 1 grew from 100 to 1000",
    ]
    assert "| a chat | 1 | none | 500 ms |" in as_markdown(result)
    assert "3  drips" in as_text(result)
