"""What a group of jobs is, how it stands, and when it is over. Pure; times are unix ms."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.callbacks.events import group_event
from shared.codecs.moments import iso_date

#: How long its end waits for what the last jobs cost (ms): the history tells it, if it can.
COSTS_MS: Final = 10_000
#: How soon a group is looked at again that waits for its end (ms), and one that does not.
SOON_MS: Final = 1_000
LATER_MS: Final = 30_000
#: How long a group is kept that no job has joined (ms).
EMPTY_MS: Final = 86_400_000


class GroupState(StrEnum):
    """How a group stands."""

    OPEN = "Open"
    CLOSED = "Closed"
    CANCELLING = "Cancelling"
    ENDED = "Ended"


@dataclass(frozen=True, slots=True)
class Group:
    """A group and its counts. `ends` counts ends of jobs, those of jobs tried again several times.

    `charged` says of how many ends the cost is known, `round` how often it came back after its end.
    """

    id: str
    owner: str
    created_ms: int
    joined_ms: int = 0
    reply_to: str = ""
    #: How many jobs close it; 0 when only its owner does.
    size: int = 0
    is_closed: bool = False
    is_cancelled: bool = False
    #: Not over before.
    held_ms: int = 0
    over_ms: int = 0
    ended_job_ms: int = 0
    ends: int = 0
    charged: int = 0
    round: int = 0
    cost_nanos: int = 0
    jobs: int = 0
    under_way: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def state(self) -> GroupState:
        """How it stands."""
        if self.over_ms:
            return GroupState.ENDED
        if self.is_cancelled:
            return GroupState.CANCELLING
        return GroupState.CLOSED if self.is_closed else GroupState.OPEN

    def eta_ms(self, now_ms: int) -> int | None:
        """Return how long it will go on as it has gone so far; None when nobody can know."""
        ended = self.jobs - self.under_way
        if not self.under_way or not ended:
            return None
        return max(0, now_ms - self.created_ms) * self.under_way // ended


class Step(StrEnum):
    """What is to be done of a group that is looked at."""

    END = "end"
    FORGET = "forget"
    CANCEL = "cancel"
    SETTLE = "settle"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done of a group now, and when it is looked at again."""

    step: Step
    next_ms: int


def plan(group: Group, now_ms: int, idle_ms: int) -> Plan:
    """Say what is to be done of a group that is there."""
    if group.over_ms:
        # It goes by itself.
        return Plan(Step.WAIT, now_ms + LATER_MS)
    if group.under_way and group.is_cancelled:
        return Plan(Step.CANCEL, now_ms + SOON_MS)
    if group.under_way:
        return Plan(Step.SETTLE, now_ms + LATER_MS)
    if not group.jobs and not group.is_closed:
        gone_ms = group.created_ms + EMPTY_MS
        return Plan(Step.FORGET if now_ms >= gone_ms else Step.WAIT, gone_ms)
    return _plan_end(group, now_ms, idle_ms)


def _plan_end(group: Group, now_ms: int, idle_ms: int) -> Plan:
    """Say the same of one whose jobs have all ended."""
    ready_ms = _ready_ms(group, idle_ms)
    if now_ms < ready_ms:
        return Plan(Step.WAIT, min(ready_ms, now_ms + LATER_MS))
    if group.charged < group.ends and now_ms < group.ended_job_ms + COSTS_MS:
        return Plan(Step.WAIT, now_ms + SOON_MS)
    return Plan(Step.END, now_ms + SOON_MS)


def _ready_ms(group: Group, idle_ms: int) -> int:
    """Return when a group is over whose jobs have all ended."""
    if group.is_closed:
        return group.held_ms
    return max(group.held_ms, max(group.joined_ms, group.ended_job_ms) + idle_ms)


def event_of(group: Group, now_ms: int) -> tuple[str, bytes]:
    """Return the event of its end: its name and its body."""
    kind = "cancelled" if group.is_cancelled else "completed"
    data = {
        "id": group.id,
        "groupState": GroupState.ENDED,
        "total": group.jobs,
        "completed": group.completed,
        "failed": group.failed,
        "cancelled": group.cancelled,
        "cost": group.cost_nanos / 1_000_000_000,
        "round": group.round,
        "createdDate": iso_date(group.created_ms),
        "endedDate": iso_date(now_ms),
    }
    return f"group.{kind}", group_event(kind, now_ms, data)
