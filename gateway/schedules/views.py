"""Schedules: create, change, list, run, delete. Completion workers make their jobs."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from flask import Blueprint

from gateway.base_url import base_url
from gateway.http.routes import Call, route
from gateway.inference.accept import check
from gateway.inference.enqueue import queue_job
from shared.codecs.moments import iso_date
from shared.dtos import catalog
from shared.dtos.bulk import schedules as dtos
from shared.errors import ScheduleNotFound, ValidationFailed
from shared.schedules.cron import ZoneGone, next_time
from shared.schedules.schedule import CatchUp, Schedule, next_of
from shared.schedules.store import ScheduleStore
from shared.schedules.template import call_of
from shared.store.clock import unix_ms

blueprint = Blueprint("schedules", __name__)

#: Most times that one answer shows; and the pause after each, in which others have their turn
#: (seconds).
_MOST_TIMES: Final = 1000
_TURN_S: Final = 1e-6
#: Members of a request that have another name in a schedule, and those that have the same.
_RENAMED = {"time_zone": "zone", "timeout_secs": "timeout_s", "jitter_secs": "jitter_s"}
_SAME = ("name", "cron", "endpoint", "reply_to", "tag", "provider", "catch_up", "paused")


@route(blueprint, catalog.CREATE_SCHEDULE)
def create(call: Call[dtos.CreateSchedule]) -> dtos.JobSchedule:
    """Keep a schedule whose call could be made now."""
    principal, now_ms = call.principal, unix_ms()
    blank = Schedule(
        id=f"sched_{secrets.token_hex(12)}",
        owner=principal.owner,
        created_ms=now_ms,
        base_url=base_url(call.services.settings),
        key_id=principal.key_id,
        models=principal.models,
        limits=principal.limits.to_dict() if principal.limits else None,
        name="",
        cron="",
        zone="",
        endpoint="",
        request="",
    )
    made = _checked(call, blank, now_ms)
    _store(call).create(made)
    return _form(made, 1, now_ms)


@route(blueprint, catalog.UPDATE_SCHEDULE)
def update(call: Call[dtos.UpdateSchedule]) -> dtos.JobSchedule:
    """Change a schedule."""
    while True:
        found, now_ms = _readable(call), unix_ms()
        saved = _store(call).save(_checked(call, found, now_ms))
        # None when its next job was made meanwhile.
        if saved is not None:
            return _form(saved, 1, now_ms)


@route(blueprint, catalog.DELETE_SCHEDULE)
def delete(call: Call[dtos.DeleteSchedule]) -> dtos.DeleteScheduleResponse:
    """Forget a schedule."""
    if not _store(call).delete(call.request.id, _whose(call)):
        raise ScheduleNotFound(field="id")
    return dtos.DeleteScheduleResponse(id=call.request.id)


@route(blueprint, catalog.RUN_SCHEDULE)
def run(call: Call[dtos.RunSchedule]) -> dtos.RunScheduleResponse:
    """Make its call now."""
    found = _readable(call)
    asked = replace(call_of(found), ref_id=call.request.ref_id)
    # Whoever presses the button: the job is its owner's.
    whose = replace(call.principal, owner=found.owner)
    made = queue_job(call.services, whose, asked, catalog.JOB_STATUS)
    return dtos.RunScheduleResponse(id=made.id, ref_id=made.ref_id, status_url=made.status_url)


@route(blueprint, catalog.QUERY_SCHEDULES)
def find(call: Call[dtos.QuerySchedules]) -> dtos.QuerySchedulesResponse:
    """List schedules."""
    asked, after_ms = call.request, unix_ms()
    if asked.id is not None:
        found, total = [_own(call, asked.id)], 1
    else:
        found, total = _store(call).page(_whose(call), asked.skip, asked.take)
    after_ms = after_ms if asked.from_ is None else asked.from_
    times = min(asked.times, max(1, _MOST_TIMES // max(1, len(found))))
    return dtos.QuerySchedulesResponse(
        offset=asked.skip,
        total=total,
        results=[_form(one, times, after_ms) for one in found],
    )


def _store(call: Call[Any]) -> ScheduleStore:
    return ScheduleStore(call.services.database, call.services.settings.text_quota_bytes)


def _whose(call: Call[Any]) -> str | None:
    return None if call.principal.is_admin else call.principal.owner


def _own(call: Call[Any], schedule_id: str) -> Schedule:
    found = _store(call).find(schedule_id, _whose(call))
    if found is None:
        raise ScheduleNotFound(field="id")
    return found


def _readable(call: Call[Any]) -> Schedule:
    found = _own(call, call.request.id)
    if not found.is_readable:
        raise ValidationFailed(f"This schedule is of no use: {found.problem}.", field="id")
    return found


def _changed(schedule: Schedule, asked: dtos.CreateSchedule | dtos.UpdateSchedule) -> Schedule:
    given: dict[str, Any] = {name: getattr(asked, name) for name in _SAME}
    given |= {own: getattr(asked, name) for name, own in _RENAMED.items()}
    if asked.request is not None:
        given["request"] = json.dumps(asked.request, ensure_ascii=False, separators=(",", ":"))
    return replace(schedule, **{k: v for k, v in given.items() if v is not None})


def _checked(call: Call[Any], before: Schedule, now_ms: int) -> Schedule:
    """Return it as the request changes it. Raises what keeps its call from being a job."""
    changed = _changed(before, call.request)
    check(call.services, call.principal, call_of(changed))
    try:
        due_ms = next_of(before, changed, now_ms)
    except ZoneGone as exc:
        raise ValidationFailed(f"timeZone: {exc}", field="timeZone") from exc
    return replace(changed, next_ms=due_ms, problem="")


def _form(schedule: Schedule, times: int, after_ms: int) -> dtos.JobSchedule:
    return dtos.JobSchedule(
        id=schedule.id,
        name=schedule.name,
        cron=schedule.cron,
        time_zone=schedule.zone,
        endpoint=schedule.endpoint,
        request=json.loads(schedule.request),
        reply_to=schedule.reply_to or None,
        tag=schedule.tag or None,
        provider=schedule.provider or None,
        timeout_secs=schedule.timeout_s,
        jitter_secs=schedule.jitter_s,
        catch_up=str(CatchUp(schedule.catch_up)),
        paused=schedule.paused,
        problem=schedule.problem or None,
        created_by=schedule.owner,
        created_date=iso_date(schedule.created_ms),
        next_dates=[] if schedule.paused else list(_dates(schedule, times, after_ms)),
        last_date=iso_date(schedule.last_ms) if schedule.last_ms else None,
        last_job_id=schedule.last_job or None,
        jobs=schedule.jobs,
    )


def _dates(schedule: Schedule, times: int, after_ms: int) -> Iterator[str]:
    with suppress(ZoneGone):
        for _ in range(times):
            due = next_time(schedule.cron, schedule.zone, after_ms)
            if due is None:
                return
            yield iso_date(due)
            after_ms = due
            # A date may take milliseconds, such as the next 29th of February that is a Monday.
            time.sleep(_TURN_S)
