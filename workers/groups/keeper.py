"""Ends groups of jobs, one process at a time in the cluster; where it dies, another goes on.

Each step may be done twice: the script that ends a group tells of it in the same moment, and does
neither for one that has ended. See docs/adr/0070-groups.md.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from typing import Final

from shared.groups.group import LATER_MS, Group, Step, plan
from shared.groups.store import UNDER_WAY, GroupStore
from shared.history.reader import HistoryReader
from shared.jobs.job import JobState
from shared.ledger.commands import Commands
from shared.ledger.reader import Reader
from shared.store import redis_keys as keys
from shared.store.clock import milliseconds
from shared.store.lease import Lease
from shared.store.scripts import ScriptRunner
from workers.process import Process

log = logging.getLogger(__name__)

#: How often it is looked for groups (seconds), and how long the right to it lasts.
GROUPS_S: Final = 0.5
_LEASE_S: Final = 15.0
#: Most groups of one look, and most jobs of one that are cancelled, or looked at, in it.
_MOST: Final = 100
_JOBS: Final = 500


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

    def __call__(self) -> None:
        """Do what is due. Raises redis.RedisError."""
        if not self._lease.hold(self._token, _LEASE_S):
            return
        groups = self._deps.groups
        due = groups.due(_MOST)
        if not due:
            return
        # Before they are read: what happens from now on has them looked at again.
        groups.put_off(due, round(self._deps.process.clock() * 1000) + LATER_MS)
        for name, group in zip(due, groups.read(due), strict=True):
            if group is None:
                groups.forget(*name)
            else:
                self._move(group)
            self._lease.hold(self._token, _LEASE_S)

    def _move(self, group: Group) -> None:
        deps = self._deps
        now_ms = round(deps.process.clock() * 1000)
        wanted = plan(group, now_ms, milliseconds(deps.process.settings.group_idle_s))
        deps.groups.look_again(group, wanted.next_ms)
        if wanted.step is Step.END and deps.groups.end(group, now_ms):
            log.info("group %s: over, %s jobs", group.id, group.jobs)
        elif wanted.step is Step.FORGET:
            deps.groups.forget(group.owner, group.id, is_over=True)
        elif wanted.step is Step.CANCEL:
            self._cancel(group)
        elif wanted.step is Step.SETTLE:
            self._settle(group)

    def _cancel(self, group: Group) -> None:
        deps = self._deps
        ids = deps.groups.jobs(group, [UNDER_WAY], _JOBS)
        for job in deps.reader.summaries(ids):
            if job is not None and job.owner == group.owner and not job.state.has_result:
                deps.commands.cancel(job)
        self._settle(group)

    def _settle(self, group: Group) -> None:
        """Note the ends that nobody told: an older version's, or of a ledger that lost some."""
        deps = self._deps
        ids = deps.groups.jobs(group, [UNDER_WAY], _JOBS)
        found = deps.reader.summaries(ids)
        ended = {
            job_id: "" if job is not None else self._became(group, job_id)
            for job_id, job in zip(ids, found, strict=True)
            if job is None or job.state.is_final
        }
        if ended:
            deps.groups.settle(group, ended)

    def _became(self, group: Group, job_id: int) -> str:
        """Say what became of a job that has left the ledger."""
        job = self._deps.history.get(job_id, group.owner)
        return str(job.state if job is not None else JobState.FAILED)
