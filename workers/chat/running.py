"""The attempts that run in this process: whose leases to renew, and how to abort one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

import gevent
from greenlet import greenlet

from shared.jobs.moves import Claim


class AbortReason(StrEnum):
    """Why a call is broken off."""

    CANCELLED = "cancelled"
    LEASE_LOST = "lease lost"


class Aborted(BaseException):
    """The call was broken off. Not an Exception: no library may swallow it on its way."""

    def __init__(self, reason: AbortReason) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(slots=True)
class RunningAttempt:
    """A job on which this process works. `claim` is that of its present attempt."""

    claim: Claim
    caller: greenlet | None = None


class Running:
    """All attempts of this process, by job id."""

    def __init__(self) -> None:
        self._entries: dict[int, RunningAttempt] = {}

    @contextmanager
    def attempt(self, claim: Claim) -> Iterator[RunningAttempt]:
        """Keep the leases of the attempt, and of those that follow it, while the block runs."""
        entry = RunningAttempt(claim)
        self._entries[claim.id] = entry
        try:
            yield entry
        finally:
            # A later attempt of the same job may run here by now.
            if self._entries.get(claim.id) is entry:
                del self._entries[claim.id]

    @contextmanager
    def abortable(self, claim: Claim) -> Iterator[None]:
        """Let `abort` raise Aborted inside the block: at once, also out of a blocking call."""
        entry = self._entries[claim.id]
        entry.caller = gevent.getcurrent()
        try:
            yield
        finally:
            entry.caller = None

    def leased(self) -> list[tuple[int, int]]:
        """Return (job id, attempt) of all that run."""
        return [(job_id, entry.claim.attempt) for job_id, entry in self._entries.items()]

    def calling(self) -> list[tuple[str, int]]:
        """Return (provider, job id) of all that run."""
        return [(entry.claim.chosen, job_id) for job_id, entry in self._entries.items()]

    def claims(self) -> list[Claim]:
        """Return the claims of all attempts that run."""
        return [entry.claim for entry in self._entries.values()]

    def abort_all(self, reason: AbortReason) -> None:
        """Break off all calls."""
        for job_id in list(self._entries):
            self.abort(job_id, reason)

    def abort(self, job_id: int, reason: AbortReason) -> None:
        """Break off the call of this job, if it is in one. Raising closes the call's socket."""
        entry = self._entries.get(job_id)
        if entry is not None:
            gevent.get_hub().loop.run_callback(_throw, entry, Aborted(reason))


def _throw(entry: RunningAttempt, error: Aborted) -> None:
    """Runs in the hub: the block cannot end between the look and the throw."""
    if entry.caller is not None:
        entry.caller.throw(error)
