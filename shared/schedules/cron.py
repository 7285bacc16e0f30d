"""When a cron expression is due in a time zone. Pure.

As Debian's cron does it (https://manpages.debian.org/cron.8): a fixed time that a change of the
clocks leaves out is due right behind the gap, one that comes twice once; `*` follows the wall.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

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


def next_time(cron: str, zone: str, after_ms: int) -> int | None:
    """Return the first time that it is due after this moment (unix ms); None for never again."""
    return next(_times(cron, zone, after_ms), None)


def times_between(cron: str, zone: str, after_ms: int, until_ms: int, most: int) -> list[int]:
    """Return the last times, at most so many, that it is due after one moment until another."""
    found: list[int] = []
    # Seconds are zero: what is due just now is before the next millisecond.
    for due in _times(cron, zone, until_ms + 1, backwards=True):
        if due <= after_ms or len(found) == most:
            break
        found.append(due)
    return found[::-1]


def _times(cron: str, zone: str, from_ms: int, *, backwards: bool = False) -> Iterator[int]:
    start = datetime.fromtimestamp(from_ms / 1000, UTC)
    if backwards:
        # It looks at whole minutes: one more, and what is not past yet is left out below.
        start = datetime.fromtimestamp(from_ms / 1000 + 60, UTC)
    for moment in CronSim(cron, start.astimezone(ZoneInfo(zone)), reverse=backwards):
        due = round(moment.timestamp() * 1000)
        if (backwards and due >= from_ms) or (not backwards and due <= from_ms):
            continue
        yield due


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
