"""What the three sides of a run noted: clients, LLM, receiver; and the faults.

Times are unix seconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum

#: How a job's marker stands in its prompt, and so in the LLM's request and answer.
_MARKER = re.compile(rb"<(chaos-\d+)>")

COMPLETED = "Completed"
FINAL = (COMPLETED, "Failed", "Cancelled")


def marker_of(number: int) -> str:
    """Return the marker of a run's n-th job."""
    return f"chaos-{number:06d}"


def marker_in(body: bytes) -> str:
    """Return the marker in a request's body; empty when there is none."""
    found = _MARKER.search(body)
    return found[1].decode() if found else ""


class Kind(StrEnum):
    """How a client uses the gateway."""

    QUEUED = "queued"
    SYNC = "sync"
    CALLBACK = "callback"


@dataclass(slots=True)
class Told:
    """Ledger 1: one job as its client knows it. Its RefId is its marker."""

    marker: str
    kind: Kind
    model: str
    sent_at: float
    #: The LLM fails on this model: Failed is an end that is right.
    may_fail: bool = False
    #: Its client asks to cancel it as soon as it is accepted.
    cancels: bool = False
    #: Every job id that any answer named.
    ids: list[int] = field(default_factory=list)
    accepted_at: float | None = None
    #: The gateway said that it made no job of it, and why: `queue_full`.
    refused: str = ""
    #: The client ended without knowing anything.
    gave_up: bool = False
    #: Answers that a waiting client got: HTTP status and body.
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    #: The state at each reading that found a final one, and the result or error message with it.
    readings: list[tuple[str, bytes]] = field(default_factory=list)
    completed_at: float | None = None
    attempts: int = 0

    @property
    def wants_callback(self) -> bool:
        """Whether the job has a ReplyTo."""
        return self.kind is Kind.CALLBACK

    @property
    def state(self) -> str:
        """The final state as read last; empty when none was."""
        return self.readings[-1][0] if self.readings else ""

    @property
    def result(self) -> bytes:
        """The result or the error's message as read last."""
        return self.readings[-1][1] if self.readings else b""


@dataclass(slots=True)
class LlmCall:
    """Ledger 2: one request that the LLM got."""

    marker: str
    received_at: float
    ended_at: float | None = None
    #: HTTP status; None when no answer was begun.
    status: int | None = None
    answer: bytes = b""
    #: The caller's connection was closed before the answer was ready.
    cut: bool = False


@dataclass(slots=True)
class CallbackSeen:
    """Ledger 3: one POST that the receiver got."""

    marker: str
    webhook_id: str
    job_id: str
    job_state: str
    body: bytes
    #: The signature verified when it came.
    valid: bool
    received_at: float
    status: int = 200
    #: When the receiver answered; None while it has not, and when the sender had gone.
    answered_at: float | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """One fault or repair that was made.

    `kill`, `start`, `freeze`, `resume`, `drop`, `ended`; `demote`, `promote`, `fill`, `empty`.
    """

    at: float
    action: str
    role: str
    kind: str


@dataclass(frozen=True, slots=True)
class Response:
    """An answer to a client that was none for its job; status 0 when the connection failed."""

    at: float
    took_s: float
    status: int
    code: str
    #: It came to a call that may have been waiting for its job.
    waited: bool = False


@dataclass(slots=True)
class Ledgers:
    """All that was noted in a run."""

    told: list[Told] = field(default_factory=list)
    calls: list[LlmCall] = field(default_factory=list)
    callbacks: list[CallbackSeen] = field(default_factory=list)
    happened: list[Happened] = field(default_factory=list)
    failures: list[Response] = field(default_factory=list)
    #: When the gateway took a job.
    accepts: list[float] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Yield every entry as a line of JSON, in the order of time."""
        for at, name, row in sorted(self._entries(), key=lambda entry: entry[0]):
            text = {"at": round(at, 3), "entry": name, **row}
            yield json.dumps(text, default=lambda value: value.decode("utf-8", "replace")) + "\n"

    def _entries(self) -> Iterator[tuple[float, str, dict[str, object]]]:
        for name, rows, moment in (
            ("told", self.told, "sent_at"),
            ("call", self.calls, "received_at"),
            ("callback", self.callbacks, "received_at"),
            ("fault", self.happened, "at"),
            ("failure", self.failures, "at"),
        ):
            yield from ((getattr(row, moment), name, asdict(row)) for row in rows)
