"""Which jobs a schedule makes: over changes of the clocks, after outages, whatever the policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.codecs.moments import EARLIEST_MS, LATEST_MS
from shared.schedules.cron import check_cron, check_zone, next_time, times_between
from shared.schedules.schedule import MOST_MISSED, CatchUp, Schedule, next_of, plan

MINUTE_MS = 60_000


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def shown(times: list[int]) -> list[str]:
    return [datetime.fromtimestamp(one / 1000, UTC).strftime("%d %H:%M") for one in times]


def schedule(cron: str, zone: str = "UTC", next_ms: int | None = None, **more: Any) -> Schedule:
    return Schedule("sched_1", "key_1", "", cron, zone, "", "", 0, next_ms=next_ms, **more)


def made(one: Schedule, start: int, end: int, *, step_ms: int = 1_000) -> Iterator[int]:
    """Let ticks look at a schedule from one moment to another; give the times of its jobs."""
    one = replace(one, next_ms=next_time(one.cron, one.zone, start))
    for now_ms in range(start, end, step_ms):
        found = plan(one, now_ms)
        yield from found.times
        one = replace(one, next_ms=found.next_ms)


@pytest.mark.parametrize(
    ("cron", "zone", "start", "end", "due"),
    [
        pytest.param(
            "30 2 * * *",
            "Europe/Berlin",
            "2026-03-28T12:00",
            "2026-03-30T12:00",
            ["29 01:00", "30 00:30"],
            id="Berlin, forward: a time that is left out is due behind the gap",
        ),
        pytest.param(
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00",
            "2026-10-26T12:00",
            ["25 00:30", "26 01:30"],
            id="Berlin, back: a time that comes twice is due once",
        ),
        pytest.param(
            "59 2 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00",
            "2026-10-26T12:00",
            ["25 00:59", "26 01:59"],
            id="Berlin, back: so is the last minute before clocks are set back",
        ),
        pytest.param(
            "30 2 * * *",
            "America/New_York",
            "2026-03-07T12:00",
            "2026-03-09T12:00",
            ["08 07:00", "09 06:30"],
            id="New York, forward",
        ),
        pytest.param(
            "30 1 * * *",
            "America/New_York",
            "2026-10-31T12:00",
            "2026-11-02T12:00",
            ["01 05:30", "02 06:30"],
            id="New York, back",
        ),
        pytest.param(
            "0 * * * *",
            "Europe/Berlin",
            "2026-03-29T00:00",
            "2026-03-29T03:00",
            ["29 01:00", "29 02:00"],
            id="each hour of the day that has 23",
        ),
        pytest.param(
            "0 * * * *",
            "Europe/Berlin",
            "2026-10-24T23:30",
            "2026-10-25T03:30",
            ["25 00:00", "25 01:00", "25 02:00", "25 03:00"],
            id="each hour of the day that has 25",
        ),
        pytest.param(
            "0 9 * * 1-5",
            "Asia/Kolkata",
            "2026-05-01T00:00",
            "2026-05-05T00:00",
            ["01 03:30", "04 03:30"],
            id="a zone off by half an hour, working days",
        ),
    ],
)
def test_each_time_makes_one_job_over_a_change_of_the_clocks(
    cron: str, zone: str, start: str, end: str, due: list[str]
) -> None:
    every_minute = list(made(schedule(cron, zone), ms(start), ms(end), step_ms=MINUTE_MS // 2))
    assert shown(every_minute) == due
    assert shown(times_between(cron, zone, ms(start), ms(end) - 1, 100)) == due


@pytest.mark.parametrize(
    ("policy", "due"),
    [
        pytest.param(CatchUp.SKIP, [], id="skip"),
        pytest.param(CatchUp.ONCE, ["01 13:00"], id="once: the latest"),
        pytest.param(
            CatchUp.ALL,
            ["01 12:10", "01 12:20", "01 12:30", "01 12:40", "01 12:50", "01 13:00"],
            id="all",
        ),
    ],
)
def test_what_an_hours_outage_missed_is_made_up_for_as_the_policy_says(
    policy: CatchUp, due: list[str]
) -> None:
    one = schedule("*/10 * * * *", next_ms=ms("2026-05-01T12:10"), catch_up=policy)
    found = plan(one, ms("2026-05-01T13:05"))
    assert shown(found.times) == due
    assert found.next_ms == ms("2026-05-01T13:10")


@pytest.mark.parametrize("policy", CatchUp)
def test_outage_over_a_change_of_the_clocks_is_made_up_for_as_the_policy_says(
    policy: CatchUp,
) -> None:
    twice = schedule("0 * * * *", "Europe/Berlin", ms("2026-10-25T01:00"), catch_up=policy)
    found, missed = plan(twice, ms("2026-10-25T02:30")), ["25 01:00", "25 02:00"]
    wanted = {CatchUp.SKIP: [], CatchUp.ONCE: missed[-1:], CatchUp.ALL: missed}
    assert (shown(found.times), found.next_ms) == (wanted[policy], ms("2026-10-25T03:00"))
    left_out = schedule("30 2 * * *", "America/New_York", ms("2026-03-08T07:00"), catch_up=policy)
    found = plan(left_out, ms("2026-03-08T07:30"))
    assert shown(found.times) == ([] if policy is CatchUp.SKIP else ["08 07:00"])
    assert found.next_ms == ms("2026-03-09T06:30")


@pytest.mark.parametrize("policy", CatchUp)
def test_time_that_is_only_late_is_not_missed(policy: CatchUp) -> None:
    one = schedule("*/10 * * * *", next_ms=ms("2026-05-01T12:10"), catch_up=policy)
    assert shown(plan(one, ms("2026-05-01T12:10:59")).times) == ["01 12:10"]


def test_what_runs_now_makes_up_once_for_those_before() -> None:
    one = schedule("*/10 * * * *", next_ms=ms("2026-05-01T12:10"), catch_up=CatchUp.ONCE)
    assert shown(plan(one, ms("2026-05-01T13:00:30")).times) == ["01 13:00"]


def test_what_was_missed_in_an_hours_first_pass_is_made_up_for_in_its_second() -> None:
    one = schedule("30 2 * * *", "Europe/Berlin", next_ms=ms("2026-10-25T00:30"))
    found = plan(one, ms("2026-10-25T01:10"))
    assert shown([*found.times, found.next_ms or 0]) == ["25 00:30", "26 01:30"]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("moment_ms", [EARLIEST_MS, LATEST_MS])
def test_years_have_an_end(zone: str, moment_ms: int) -> None:
    following = next_time("0 0 1 1 *", zone, moment_ms)
    assert following is None or following > moment_ms == EARLIEST_MS
    assert times_between("0 0 1 1 *", zone, moment_ms - 1, moment_ms, 9)[1:] == []


def test_time_that_has_come_is_not_lost_by_a_change_of_something_else() -> None:
    due_ms, now_ms = ms("2026-05-01T12:10"), ms("2026-05-01T13:05")
    one = schedule("*/10 * * * *", next_ms=due_ms)
    assert next_of(one, replace(one, name="nightly", request="{}"), now_ms) == due_ms
    changes: list[dict[str, Any]] = [{"cron": "*/20 * * * *"}, {"zone": "Asia/Tokyo"}]
    for change in changes:
        following = next_of(one, replace(one, **change), now_ms)
        assert following is not None
        assert following > now_ms
    paused = replace(one, paused=True, next_ms=None)
    assert next_of(one, paused, now_ms) is None
    assert next_of(paused, replace(paused, paused=False), now_ms) == ms("2026-05-01T13:10")


def test_years_outage_is_bounded_and_quick() -> None:
    one = schedule("* * * * *", next_ms=ms("2025-05-01T12:10"), catch_up=CatchUp.ALL)
    found = plan(one, ms("2026-05-01T12:00:30"))
    assert len(found.times) == MOST_MISSED + 1
    assert shown(found.times[-1:]) == ["01 12:00"]


def test_paused_or_early_schedule_makes_nothing() -> None:
    assert plan(schedule("* * * * *"), 10**13) == ([], None)
    assert plan(schedule("* * * * *", next_ms=500), 499) == ([], 500)


def test_jitter_is_the_same_for_who_asks_again_and_within_its_bounds() -> None:
    one = schedule("* * * * *", jitter_s=60)
    drawn = [one.delay_s(n * MINUTE_MS) for n in range(200)]
    assert drawn == [one.delay_s(n * MINUTE_MS) for n in range(200)]
    assert 0 <= min(drawn) < 10
    assert 50 < max(drawn) < 60


@pytest.mark.parametrize(
    ("given", "kept"),
    [("@daily", "0 0 * * *"), (" 0  9 * * MON-FRI ", "0 9 * * MON-FRI"), ("0 0 L * *",) * 2],
)
def test_cron_is_read(given: str, kept: str) -> None:
    assert check_cron(given) == kept


@pytest.mark.parametrize(
    "given", ["", "* * * *", "* * * * * *", "61 * * * *", "@reboot", "0 0 31 2 *", "x y z a b"]
)
def test_cron_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match=r"must have five|is no cron|never due"):
        check_cron(given)


def test_zone_is_refused_by_name() -> None:
    assert check_zone("Europe/Berlin") == "Europe/Berlin"
    for bad in ("Mars", "../etc/passwd", "", "europe/berlin "):
        with pytest.raises(ValueError, match="Europe/Berlin"):
            check_zone(bad)
