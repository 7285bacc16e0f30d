"""Queues the chats of a batch: all are checked before the first is a job, then many at once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.base_url import base_url
from gateway.batch.grouping import Group
from gateway.batch.items import Item
from gateway.batch.outcome import Stopped
from gateway.http import heavy
from gateway.http.request import incoming
from gateway.http.routes import Call
from gateway.inference.accept import Place, made_before, new_job
from gateway.inference.enqueue import status_url
from shared.codecs.json_bytes import to_json_bytes
from shared.dtos import catalog
from shared.jobs.job import NewJob
from shared.queues import names as task_names
from shared.telemetry.tally import Tallied
from shared.wire.chat_request import (
    ChatCall,
    parse_queue_chat_completion,
    read_queue_chat_completion,
)

#: So many are looked at before others have their turn: some milliseconds.
_AT_ONCE: Final = 50
#: Long enough that the event loop goes round (seconds).
_TURN_S: Final = 1e-6


def queue_all(call: Call[Sequence[Item]], group: Group) -> Iterator[bytes]:
    """Queue the chats in their order; give each answer when its job is there.

    Raises Stopped for the first that is refused: behind it nothing was queued, and nothing at all
    when it is one that could not be accepted whenever it comes.
    """
    news, base = _new_jobs(call, group.id), base_url(call.services.settings)
    accepted, done = call.services.jobs.accept_all(news), 0
    try:
        for done, job in enumerate(accepted, 1):
            new = news[done - 1]
            ref_id = new.ref_id
            if job.is_new:
                call.services.tally.add(Tallied.ACCEPTED, new.model, new.operation.value)
            told_at = status_url(base, catalog.JOB_STATUS, ref_id)
            told = {"id": job.id, "refId": ref_id, "statusUrl": told_at}
            # One that was there before has not joined a group that is made for this array.
            joined = job.is_new or new.group != group.id or group.is_named or group.was_there
            if new.group and joined:
                told["groupId"] = new.group
            yield to_json_bytes(told)
    except Exception as exc:
        raise Stopped(done, exc) from exc


def _new_jobs(call: Call[Sequence[Item]], group_id: str) -> list[NewJob]:
    """Return what the requests are to be. Raises Stopped for the first that cannot be accepted."""
    settings, here = call.services.settings, incoming()
    place = Place(here.request_id, base_url(settings), group_id)
    checked: set[tuple[str, str | None, str | None]] = set()
    news: list[NewJob] = []
    for index, item in enumerate(call.request):
        if index % _AT_ONCE == _AT_ONCE - 1:
            time.sleep(_TURN_S)
        try:
            chat = _read(item, call.principal.owner, settings.max_json_values)
            about = (chat.chat.model, chat.provider, chat.reply_to)
            if about not in checked and not made_before(call.services, call.principal, chat):
                checked.add(about)
            news.append(
                new_job(
                    call.principal,
                    chat,
                    place,
                    priority=task_names.QUEUED,
                    timeout_s=settings.job_timeout_s,
                )
            )
        except Exception as exc:
            raise Stopped(index, exc) from exc
    return news


def _read(item: Item, owner: str, most_values: int) -> ChatCall:
    if heavy.is_light(item.text):
        return read_queue_chat_completion(item.text, item.value)
    raw = item.text.encode()
    return heavy.read_call(parse_queue_chat_completion, raw, limit=most_values, caller=owner)
