"""What a schedule is, and which of its times are run now. Pure; times are unix milliseconds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Final, NamedTuple

from shared.codecs.moments import iso_date
from shared.schedules.cron import next_time, times_between

#: Later than this a time counts as missed.
GRACE_MS: Final = 60_000
#: Most missed times that are made up for.
MOST_MISSED: Final = 100


class CatchUp(StrEnum):
    """What is done about times that were missed, because nothing ran."""

    SKIP = "skip"
    ONCE = "once"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule, and the caller it is of. `next_ms` is None while it is paused."""

    id: str
    owner: str
    name: str
    cron: str
    zone: str
    #: The call: the path of its API, and its body as it was written.
    endpoint: str
    request: str
    created_ms: int
    next_ms: int | None = None
    #: Counts the changes: who changes it must have seen it as it is.
    version: int = 0
    reply_to: str = ""
    tag: str = ""
    provider: str = ""
    timeout_s: float | None = None
    jitter_s: int = 0
    catch_up: CatchUp = CatchUp.ONCE
    paused: bool = False
    #: Why nothing runs any more, where somebody else than its owner paused it; or what failed.
    problem: str = ""
    last_ms: int = 0
    last_job: int = 0
    jobs: int = 0
    #: Where the gateway was reached, for links.
    base_url: str = ""
    key_id: str = ""
    models: tuple[str, ...] = ()
    limits: Mapping[str, int] | None = None

    def to_json(self) -> str:
        """Return what has no column of its own."""
        return json.dumps({k: v for k, v in asdict(self).items() if k not in COLUMNS})

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Schedule:
        """Read it back. One that nobody can read keeps no other from being read."""
        try:
            return cls._read(row)
        except (ValueError, TypeError, KeyError, AttributeError):
            blank: dict[str, Any] = dict.fromkeys(("name", "cron", "endpoint"), "")
            blank |= {"zone": "UTC", "request": "{}", "paused": True, "problem": _UNREADABLE}
            return cls(**blank, **{name: row[name] for name in COLUMNS})

    @property
    def is_readable(self) -> bool:
        """Whether it is known what it asks for."""
        return bool(self.endpoint)

    @classmethod
    def _read(cls, row: Mapping[str, Any]) -> Schedule:
        known = {field.name for field in fields(cls)}
        document = {k: v for k, v in json.loads(row["document"]).items() if k in known}
        document["models"] = tuple(document["models"])
        document["catch_up"] = CatchUp(document["catch_up"])
        return cls(**document, **{name: row[name] for name in COLUMNS})

    def ref_id(self, due_ms: int) -> str:
        """Return the RefId of the job of a time: whoever makes it, it is one."""
        return f"{self.id}:{iso_date(due_ms)}"

    def delay_s(self, due_ms: int) -> float:
        """Return how much later the job of a time is to run: the same, whoever asks."""
        if not self.jitter_s:
            return 0.0
        drawn = hashlib.sha256(self.ref_id(due_ms).encode()).digest()[:8]
        return int.from_bytes(drawn) / 2**64 * self.jitter_s


_UNREADABLE: Final = "what is kept of it cannot be read: delete it, and make another"
#: The members that the table has as columns.
COLUMNS: Final = ("id", "owner", "next_ms", "version", "created_ms")


def next_of(before: Schedule, changed: Schedule, now_ms: int) -> int | None:
    """Return when a changed schedule is due: a time that has come, and has no job yet, stays."""
    if changed.paused:
        return None
    names = ("cron", "zone", "paused")
    is_same = all(getattr(before, name) == getattr(changed, name) for name in names)
    if is_same and before.next_ms is not None:
        return before.next_ms
    return next_time(changed.cron, changed.zone, now_ms)


class Plan(NamedTuple):
    """Which times to make jobs for now, and when to look again; None for never."""

    times: list[int]
    next_ms: int | None


def plan(schedule: Schedule, now_ms: int) -> Plan:
    """Say what is to be done of a schedule that is due."""
    first = schedule.next_ms
    if first is None or first > now_ms:
        return Plan([], first)
    cron, zone = schedule.cron, schedule.zone
    due = times_between(cron, zone, first - 1, now_ms, MOST_MISSED + 1)
    on_time = [one for one in due if now_ms - one <= GRACE_MS]
    missed = [one for one in due if now_ms - one > GRACE_MS][-MOST_MISSED:]
    if schedule.catch_up is CatchUp.SKIP or (schedule.catch_up is CatchUp.ONCE and on_time):
        # What runs now makes up for those before it.
        missed = []
    elif schedule.catch_up is CatchUp.ONCE:
        missed = missed[-1:]
    return Plan([*missed, *on_time], next_time(cron, zone, now_ms))
