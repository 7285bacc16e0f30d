"""A batch: requests of one DTO in an array, answers in an array. See docs/adr/0040-batches.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from flask import Blueprint, Response

from gateway import errors as error_body
from gateway.batch.bulk_queue import queue_all
from gateway.batch.grouping import Group, group_for, with_group
from gateway.batch.items import Item, read_items
from gateway.batch.one_by_one import Failed, do_all
from gateway.batch.outcome import Stopped, finished, stopped
from gateway.http.request import incoming
from gateway.http.routes import NOBODY, Call, route
from shared.dtos import catalog
from shared.dtos.service import AutoBatch
from shared.errors import RouteNotFound

blueprint = Blueprint("batch", __name__)

_BY_NAME: Final = {one.name: one for one in catalog.CATALOG if one.is_batchable}


def _asked() -> AutoBatch:
    here = incoming()
    return AutoBatch.bind([*here.args.items(), ("name", (here.view_args or {})["name"])])


@route(blueprint, catalog.AUTO_BATCH, read=_asked)
def do_batch(call: Call[AutoBatch]) -> Response:
    """Do requests of one DTO, in their order, up to the first that fails."""
    endpoint = _BY_NAME.get(call.request.name)
    if endpoint is None:
        raise RouteNotFound(f"There is no DTO '{call.request.name}' that could come in a batch.")
    gateway = call.services
    scopes = endpoint.scopes
    principal = gateway.auth.keys.authenticate(incoming(), *scopes) if scopes else NOBODY
    items = read_items(
        incoming().body,
        most=gateway.settings.batch_limit,
        most_values=gateway.settings.max_json_values,
        caller=principal.owner,
    )
    group = group_for(gateway, principal.owner, endpoint, call.request.group_id, items)
    told: list[bytes] = []
    try:
        for answer in _answers(Call(principal, items, gateway, endpoint), group):
            told.append(answer)  # noqa: PERF402 - what was told before a failure counts
    except Stopped as exc:
        return stopped(_failure(exc.cause), exc.index, told)
    return with_group(finished(told), gateway, principal.owner, group)


def _answers(call: Call[Sequence[Item]], group: Group) -> Iterator[bytes]:
    if call.endpoint is catalog.QUEUE_CHAT:
        return queue_all(call, group)
    return do_all(call, call.endpoint, group.id)


def _failure(cause: Exception) -> Response:
    return cause.answer if isinstance(cause, Failed) else error_body.answer(cause)
