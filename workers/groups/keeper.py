"""Ends groups of jobs, one process at a time in the cluster; where it dies, another goes on.

Each step may be done twice: the script that ends a group tells of it in the same moment, and does
neither for one that has ended. See docs/adr/0070-groups.md.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.groups.group import LATER_MS, Group, Step, plan
from shared.groups.store import GroupStore
from shared.history.reader import HistoryReader
from shared.jobs.job import Job, JobState
from shared.jobs.moves import Cancelled
from shared.ledger.commands import Commands
from shared.ledger.reader import Reader
from shared.store import redis_keys as keys
from shared.store.clock import milliseconds
from shared.store.complaints import Complaints
from shared.store.lease import Lease
from shared.store.scripts import ScriptRunner
from workers.process import Process

log = logging.getLogger(__name__)

#: How often it is looked for groups (seconds), and how long the right to it lasts.
GROUPS_S: Final = 0.5
_LEASE_S: Final = 15.0
#: Most groups of one look; most jobs of one that are looked at together, and how often in one look
#: while they are cancelled; and most that are cancelled in one round trip.
_MOST: Final = 500
_JOBS: Final = 500
_PAGES: Final = 4
_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class GroupDeps:
    """The groups and their jobs."""

    process: Process
    groups: GroupStore
    reader: Reader
    commands: Commands
    history: HistoryReader


class GroupKeeper:
    """One process's part in it. Call it again and again."""

    def __init__(self, deps: GroupDeps) -> None:
        self._deps = deps
        self._lease = Lease(ScriptRunner(deps.process.redis), keys.GROUPS_LEASE)
        self._token = uuid.uuid4().hex
        self._complaints = Complaints(log, "group")
        #: Of groups that have many jobs under way, how many of these were looked at.
        self._seen: dict[tuple[str, str], int] = {}

    def __call__(self) -> None:
        """Do what is due. Raises redis.RedisError."""
        if not self._lease.hold(self._token, _LEASE_S):
            return
        due = self._deps.groups.due(_MOST)
        if not due:
            return
        now_ms = round(self._deps.process.clock() * 1000)
        for group, step in self._wanted(due, now_ms):
            if step not in (Step.CANCEL, Step.SETTLE):
                self._seen.pop((group.owner, group.id), None)
            # There may be thousands that only wait.
            if step is not Step.WAIT:
                with self._complaints.about(group.id):
                    self._move(group, step, now_ms)
                self._lease.hold(self._token, _LEASE_S)

    def _wanted(self, due: Sequence[tuple[str, str]], now_ms: int) -> list[tuple[Group, Step]]:
        """Say what is to be done of each; note when they are looked at again, all in one step."""
        groups = self._deps.groups
        # Before they are read: what happens from now on has them looked at again.
        groups.put_off(due, now_ms + LATER_MS)
        found = dict(zip(due, groups.read(due), strict=True))
        idle_ms = milliseconds(self._deps.process.settings.group_idle_s)
        plans = [(one, plan(one, now_ms, idle_ms)) for one in found.values() if one is not None]
        groups.look_again({(one.owner, one.id): wanted.next_ms for one, wanted in plans})
        for name in (name for name, group in found.items() if group is None):
            groups.forget(*name)
        return [(one, wanted.step) for one, wanted in plans]

    def _move(self, group: Group, step: Step, now_ms: int) -> None:
        deps = self._deps
        if step is Step.CANCEL:
            self._look_through(group, _PAGES, cancels=True)
        elif step is Step.SETTLE:
            self._look_through(group, 1, cancels=False)
        elif step is Step.END and deps.groups.end(group, now_ms):
            log.info("group %s: over, %s jobs", group.id, group.jobs)
        elif step is Step.FORGET:
            deps.groups.forget(group.owner, group.id, is_over=True)

    def _look_through(self, group: Group, pages: int, *, cancels: bool) -> None:
        """Look at the next jobs that have not ended; behind the last of them begin anew.

        They may be slow, so who looks at the first ones alone would not come to the others.
        """
        name = (group.owner, group.id)
        skip, leaving = self._seen.pop(name, 0), 0
        for _ in range(pages):
            ids = self._deps.groups.under_way(group, skip, _JOBS)
            leaving += self._look_at(group, ids, cancels=cancels)
            skip += len(ids)
            if len(ids) < _JOBS:
                return
            self._lease.hold(self._token, _LEASE_S)
        # What has just ended is on the list no more, the next time.
        self._seen[name] = skip - leaving

    def _look_at(self, group: Group, ids: Sequence[int], *, cancels: bool) -> int:
        """Cancel jobs, and note ends that nobody told; return how many are to leave the list.

        Those may be of an older version, or of a ledger that lost some.
        """
        deps, found = self._deps, self._deps.reader.summaries(ids)
        cancelled = self._cancel([one for one in found if one is not None], group) if cancels else 0
        ended = {
            job_id: "" if job is not None else self._became(group, job_id)
            for job_id, job in zip(ids, found, strict=True)
            if job is None or job.state.is_final
        }
        if ended:
            deps.groups.settle(group, ended)
        return cancelled + len(ended)

    def _cancel(self, jobs: Sequence[Job], group: Group) -> int:
        """Cancel them; return how many waited, and have ended by that."""
        wanted = [job for job in jobs if job.owner == group.owner and not job.state.has_result]
        became: list[Cancelled] = []
        for first in range(0, len(wanted), _AT_ONCE):
            became += self._deps.commands.cancel_all(wanted[first : first + _AT_ONCE])
        return sum(one is Cancelled.CANCELLED for one in became)

    def _became(self, group: Group, job_id: int) -> str:
        """Say what became of a job that has left the ledger."""
        job = self._deps.history.get(job_id, group.owner)
        return str(job.state if job is not None else JobState.FAILED)
