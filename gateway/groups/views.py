"""Groups: make, close, read, list, cancel, retry. Completion workers end them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Final

from flask import Blueprint

from gateway.groups import of_batches
from gateway.groups.forms import group_form
from gateway.http.routes import Call, route
from gateway.jobs.many import Again, queue_again
from gateway.jobs.retries import retry_job
from shared.codecs.place import Place, place_of
from shared.dtos import catalog
from shared.dtos.bulk import groups as dtos
from shared.errors import (
    GroupClosed,
    GroupNotFound,
    TooManyGroups,
    ValidationFailed,
)
from shared.groups.group import Group, GroupState
from shared.groups.store import BECAME, GroupStore
from shared.jobs.job import Job, JobState
from shared.security.masked_url import host_alone
from shared.store.clock import milliseconds, unix_ms
from shared.store.scripts import Argument

blueprint = Blueprint("groups", __name__)

#: Most groups of a key, that it may still make one without a job: nothing else bounds these.
_MOST: Final = 10_000
#: Most failed jobs that are named.
_NAMED: Final = 100
#: How long a group does not end while its jobs are queued again (seconds), should this die at it.
_HELD_S: Final = 60.0
#: So many are queued again until it is held anew.
_HELD_JOBS: Final = 100


@route(blueprint, catalog.CREATE_GROUP)
def create(call: Call[dtos.CreateGroup]) -> dtos.JobGroup:
    """Make a group, or say more of it."""
    asked, gateway = call.request, call.services
    if asked.reply_to:
        gateway.settings.callback_targets.check(asked.reply_to)
    group_id = asked.id or f"group_{secrets.token_hex(12)}"
    before = _store(call).find(call.principal.owner, group_id)
    if before is not None and (before.is_closed or before.over_ms):
        raise GroupClosed(field="id")
    if before is None and _store(call).number(call.principal.owner) >= _MOST:
        raise TooManyGroups
    fields: dict[str, Argument] = {}
    if asked.reply_to:
        fields["reply_to"] = asked.reply_to
    if asked.jobs:
        fields["size"] = asked.jobs
        if before is not None and before.jobs >= asked.jobs:
            fields["closed"] = "1"
    _store(call).put(call.principal.owner, group_id, fields, make=True)
    return _shown(call, call.principal.owner, group_id)


@route(blueprint, catalog.CLOSE_GROUP)
def close(call: Call[dtos.CloseGroup]) -> dtos.JobGroup:
    """Let no more jobs join."""
    return _changed(call, {"closed": "1"})


@route(blueprint, catalog.GET_GROUP)
def read(call: Call[dtos.GetGroup]) -> dtos.JobGroup:
    """Say how it stands."""
    if of_batches.is_batch(call.request.id):
        return of_batches.shown(call, _owner_or_any(call), call.request.id)
    return _shown(call, _owner(call), call.request.id)


@route(blueprint, catalog.QUERY_GROUPS)
def find(call: Call[dtos.QueryGroups]) -> dtos.QueryGroupsResponse:
    """List groups."""
    asked, principal, store = call.request, call.principal, _store(call)
    whose = None if principal.sees_all else principal.owner
    found, total = store.page(whose, asked.skip, asked.take)
    now_ms = unix_ms()
    started = store.all_started(found)
    shown = [one if principal.sees_whole(one.owner) else _as_row(one) for one in found]
    results = [group_form(one, its, now_ms) for one, its in zip(shown, started, strict=True)]
    return dtos.QueryGroupsResponse(offset=asked.skip, total=total, results=results)


@route(blueprint, catalog.CANCEL_GROUP)
def cancel(call: Call[dtos.CancelGroup]) -> dtos.JobGroup:
    """Let no more jobs join, and end those that are in it."""
    if of_batches.is_batch(call.request.id):
        return of_batches.cancelled(call, _owner_or_any(call), call.request.id)
    found = _own(call)
    if found.over_ms:
        return _shown(call, found.owner, found.id)
    return _changed(call, {"closed": "1", "cancel": "1"})


@route(blueprint, catalog.RETRY_GROUP)
def retry(call: Call[dtos.RetryGroup]) -> dtos.RetryGroupResponse:
    """Queue again what has failed, up to the limits of the caller's key."""
    asked = call.request
    if of_batches.is_batch(asked.id):
        return of_batches.retried(call, _owner_or_any(call), asked.id)
    group, store = _own(call), _store(call)
    if group.state is GroupState.CANCELLING:
        told = "A group that is being cancelled cannot be retried yet."
        raise ValidationFailed(told, field="id")
    states = [BECAME[JobState.FAILED]]
    if asked.cancelled:
        states.append(BECAME[JobState.CANCELLED])
    try:
        done = _queued_again(call, group, states)
    finally:
        store.put(group.owner, group.id, {"held_ms": 0})
    return dtos.RetryGroupResponse(
        id=group.id,
        matched=done.matched,
        retried=done.retried,
        after=done.after and str(done.after),
    )


def _queued_again(call: Call[dtos.RetryGroup], group: Group, states: Sequence[int]) -> Again:
    """Queue jobs again, the oldest first."""
    store, take, seen = _store(call), call.request.take, count()

    def page(after: Place) -> list[tuple[Place, int]]:
        return [(Place(0, one), one) for one in store.behind(group, states, after.id, take)]

    def retry_one(job_id: int) -> bool:
        if next(seen) % _HELD_JOBS == 0:
            # Else it might end between two of them, and be told of again.
            store.put(group.owner, group.id, {"held_ms": milliseconds(_HELD_S)})
        job = _job(call, group, job_id)
        return job is not None and retry_job(call.services, call.principal, job)

    return queue_again(page, retry_one, after=place_of(call.request.after), take=take)


def _job(call: Call[Any], group: Group, job_id: int) -> Job | None:
    """Return the job, one that left the ledger as the history knows it."""
    job = call.services.jobs.get(job_id)
    if job is None or job.owner != group.owner:
        job = call.services.history.get(job_id, group.owner)
    return None if job is None else replace(job, group=group.id)


def _as_row(group: Group) -> Group:
    """Return what is shown of a group to those who look after all."""
    return replace(group, reply_to=host_alone(group.reply_to))


def _store(call: Call[Any]) -> GroupStore:
    return GroupStore(call.services.redis, call.services.settings)


def _owner(call: Call[Any]) -> str:
    """Return whose group is meant: the caller's, unless an admin says otherwise."""
    named: str | None = call.request.created_by
    return named if named and call.principal.is_admin else call.principal.owner


def _owner_or_any(call: Call[Any]) -> str | None:
    """Return whose batch is meant: ids of batches are no two owners', so an admin need not say."""
    return None if call.principal.is_admin else call.principal.owner


def _own(call: Call[Any]) -> Group:
    found = _store(call).find(_owner(call), call.request.id)
    if found is None:
        raise GroupNotFound(field="id")
    return found


def _changed(call: Call[Any], fields: dict[str, Argument]) -> dtos.JobGroup:
    owner = _owner(call)
    if not _store(call).put(owner, call.request.id, fields):
        raise GroupNotFound(field="id")
    return _shown(call, owner, call.request.id)


def _shown(call: Call[Any], owner: str, group_id: str) -> dtos.JobGroup:
    store = _store(call)
    found = store.find(owner, group_id)
    if found is None:
        raise GroupNotFound(field="id")
    failed = store.jobs(found, [BECAME[JobState.FAILED]], _NAMED) if found.failed else []
    return group_form(found, store.started(found), unix_ms(), failed)
