"""What the moves of a job take and tell: claims, results, and what became of a wish."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from shared.errors import Failure
from shared.jobs.job import JobState, failure_body
from shared.operation import Operation
from shared.wire.queueing.flow_control import Flow


@dataclass(frozen=True, slots=True)
class Accepted:
    """The job that stands for a request; `is_new` is False when its RefId was known."""

    id: int
    is_new: bool


class Making(NamedTuple):
    """Who made an answer, empty if nobody was asked; and which fields it could not follow."""

    provider: str = ""
    adjusted: str = ""


class Answer(NamedTuple):
    """What a job came to, for who waits for it. Times are unix milliseconds."""

    job_id: int
    status: int
    response: bytes | None
    error: bytes | None
    created_ms: int
    executed_ms: int
    made: Making


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make one attempt. `attempt` is the fence: later moves must name it."""

    id: int
    attempt: int
    ref_id: str
    model: str
    provider: str
    request: bytes
    now_ms: int
    deadline_ms: int
    streamed: bool = False
    operation: Operation = Operation.CHAT
    #: Name of the provider to call; empty when none could ever answer.
    chosen: str = ""
    #: Providers that failed this job before.
    failed: tuple[str, ...] = ()
    #: Attempts made before the job was retried; they do not count against its budget.
    attempts_before: int = 0
    #: Its flow key; empty for none.
    flow: str = ""
    owner: str = ""
    #: Where its client reached the gateway; empty where nobody will ask.
    base_url: str = ""

    @property
    def try_number(self) -> int:
        """Which attempt this is since the job was queued, from 1."""
        return self.attempt - self.attempts_before


@dataclass(frozen=True, slots=True)
class Result:
    """What an attempt leaves in the job: a response, or the error body, with its HTTP status."""

    outcome: JobState
    status: int
    body: bytes

    @classmethod
    def response(cls, body: bytes) -> Result:
        """Return the result of a job that was answered."""
        return cls(JobState.COMPLETED, 200, body)

    @classmethod
    def failure(cls, failure: Failure, *, cancelled: bool = False) -> Result:
        """Return the result of a job that was not."""
        outcome = JobState.CANCELLED if cancelled else JobState.FAILED
        return cls(outcome, failure.status, failure_body(failure))


@dataclass(frozen=True, slots=True)
class Position:
    """Where a job stands in line, and how fast the line moves (claims per second)."""

    before: int
    per_second: float

    @property
    def start_in_s(self) -> float | None:
        """When the job may start (seconds from now); None when the line does not move."""
        return self.before / self.per_second if self.per_second > 0 else None


@dataclass(frozen=True, slots=True)
class FlowStanding:
    """How the flow key of a job stands: how many run, and how many of its model are parked.

    `before` are those of them that are before this one; None when it is not parked.
    """

    flow: Flow
    running: int
    waiting: int
    before: int | None


class Renewal(StrEnum):
    """What became of a lease that was to be renewed."""

    RENEWED = "renewed"
    CANCEL = "cancel"
    LOST = "lost"


class Executed(StrEnum):
    """What became of a result that was to be stored."""

    EXECUTED = "executed"
    ALREADY = "already"
    REFUSED = "refused"


class Retried(StrEnum):
    """What became of the wish to try a job again after its end."""

    QUEUED = "queued"
    #: It has not failed.
    KEPT = "kept"
    #: Its group is being cancelled.
    CANCELLING = "cancelling"
    #: It is not in the ledger.
    UNKNOWN = "unknown"


class Deferred(StrEnum):
    """What became of a job that was to be tried later."""

    DEFERRED = "deferred"
    CANCEL = "cancel"
    REFUSED = "refused"


class NoFailOver(StrEnum):
    """Why an attempt that failed is not followed by another at once."""

    NONE = "none"
    CANCEL = "cancel"
    REFUSED = "refused"


class Cancelled(StrEnum):
    """What became of a wish to cancel."""

    CANCELLED = "cancelled"
    ABORTING = "aborting"
    ENDED = "ended"
