"""OpenAI's batches: create, read, list, cancel. Completion workers do the rest."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Final

from flask import Blueprint

from gateway.files.forms import own_file
from gateway.files.listing import page_fields
from gateway.http.routes import Call, route
from shared.batches.batch import WISH, Batch, Status, Wish, flow_of
from shared.batches.lines import MOST_BYTES
from shared.batches.store import BatchStore
from shared.dtos import catalog
from shared.dtos.media.batches import (
    BatchCounts,
    CancelBatch,
    CreateBatch,
    ListBatches,
    OpenAiBatch,
    OpenAiBatches,
    RetrieveBatch,
)
from shared.dtos.media.files import Purpose
from shared.errors import BatchNotFound, TooManyBatches, ValidationFailed

blueprint = Blueprint("batches", __name__)

#: How long a batch's input is kept for it beyond its time (seconds): until its files are written.
GRACE_S: Final = 86_400.0
_HOUR_S: Final = 3600


@route(blueprint, catalog.CREATE_BATCH)
def create(call: Call[CreateBatch]) -> OpenAiBatch:
    """Keep a batch; its lines are looked at later."""
    asked, gateway = call.request, call.services
    reply_to = asked.replyTo or (asked.metadata or {}).get("reply_to", "")
    if reply_to:
        gateway.settings.callback_targets.check(reply_to)
    flow_of(asked.metadata)
    batch = _new(call, reply_to)
    _check_wish(batch)
    _check_input(call)
    lasts_s = batch.expires_at - batch.created + GRACE_S
    if not gateway.artifacts.hold(asked.input_file_id, batch.id, lasts_s):
        raise ValidationFailed("input_file_id: the file was just deleted", field="input_file_id")
    try:
        gateway_store(call).create(batch)
    except TooManyBatches:
        gateway.artifacts.release(batch.id)
        raise
    return _form(batch)


@route(blueprint, catalog.LIST_BATCHES)
def listing(call: Call[ListBatches]) -> OpenAiBatches:
    """List the caller's batches."""
    asked = call.request
    found = gateway_store(call).page(call.principal.owner, asked.after, asked.limit + 1)
    return OpenAiBatches(**page_fields(found, asked.limit, _form))


@route(blueprint, catalog.RETRIEVE_BATCH)
def retrieve(call: Call[RetrieveBatch]) -> OpenAiBatch:
    """Show a batch."""
    return _form(_own(call, call.request.batch_id))


@route(blueprint, catalog.CANCEL_BATCH)
def cancel(call: Call[CancelBatch]) -> OpenAiBatch:
    """Let no more of a batch begin, and end what runs."""
    return _form(cancel_batch(gateway_store(call), lambda: _own(call, call.request.batch_id)))


def cancel_batch(store: BatchStore, find: Callable[[], Batch]) -> Batch:
    """Let no more of the batch begin that `find` finds. Raises ValidationFailed: it is over."""
    while True:
        batch = find()
        if batch.status is Status.CANCELLING:
            return batch
        if batch.status not in (Status.VALIDATING, Status.IN_PROGRESS):
            raise ValidationFailed(f"A batch that is {batch.status} cannot be cancelled.")
        saved = store.save(_stopped(batch, time.time()))
        if saved is not None:
            return saved


def _stopped(batch: Batch, now_s: float) -> Batch:
    """Return a batch of which no more may begin; one that has not begun is over with that."""
    cancelling = batch.at(Status.CANCELLING, now_s)
    if batch.status is not Status.VALIDATING:
        return cancelling
    return cancelling.at(Status.CANCELLED, now_s, to_tell=True)


def gateway_store(call: Call[object]) -> BatchStore:
    """Return the batches of the gateway."""
    return BatchStore(call.services.database)


def _new(call: Call[CreateBatch], reply_to: str) -> Batch:
    asked, principal, now_s = call.request, call.principal, time.time()
    hours = int(asked.completion_window.removesuffix("h"))
    expiry = asked.output_expires_after
    return Batch(
        id=f"batch_{secrets.token_hex(16)}",
        owner=principal.owner,
        status=Status.VALIDATING,
        created=now_s,
        endpoint=asked.endpoint,
        input_file_id=asked.input_file_id,
        expires_at=int(now_s) + hours * _HOUR_S,
        completion_window=asked.completion_window,
        reply_to=reply_to,
        output_expires_s=expiry.seconds if expiry else None,
        metadata=asked.metadata,
        models=principal.models,
        key_id=principal.key_id,
        limits=principal.limits.to_dict() if principal.limits else None,
    )


def _check_wish(batch: Batch) -> None:
    wish = (batch.metadata or {}).get(WISH, Wish.AUTO)
    if wish not in list(Wish):
        told = f"metadata.{WISH} must be one of {', '.join(Wish)}"
        raise ValidationFailed(told, field=f"metadata.{WISH}")
    if wish == Wish.PROVIDER and (batch.limits or flow_of(batch.metadata)):
        told = f"metadata.{WISH}: keys with limits and flow keys have no batches at providers"
        raise ValidationFailed(told, field=f"metadata.{WISH}")


def _check_input(call: Call[CreateBatch]) -> None:
    file = own_file(call, call.request.input_file_id)
    if file.purpose != Purpose.BATCH:
        told = "input_file_id: the file must have the purpose 'batch'"
        raise ValidationFailed(told, field="input_file_id")
    if file.size > MOST_BYTES:
        told = f"input_file_id: the file may have at most {MOST_BYTES} bytes"
        raise ValidationFailed(told, field="input_file_id")


def _own(call: Call[object], batch_id: str) -> Batch:
    is_name = len(batch_id) <= 64 and batch_id.isascii() and batch_id.isprintable()  # noqa: PLR2004
    found = gateway_store(call).find(batch_id, call.principal.owner) if is_name else None
    if found is None:
        raise BatchNotFound(f"No such Batch object: {batch_id[:64]}", field="id")
    return found


def _form(batch: Batch) -> OpenAiBatch:
    times = {f"{name}_at": moment for name, moment in batch.times.items()}
    return OpenAiBatch(
        id=batch.id,
        endpoint=batch.endpoint,
        errors={"object": "list", "data": list(batch.errors)} if batch.errors else None,
        input_file_id=batch.input_file_id,
        completion_window=batch.completion_window,
        status=batch.status,
        output_file_id=batch.output_file_id or None,
        error_file_id=batch.error_file_id or None,
        created_at=int(batch.created),
        expires_at=batch.expires_at,
        request_counts=BatchCounts(
            total=batch.total, completed=batch.completed, failed=batch.failed
        ),
        usage=dict(batch.usage) if batch.usage is not None else None,
        metadata=dict(batch.metadata) if batch.metadata is not None else None,
        **times,
    )
