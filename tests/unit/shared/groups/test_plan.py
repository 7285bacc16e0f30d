"""When a group of jobs is over, and when it is looked at again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.groups.group import Group, GroupState, Step, event_of, plan

NOW = 1_000_000_000
IDLE = 300_000
GROUP = Group(id="g", owner="a", created_ms=NOW - 50_000, joined_ms=NOW - 40_000)


@pytest.mark.parametrize(
    ("known", "step", "in_ms"),
    [
        pytest.param({"jobs": 3, "under_way": 1}, Step.SETTLE, 30_000, id="runs"),
        pytest.param(
            {"jobs": 3, "under_way": 1, "is_cancelled": True}, Step.CANCEL, 1_000, id="cancelled"
        ),
        pytest.param({"jobs": 3, "is_closed": True}, Step.END, None, id="closed"),
        pytest.param({"is_closed": True}, Step.END, None, id="closed without jobs"),
        pytest.param({"jobs": 3}, Step.WAIT, 30_000, id="others may join"),
        pytest.param({"jobs": 3, "joined_ms": NOW - IDLE + 10}, Step.WAIT, 10, id="soon idle"),
        pytest.param({"jobs": 3, "joined_ms": NOW - IDLE}, Step.END, None, id="idle"),
        pytest.param(
            {"jobs": 3, "joined_ms": 1, "ended_job_ms": NOW - 1, "ends": 3, "charged": 3},
            Step.WAIT,
            30_000,
            id="idle from the last end",
        ),
        pytest.param(
            {"jobs": 3, "is_closed": True, "held_ms": NOW + 7}, Step.WAIT, 7, id="held for a retry"
        ),
        pytest.param(
            {"jobs": 3, "is_closed": True, "ends": 3, "charged": 2, "ended_job_ms": NOW - 5},
            Step.WAIT,
            1_000,
            id="a cost is not known yet",
        ),
        pytest.param(
            {"jobs": 3, "is_closed": True, "ends": 3, "charged": 2, "ended_job_ms": NOW - 10_000},
            Step.END,
            None,
            id="a cost that nobody tells",
        ),
        pytest.param({}, Step.WAIT, 86_350_000, id="empty"),
        pytest.param({"created_ms": NOW - 86_400_000}, Step.FORGET, None, id="empty for a day"),
        pytest.param({"jobs": 3, "over_ms": 5}, Step.WAIT, 30_000, id="over"),
    ],
)
def test_what_is_done_of_a_group(known: dict[str, Any], step: Step, in_ms: int | None) -> None:
    wanted = plan(replace(GROUP, **known), NOW, IDLE)
    assert wanted.step is step
    assert in_ms is None or wanted.next_ms == NOW + in_ms


def test_eta_is_known_when_something_has_ended() -> None:
    assert replace(GROUP, jobs=4, under_way=4).eta_ms(NOW) is None
    assert replace(GROUP, jobs=4, under_way=0).eta_ms(NOW) is None
    assert replace(GROUP, jobs=4, under_way=3).eta_ms(NOW) == 150_000


def test_state_and_event_of_a_cancelled_group() -> None:
    cancelled = replace(GROUP, jobs=2, cancelled=2, is_closed=True, is_cancelled=True)
    assert cancelled.state is GroupState.CANCELLING
    event, body = event_of(cancelled, NOW)
    assert event == "group.cancelled"
    assert b'"type":"group.cancelled"' in body
    assert b'"cancelled":2' in body
