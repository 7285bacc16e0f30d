"""When a cron expression is due in a time zone. Pure.

As Debian's cron does it (https://manpages.debian.org/cron.8): a fixed time that a change of the
clocks leaves out is due right behind the gap, one that comes twice once; `*` follows the wall.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cronsim import CronSim, CronSimError

#: What else people write; they mean these.
_NAMES: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_FIELDS: Final = 5
#: It looks at whole minutes; and longer than any hours last that come twice.
_MINUTE: Final = timedelta(minutes=1)
_LONGEST_FOLD: Final = timedelta(hours=3)


def check_cron(text: str) -> str:
    """Return the expression in five fields. Raises ValueError."""
    expression = _NAMES.get(text.strip().lower(), " ".join(text.split()))
    if len(expression.split()) != _FIELDS:
        raise ValueError("must have five fields: minute hour day-of-month month day-of-week")
    try:
        next(CronSim(expression, datetime(2026, 1, 1, tzinfo=UTC)))
    except CronSimError as exc:
        raise ValueError(f"is no cron expression: {str(exc).lower()}") from exc
    except StopIteration:
        raise ValueError("is never due") from None
    return expression


def check_zone(name: str) -> str:
    """Return the name of a time zone. Raises ValueError."""
    if name not in _zones():
        raise ValueError("must be a time zone such as Europe/Berlin or UTC")
    return name


class ZoneGone(Exception):
    """A time zone that was known is not: this machine's list of them is another."""


def next_time(cron: str, zone: str, after_ms: int) -> int | None:
    """Return the first time that it is due after this moment (unix ms); None for never again.

    Raises ZoneGone.
    """
    return next(_times(cron, zone, after_ms), None)


def times_between(cron: str, zone: str, after_ms: int, until_ms: int, most: int) -> list[int]:
    """Return the last times, at most so many, that it is due after one moment until another.

    Raises ZoneGone.
    """
    found: list[int] = []
    # Seconds are zero: what is due just now is before the next millisecond.
    for due in _times(cron, zone, until_ms + 1, backwards=True):
        if due <= after_ms or len(found) == most:
            break
        found.append(due)
    return found[::-1]


def _times(cron: str, zone: str, from_ms: int, *, backwards: bool = False) -> Iterator[int]:
    try:
        known = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise ZoneGone(f"the time zone {zone} is not known here") from exc
    try:
        begin = _begin(known, from_ms, backwards=backwards)
        for moment in CronSim(cron, begin, reverse=backwards):
            due = round(moment.timestamp() * 1000)
            if (backwards and due >= from_ms) or (not backwards and due <= from_ms):
                continue
            yield due
    except (OverflowError, ValueError):
        # It has come to the end of the years that a date can say.
        return


def _begin(zone: ZoneInfo, from_ms: int, *, backwards: bool) -> datetime:
    """Return from where to look: backwards from later, what is not past yet is left out."""
    begin = datetime.fromtimestamp(from_ms / 1000, UTC)
    if not backwards:
        return begin.astimezone(zone)
    local = (begin + _MINUTE).astimezone(zone)
    # In its second pass an hour's clock is behind fixed times that were due in the first one.
    return (begin + _LONGEST_FOLD).astimezone(zone) if local.fold else local


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
