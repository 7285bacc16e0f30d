"""Looks which schedules are due, and has their jobs made.

Runs in every completion worker. The job of a time has a RefId of schedule and time, so it is one,
whoever makes it; then the schedule goes on to its next time, if nobody else has taken it there.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import Final

from shared.database.database import Database
from shared.errors import RefIdConflict, ServiceError
from shared.history.writer import HistoryWriter
from shared.jobs.job import NewJob
from shared.ledger.job_store import JobStore
from shared.named_error import named
from shared.providers.provider import Registry
from shared.queues import names as task_names
from shared.schedules.cron import ZoneGone
from shared.schedules.schedule import Schedule, plan
from shared.schedules.store import ScheduleStore
from shared.schedules.template import call_of
from shared.store.complaints import Complaints, concerns_all
from workers.process import Process
from workers.routing.keys_now import key_now
from workers.routing.stored_calls import allowance_of, check_served, passes_by_itself, standing_of

log = logging.getLogger(__name__)

#: How often it is looked for schedules (seconds), how many are read at once, and how often in one
#: look: then it goes on behind the last one, for some may have no room for long.
SCHEDULES_S: Final = 1.0
_MOST: Final = 100
_PAGES: Final = 10


@dataclass(slots=True)
class Turn:
    """Behind which schedule the next look begins; None for the first one."""

    after: Schedule | None = None


@dataclass(frozen=True, slots=True)
class ScheduleDeps:
    """The stores, and who serves which model. `jobs` may give ids, as the gateway does."""

    process: Process
    registry: Registry
    database: Database
    schedules: ScheduleStore
    jobs: JobStore
    turn: Turn = field(default_factory=Turn)
    complaints: Complaints = field(default_factory=lambda: Complaints(log, "schedule"))


def schedule_deps(process: Process, registry: Registry, database: Database) -> ScheduleDeps:
    """Return what it works with in this process, on this database."""
    last_id = HistoryWriter(database).last_id
    jobs = JobStore(process.redis, process.settings, known_id=last_id)
    return ScheduleDeps(process, registry, database, ScheduleStore(database), jobs)


class _Later(Exception):
    """There is no room now: the time is tried again."""


def run_schedules(deps: ScheduleDeps) -> None:
    """Make the jobs of all that is due. Raises redis.RedisError, DatabaseUnavailable."""
    now_ms = round(deps.process.clock() * 1000)
    for _ in range(_PAGES):
        due = deps.schedules.due(now_ms, _MOST, deps.turn.after)
        for schedule in due:
            _run_alone(deps, schedule, now_ms)
        deps.turn.after = due[-1] if len(due) == _MOST else None
        if deps.turn.after is None:
            return


def _run_alone(deps: ScheduleDeps, schedule: Schedule, now_ms: int) -> None:
    """Make the jobs of one. What is wrong with it is told, and holds up no other."""
    if not schedule.is_readable:
        deps.complaints.note(schedule.id, schedule.problem)
        return
    try:
        _run(deps, schedule, now_ms)
    except _Later as exc:
        _note(deps, schedule, str(exc))
    except ZoneGone as exc:
        _note(deps, schedule, f"not run: {exc}")
    except Exception as exc:
        if concerns_all(exc):
            raise
        if deps.complaints.note(schedule.id, named(exc)):
            told = f"not run: {type(exc).__name__}; the workers' log says more"
            _note(deps, schedule, told)
    else:
        deps.complaints.settle(schedule.id)


def _run(deps: ScheduleDeps, schedule: Schedule, now_ms: int) -> None:
    """Make the jobs of its times, then go on to the next: a death between repeats both."""
    key, wanted = key_now(deps.database, schedule.key_id, now_ms), plan(schedule, now_ms)
    if key.lost:
        log.warning("schedule %s: paused: %s", schedule.id, key.lost)
        deps.schedules.save(replace(schedule, paused=True, next_ms=None, problem=key.lost))
        return
    found = key.rights_of(schedule)
    for due_ms in wanted.times:
        found = _made(deps, found, due_ms)
    deps.schedules.save(replace(found, next_ms=wanted.next_ms))


def _made(deps: ScheduleDeps, schedule: Schedule, due_ms: int) -> Schedule:
    """Make the job of a time, and return the schedule as it is then. Raises _Later."""
    try:
        job_id = deps.jobs.accept(_new_job(deps, schedule, due_ms)).id
    except RefIdConflict:
        # There is its job, made before the schedule was changed.
        return replace(schedule, last_ms=due_ms)
    except ServiceError as exc:
        told = f"{exc.code}: {exc.message}"
        if passes_by_itself(exc):
            raise _Later(told) from exc
        log.warning("schedule %s: no job for %s: %s", schedule.id, schedule.ref_id(due_ms), told)
        return replace(schedule, last_ms=due_ms, problem=told)
    number = schedule.jobs + 1
    return replace(schedule, last_ms=due_ms, last_job=job_id, jobs=number, problem="")


def _note(deps: ScheduleDeps, schedule: Schedule, problem: str) -> None:
    if problem != schedule.problem:
        log.warning("schedule %s: not yet: %s", schedule.id, problem)
        deps.schedules.save(replace(schedule, problem=problem))


def _new_job(deps: ScheduleDeps, schedule: Schedule, due_ms: int) -> NewJob:
    call = call_of(schedule)
    check_served(deps.registry, schedule, call)
    longest_s, delay_s = deps.process.settings.job_timeout_s, schedule.delay_s(due_ms)
    tier, weight = standing_of(schedule, call)
    return NewJob(
        owner=schedule.owner,
        ref_id=schedule.ref_id(due_ms),
        model=call.chat.model,
        request=call.chat.body.encode("utf-8"),
        fingerprint=call.fingerprint(),
        priority=task_names.QUEUED,
        timeout_s=min(longest_s, call.timeout_s or longest_s),
        tag=call.tag or "",
        provider=call.provider or "",
        reply_to=call.reply_to or "",
        operation=call.chat.operation,
        base_url=schedule.base_url,
        allowance=allowance_of(schedule, call),
        tier=tier,
        weight=weight,
        run_after=str(due_ms + round(delay_s * 1000)) if delay_s else "",
        flow=call.flow,
    )
