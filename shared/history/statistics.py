"""Sums of what jobs took: by model, provider, tag, key, day or month, from the sums of each day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Table, func, select

from shared.database.database import Database
from shared.history.rows import Row, day_of
from shared.history.tables import (
    LATENCY_BOUNDS_MS,
    LATENCY_COLUMNS,
    SUMS,
    usage_daily,
    usage_key_daily,
    usage_tag_daily,
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class GroupBy(StrEnum):
    """What each sum is of."""

    MODEL = "model"
    PROVIDER = "provider"
    TAG = "tag"
    OWNER = "owner"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Span:
    """Jobs created from day to day, both included, counted from 1970-01-01 in UTC."""

    owner: str | None = None
    from_day: int | None = None
    to_day: int | None = None

    @classmethod
    def of(cls, owner: str | None, from_ms: int | None, to_ms: int | None) -> Span:
        """Return the days that these moments are in."""
        days = [None if moment is None else day_of(moment) for moment in (from_ms, to_ms)]
        return cls(owner, *days)


@dataclass(frozen=True, slots=True)
class UsageSum:
    """One group's sum. Times are milliseconds."""

    name: str
    sums: Row
    #: How many answers came within each of LATENCY_BOUNDS_MS, and how many later.
    latencies: tuple[int, ...] = field(default=())

    @property
    def tokens_per_second(self) -> float:
        """Completion tokens a second of the LLMs' time."""
        seconds = self.sums["duration_ms"] / 1000
        return self.sums["completion_tokens"] / seconds if seconds else 0.0

    def percentile_ms(self, share: float) -> int | None:
        """Return the time within which this share of the answers came; None when unknown."""
        return percentile_ms(self.latencies, share)


class Statistics:
    """Reads sums. Raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by(self, group: GroupBy, span: Span) -> list[UsageSum]:
        """Return a sum for each of the group's names, in their order; days and months by time."""
        statement = sums_statement(group, span)

        def read(connection: Connection) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in connection.execute(statement)]

        found: dict[str, list[tuple[int, ...]]] = {}
        for value, *numbers in self._database.search(read):
            found.setdefault(_name(group, value), []).append(tuple(numbers))
        return [_sum(name, rows) for name, rows in found.items()]


def sums_statement(group: GroupBy, span: Span) -> Select[Any]:
    """Return the statement that sums up by a group; months are summed up from days."""
    table = _table(group, span)
    name = table.c["day" if group is GroupBy.MONTH else group]
    numbers = SUMS if group is GroupBy.TAG else (*SUMS, *LATENCY_COLUMNS)
    conditions: list[ColumnElement[bool]] = []
    if span.owner is not None:
        conditions.append(table.c.owner == span.owner)
    if span.from_day is not None:
        conditions.append(table.c.day >= span.from_day)
    if span.to_day is not None:
        conditions.append(table.c.day <= span.to_day)
    sums = [func.sum(table.c[number]).label(number) for number in numbers]
    return select(name.label("name"), *sums).where(*conditions).group_by(name).order_by(name)


def _table(group: GroupBy, span: Span) -> Table:
    """Return the smallest table that tells these apart."""
    if group is GroupBy.TAG:
        return usage_tag_daily
    return usage_daily if span.owner is None and group is not GroupBy.OWNER else usage_key_daily


def percentile_ms(latencies: Iterable[int], share: float) -> int | None:
    """Estimate a percentile from counts, taking answers as spread evenly within their bounds."""
    counts = list(latencies)
    wanted, seen, lower = sum(counts) * share, 0, 0
    if not wanted:
        return None
    for count, upper in zip(counts, LATENCY_BOUNDS_MS, strict=False):
        if count and seen + count >= wanted:
            return round(lower + (upper - lower) * (wanted - seen) / count)
        seen, lower = seen + count, upper
    return LATENCY_BOUNDS_MS[-1]


def _name(group: GroupBy, value: Any) -> str:
    if group not in (GroupBy.DAY, GroupBy.MONTH):
        return str(value)
    date = (_EPOCH + timedelta(days=value)).date().isoformat()
    return date if group is GroupBy.DAY else date[: len("2026-11")]


def _sum(name: str, rows: list[tuple[int, ...]]) -> UsageSum:
    """Add up the rows of one name: sums, then the latency counts if the group has them."""
    # PostgreSQL adds bigints up to a decimal.
    added = [int(sum(column)) for column in zip(*rows, strict=True)]
    sums = dict(zip(SUMS, added, strict=False))
    return UsageSum(name, sums, tuple(added[len(SUMS) :]))
