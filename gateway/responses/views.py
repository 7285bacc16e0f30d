"""Responses: OpenAI's Responses API on jobs; a background response is a job that nobody waits for.

A response has two names. `resp_job_<n>` is ours: it is there as soon as the job is. The provider's
own is in what the provider says, which is passed on as it is; told here, it can be asked with too.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from functools import partial
from typing import Final

from flask import Blueprint, Response
from redis.exceptions import RedisError

from gateway.auth.authenticator import Principal
from gateway.http.binding import read_call
from gateway.http.routes import Call, route
from gateway.inference.accept import accept_job
from gateway.inference.answer import answer
from gateway.inference.route_without_model import with_route
from gateway.jobs.lookup import find_job
from gateway.responses import forms as response_view
from gateway.responses.lookup import continued, find_response
from gateway.services import Services
from gateway.waiting.event_form import ResponseEvents
from gateway.waiting.following import follow_stream, seated
from shared.dtos import catalog
from shared.dtos.inference.responses import CancelResponse, RetrieveResponse
from shared.errors import ValidationFailed
from shared.jobs.job import Job
from shared.jobs.moves import Cancelled
from shared.named_error import named
from shared.queues import names as task_names
from shared.wire import response_events
from shared.wire.chat_request import ChatCall
from shared.wire.operation_request import ResponseCall, parse_response

log = logging.getLogger(__name__)

blueprint = Blueprint("responses", __name__)

#: How long a cancelled attempt may take to end before it is shown as it still runs (seconds).
_ABORT_S: Final = 5.0


@route(blueprint, catalog.CREATE_RESPONSE, read=partial(read_call, parse_response))
def create(call: Call[ResponseCall]) -> Response:
    """Make a response: in the background, or answer with it at its end or as it comes."""
    gateway, principal, asked = call.services, call.principal, call.request
    chat = with_route(gateway, principal, continued(gateway, principal, asked))
    if asked.is_background:
        return _in_background(gateway, principal, chat)

    def form(job_id: int) -> ResponseEvents:
        return ResponseEvents(tell=lambda name: _keep(gateway, principal.owner, name, job_id))

    told = answer(gateway, principal, chat, form)
    if not told.is_streamed and told.status_code == 200:  # noqa: PLR2004
        name = response_events.parse(told.get_data()).get("id")
        if isinstance(name, str):
            _keep(gateway, principal.owner, name, int(told.headers["x-job-id"]))
    return told


@route(blueprint, catalog.RETRIEVE_RESPONSE)
def retrieve(call: Call[RetrieveResponse]) -> Response:
    """Show a response as it stands, or tell its stream again from behind an event."""
    gateway, wanted = call.services, call.request
    job = find_response(gateway, call.principal, wanted.response_id)
    if wanted.stream.lower() == "true":
        after = _sequence_number(wanted.starting_after)
        with seated(gateway) as held:
            return _follow(gateway, held, job, after)
    return _show(job, wanted.response_id)


@route(blueprint, catalog.CANCEL_RESPONSE)
def cancel(call: Call[CancelResponse]) -> Response:
    """End a response that waits, abort one that runs; show what became of it."""
    gateway, principal, name = call.services, call.principal, call.request.response_id
    job = find_response(gateway, principal, name)
    if gateway.jobs.cancel(job) is Cancelled.ABORTING:
        _wait_for_end(gateway, job.id)
    return _show(find_response(gateway, principal, name), name)


def _in_background(gateway: Services, principal: Principal, call: ChatCall) -> Response:
    if not call.chat.stream:
        job = _accepted(gateway, principal, call)
        return _show(job, response_view.id_of(job.id))
    # First the place, then the job: a refusal leaves nothing behind.
    with seated(gateway) as held:
        return _follow(gateway, held, _accepted(gateway, principal, call), None)


def _accepted(gateway: Services, principal: Principal, call: ChatCall) -> Job:
    accepted, _ = accept_job(
        gateway,
        principal,
        call,
        priority=task_names.QUEUED,
        timeout_s=gateway.settings.job_timeout_s,
    )
    return find_job(gateway.jobs, principal, accepted.id, None)


def _follow(gateway: Services, held: ExitStack, job: Job, after: int | None) -> Response:
    """Relay a response's stream; leaving it changes nothing for the job."""
    if not job.streamed:
        raise ValidationFailed(
            "This response does not stream: it was made without 'stream': true.", field="stream"
        )
    form = ResponseEvents(after, lambda name: _keep(gateway, job.owner, name, job.id))
    return follow_stream(gateway, held, job, form)


def _sequence_number(text: str) -> int | None:
    if text and not (text.isascii() and text.isdigit() and len(text) < 16):  # noqa: PLR2004
        raise ValidationFailed(
            "starting_after must be the sequence_number of an event", field="starting_after"
        )
    return int(text) if text else None


def _show(job: Job, response_id: str) -> Response:
    body = response_view.response_json(job, response_id)
    response = Response(body, mimetype="application/json")
    response.headers["x-job-id"] = str(job.id)
    return response


def _wait_for_end(gateway: Services, job_id: int) -> None:
    with gateway.waiting.mailbox.waiter() as waiter:
        gateway.jobs.watch(job_id, waiter.address)
        waiter.wake()
        waiter.wait_until(lambda: _if_ended(gateway.jobs.get(job_id)), _ABORT_S)


def _if_ended(job: Job | None) -> Job | None:
    return job if job is not None and job.state.has_result else None


def _keep(gateway: Services, owner: str, name: str, job_id: int) -> None:
    """Keep the provider's name of a response. Without it the answer is still worth telling."""
    try:
        gateway.response_names.keep(owner, name, job_id)
    except RedisError as exc:
        log.warning("job %s: the name of its response could not be kept: %s", job_id, named(exc))
