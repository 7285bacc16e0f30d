"""Batches seen as groups: their lines are its jobs."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.exc import IntegrityError

from gateway.batches.listing import eta_s
from gateway.batches.views import GRACE_S, cancel_batch
from gateway.groups.forms import progress
from gateway.http.routes import Call
from shared.artifacts.artifact import Artifact
from shared.batches.batch import Batch, Status
from shared.batches.lines import split
from shared.batches.store import BatchStore
from shared.batches.tables import ANSWERED, AWAY, FAILED, RUNNING, WAITING
from shared.codecs.moments import iso_date
from shared.dtos.bulk.groups import JobGroup, RetryGroup, RetryGroupResponse
from shared.errors import ArtifactNotFound, BatchNotFound, TooManyBatches, ValidationFailed
from shared.groups.group import GroupState
from shared.providers.prices import NANOS
from shared.wire.group_id import BATCH_PREFIX

_HOUR_S: Final = 3600
_CANCELLED: Final = "batch_cancelled"
#: So many lines are looked at before others have their turn, and how long that is (seconds).
_AT_ONCE: Final = 100
_TURN_S: Final = 1e-6


def is_batch(group_id: str) -> bool:
    """Whether a batch is meant."""
    return group_id.startswith(BATCH_PREFIX)


def shown(call: Call[Any], owner: str | None, batch_id: str) -> JobGroup:
    """Return how a batch stands. Raises BatchNotFound, DatabaseUnavailable."""
    return _form(call, _find(call, owner, batch_id))


def cancelled(call: Call[Any], owner: str | None, batch_id: str) -> JobGroup:
    """Cancel a batch; one that has ended stays as it is."""
    batch = _find(call, owner, batch_id)
    if not batch.status.is_final and batch.status is not Status.FINALIZING:
        batch = cancel_batch(_store(call), lambda: _find(call, owner, batch_id))
    return _form(call, batch)


def retried(call: Call[RetryGroup], owner: str | None, batch_id: str) -> RetryGroupResponse:
    """Make a batch of the lines that were not answered; its input is a file of its own.

    While it is under way it is told again: nobody pays twice for having asked twice.
    Raises ValidationFailed for one that has not ended, ArtifactNotFound when its files are gone.
    """
    batch = _find(call, owner, batch_id)
    if not batch.status.is_final:
        raise ValidationFailed(f"A batch that is {batch.status} cannot be retried yet.", field="id")
    if not batch.error_file_id:
        return RetryGroupResponse(id=batch.id, matched=0, retried=0)
    wanted = _unanswered(call, batch)
    if not wanted:
        return RetryGroupResponse(id=batch.id, matched=0, retried=0)
    name, is_there = _next_of(call, batch)
    is_new = not is_there and _again(call, batch, name, wanted)
    return RetryGroupResponse(id=name, matched=len(wanted), retried=len(wanted) if is_new else 0)


def _next_of(call: Call[RetryGroup], batch: Batch) -> tuple[str, bool]:
    """Return the id of the batch of its lines that is next, and whether it is under way."""
    number = 0
    while True:
        told = f"{batch.id} again {number} {call.request.cancelled}"
        name = f"{BATCH_PREFIX}{hashlib.sha256(told.encode()).hexdigest()[:32]}"
        found = _store(call).find(name, batch.owner)
        if found is None or not found.status.is_final:
            return name, found is not None
        number += 1


def _again(call: Call[Any], batch: Batch, name: str, wanted: set[str]) -> bool:
    """Make a batch of that id of these lines; False when somebody else just has."""
    now_s, artifacts = time.time(), call.services.artifacts
    hours = int(batch.completion_window.removesuffix("h"))
    again = Batch(
        id=name,
        owner=batch.owner,
        status=Status.VALIDATING,
        created=now_s,
        endpoint=batch.endpoint,
        input_file_id="",
        expires_at=int(now_s) + hours * _HOUR_S,
        completion_window=batch.completion_window,
        reply_to=batch.reply_to,
        output_expires_s=batch.output_expires_s,
        metadata=batch.metadata,
        models=batch.models,
        key_id=batch.key_id,
        limits=batch.limits,
    )
    source = _file(call, batch.input_file_id)
    file = artifacts.receive(
        _lines(call, source, wanted),
        owner=batch.owner,
        name=f"{batch.id}_again.jsonl",
        purpose=source.purpose,
        expires_s=30 * 24 * _HOUR_S,
        most_bytes=source.size + 1,
    )
    again = replace(again, input_file_id=file.id)
    artifacts.hold(file.id, again.id, hours * _HOUR_S + GRACE_S)
    try:
        _store(call).create(again)
    except IntegrityError:
        artifacts.delete(file.id)
        return False
    except TooManyBatches:
        artifacts.release(again.id)
        artifacts.delete(file.id)
        raise
    return True


def _unanswered(call: Call[RetryGroup], batch: Batch) -> set[str]:
    """Return the names of the lines in the error file."""
    found: set[str] = set()
    for raw in _rows(call, _file(call, batch.error_file_id)):
        line = json.loads(raw)
        error = line.get("error") or {}
        if call.request.cancelled or error.get("code") != _CANCELLED:
            found.add(line["custom_id"])
    return found


def _lines(call: Call[Any], source: Artifact, wanted: set[str]) -> Iterator[bytes]:
    for raw in _rows(call, source):
        if json.loads(raw)["custom_id"] in wanted:
            yield raw + b"\n"


def _rows(call: Call[Any], file: Artifact) -> Iterator[bytes]:
    for number, _, raw in split(call.services.artifacts.read(file)):
        if number % _AT_ONCE == 0:
            time.sleep(_TURN_S)
        if raw and raw.strip():
            yield raw


def _file(call: Call[Any], file_id: str) -> Artifact:
    found = call.services.artifacts.find(file_id)
    if found is None:
        raise ArtifactNotFound("The files of this batch are gone: what it asked is not known.")
    return found


def _find(call: Call[Any], owner: str | None, batch_id: str) -> Batch:
    is_name = len(batch_id) <= 64 and batch_id.isascii() and batch_id.isprintable()  # noqa: PLR2004
    found = _store(call).find(batch_id, owner) if is_name else None
    if found is None:
        raise BatchNotFound(f"No such batch: {batch_id[:64]}", field="id")
    return found


def _store(call: Call[Any]) -> BatchStore:
    return BatchStore(call.services.database)


def _form(call: Call[Any], batch: Batch) -> JobGroup:
    batch, queued, started = _standing(call, batch)
    left, total = queued + started, batch.total
    given_up = 0 if left else max(0, total - batch.completed - batch.failed)
    cost_nanos = call.services.lists.queries.cost_nanos(batch.owner, f"{batch.id}:")
    return JobGroup(
        id=batch.id,
        group_state=_state(batch),
        total=total,
        queued=queued,
        started=started,
        completed=batch.completed,
        failed=batch.failed,
        cancelled=given_up,
        progress=1.0 if batch.status.is_final else progress(total, left),
        eta_secs=eta_s(batch, total - left, time.time()),
        cost=cost_nanos / NANOS if cost_nanos else None,
        reply_to=batch.reply_to or None,
        created_by=batch.owner,
        created_date=iso_date(round(batch.created * 1000)),
        ended_date=_ended(batch),
    )


def _standing(call: Call[Any], batch: Batch) -> tuple[Batch, int, int]:
    """Return a batch with the counts of now, and how many of its lines wait and are under way."""
    counts = {} if batch.status.is_final else _store(call).counts(batch.id)
    if not any(counts.values()):
        return batch, 0, 0
    known = replace(batch, completed=counts[ANSWERED], failed=counts[FAILED])
    # What a provider's own batch has is under way, too.
    return known, counts[WAITING], counts[RUNNING] + counts[AWAY]


def _state(batch: Batch) -> GroupState:
    if batch.status.is_final:
        return GroupState.ENDED
    return GroupState.CANCELLING if batch.status is Status.CANCELLING else GroupState.CLOSED


def _ended(batch: Batch) -> str | None:
    moment_s = batch.times.get(batch.status.value)
    return iso_date(moment_s * 1000) if batch.status.is_final and moment_s else None
