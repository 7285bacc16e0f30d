"""A delivery: one job's callback, where it stands, and the log of its attempts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from shared.jobs.job import JobState


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "Pending"
    DELIVERED = "Delivered"
    STOPPED = "Stopped"
    EXHAUSTED = "Exhausted"
    CANCELLED = "Cancelled"


class Trigger(StrEnum):
    """What an attempt was made for."""

    SCHEDULE = "schedule"
    REPLAY = "replay"
    TEST = "test"


class Replay(StrEnum):
    """What came of asking for a delivery again."""

    #: It starts anew, with its whole schedule.
    QUEUED = "queued"
    #: An attempt runs right now; nothing was changed.
    IN_FLIGHT = "in_flight"
    #: The job has no delivery, or is not kept any more.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One row of a delivery's log. Times are unix milliseconds."""

    #: Its fence.
    number: int
    trigger: str
    started_ms: int
    duration_ms: int
    body_sha256: str
    #: HTTP status; None when no answer came.
    status: int | None = None
    #: Class of the error, a short name that stays: `refused`, `dns`, `tls`, `timeout`, `reset`, …
    error: str = ""
    #: The error in words.
    detail: str = ""
    response_head: str = ""
    #: None when it was the last.
    next_attempt_in_s: float | None = None
    #: When it was due; 0 in rows that were written before this was noted.
    scheduled_ms: int = 0
    #: The address dialled; empty when none was.
    ip: str = ""
    #: What the receiver asked for.
    retry_after_s: float | None = None
    #: The signing keys.
    key_ids: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return the row as it is stored."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, row: str | bytes) -> DeliveryAttempt:
        """Read a stored row, also one of an older or a newer version."""
        known = {k: v for k, v in json.loads(row).items() if k in cls.__dataclass_fields__}
        return cls(**{**known, "key_ids": tuple(known.get("key_ids", ()))})


@dataclass(frozen=True, slots=True)
class DeliveryClaim:
    """The right to make one attempt; `tries` counts the recorded ones of this round before it."""

    id: int
    attempt: int
    tries: int
    url: str
    now_ms: int
    trigger: str = Trigger.SCHEDULE
    scheduled_ms: int = 0
    #: Whether the receiver answered in time when it was last asked.
    proven: bool = False
    #: The key of its owner's list of deliveries, by which endpoints name their owner.
    index: str = ""
    #: Numbers that went to deliveries of earlier results, before the job was retried.
    attempts_before: int = 0

    @property
    def number(self) -> int:
        """Which attempt at this delivery it is; `attempt` is its fence."""
        return self.attempt - self.attempts_before


class Health(StrEnum):
    """What an attempt says of its receiver."""

    ANSWERED = "answered"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    #: There was no connection: that is its host's, whatever the path and the owner.
    UNREACHED = "unreached"
    #: It never got there.
    UNKNOWN = "none"


@dataclass(frozen=True, slots=True)
class NextStep:
    """What follows an attempt: `state` Pending means another one after `delay_s` seconds."""

    state: DeliveryState
    reason: str
    delay_s: float = 0.0
    health: Health = Health.UNKNOWN


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of recording an attempt. `following`: a delivery to the same receiver to claim."""

    recorded: bool
    following: int | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as the ledger holds it. Times are unix milliseconds, 0 for not yet."""

    id: int
    state: DeliveryState
    url: str
    #: The fence of the last attempt begun: numbers go on over all rounds and retries of the job.
    attempt: int
    #: Attempts recorded since it was created or last replayed.
    tries: int
    reason: str
    log: tuple[DeliveryAttempt, ...] = ()
    trigger: str = Trigger.SCHEDULE
    created_ms: int = 0
    #: When the next attempt is due, or the last one was.
    due_ms: int = 0
    ended_ms: int = 0
    #: Numbers that went to deliveries of earlier results, before the job was retried.
    attempts_before: int = 0

    @property
    def attempts(self) -> int:
        """Attempts begun, over all rounds."""
        return self.attempt - self.attempts_before


def told_generation(state: JobState, generation: int) -> int:
    """Return which of a job's results its delivery tells.

    While a job that was queued again is under way, its delivery is still that of the result before.
    """
    return generation if state.is_final else max(0, generation - 1)


def from_hash(job_id: int, fields: Mapping[bytes, bytes], rows: list[bytes]) -> Delivery | None:
    """Read a delivery from its hash and log; None when the hash is empty."""
    if not fields:
        return None
    text: dict[str, Any] = {k.decode(): v.decode() for k, v in fields.items()}
    return Delivery(
        id=job_id,
        state=DeliveryState(text["state"]),
        url=text["url"],
        attempt=int(text["attempt"]),
        tries=int(text["tries"]),
        reason=text.get("reason", ""),
        log=tuple(DeliveryAttempt.from_json(row) for row in rows),
        trigger=text.get("trigger", Trigger.SCHEDULE),
        created_ms=int(text.get("created_ms", 0)),
        due_ms=int(text.get("due_ms", 0)),
        ended_ms=int(text.get("ended_ms", 0)),
        attempts_before=int(text.get("attempts_before", 0)),
    )
