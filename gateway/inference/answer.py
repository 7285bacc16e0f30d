"""Asks for a checked call and answers with its result, at its end or as it comes.

All operations of OpenAI's wire are answered alike: they are jobs that somebody waits for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Response

from gateway.auth.authenticator import Principal
from gateway.http.request import incoming
from gateway.http.response import JsonResponse
from gateway.inference.accept import accept_job
from gateway.providers.conditions import with_making
from gateway.services import Services
from gateway.waiting.disconnect import client_left
from gateway.waiting.event_form import ChunkEvents, EventForm
from gateway.waiting.event_stream import EventStream, Place, as_response
from gateway.waiting.following import seated
from shared.errors import StreamGone, WaitTimedOut
from shared.jobs.job import JobState
from shared.jobs.moves import Accepted, Answer
from shared.queues import names as task_names
from shared.wire.chat_request import ChatCall
from shared.wire.queueing.flow_control import refuse_flow
from shared.wire.run_after import refuse_run_after

#: Returns the form of a job's events, by its id.
Forms = Callable[[int], EventForm]

#: A deadline a little past the job's own, so that its failure is told rather than guessed (s).
_GRACE_S: Final = 5.0


def answer(
    gateway: Services,
    principal: Principal,
    call: ChatCall,
    forms: Forms = lambda _: ChunkEvents(),
) -> Response:
    """Run the call through the queue and answer with its result; as a stream if it wants one.

    Raises what accept_job raises; TooManyWaiting, WaitTimedOut, StreamGone.
    """
    if call.chat.stream:
        return _stream(gateway, principal, call, forms)
    return _wait(gateway, principal, call)


def _wait(gateway: Services, principal: Principal, call: ChatCall) -> Response:
    return answer_of(result_of(gateway, principal, call))


def result_of(gateway: Services, principal: Principal, call: ChatCall) -> Answer:
    """Run the call through the queue and return what it comes to.

    Raises what accept_job raises; TooManyWaiting, WaitTimedOut.
    """

    def accept(mailbox: str) -> Accepted:
        return _accept(gateway, principal, call, mailbox)

    return wait_for(gateway, accept, is_named=call.ref_id is not None)


def wait_for(
    gateway: Services, accept: Callable[[str], Accepted], *, is_named: bool = False
) -> Answer:
    """Accept a job with a mailbox, and return what it comes to.

    A job whose client has left or waited too long is cancelled, unless it is named by a RefId.
    Raises WaitTimedOut, and what `accept` raises.
    """
    timeout_s, left = gateway.settings.sync_timeout_s, client_left(incoming().environ)
    with gateway.waiting.mailbox.waiter() as waiter:
        accepted = accept(waiter.address)
        if not accepted.is_new:
            gateway.jobs.watch(accepted.id, waiter.address)
            waiter.wake()
        told = waiter.wait_until(
            lambda: gateway.jobs.answer(accepted.id, waiter.news), timeout_s + _GRACE_S, left
        )
    if told is None:
        if not is_named:
            _drop(gateway, accepted.id)
        raise WaitTimedOut(f"The job {accepted.id} has not ended yet; ask for its status.")
    return told


def _stream(gateway: Services, principal: Principal, call: ChatCall, forms: Forms) -> Response:
    with seated(gateway) as held:
        accepted = _accept(gateway, principal, call)
        known = None if accepted.is_new else gateway.jobs.answer(accepted.id)
        left, form = client_left(incoming().environ), forms(accepted.id)
        stream = EventStream(
            gateway, accepted.id, Place(), left, ended=known is not None, form=form
        )
        held.callback(stream.close)
        first = stream.wait_for_first(gateway.settings.sync_timeout_s + _GRACE_S)
        if first is not None and (first.chunks or first.end is JobState.COMPLETED):
            held.callback(_drop_unless_over, gateway, call, accepted.id, stream)
            response = as_response(stream, accepted.id, held.pop_all().close)
            return with_making(response, gateway.jobs.making(accepted.id))
    told = gateway.jobs.answer(accepted.id)
    if told is None:
        _drop_if_unnamed(gateway, call, accepted.id)
        raise WaitTimedOut(f"The job {accepted.id} has not begun to answer; ask for its status.")
    if told.response is not None:
        raise StreamGone
    return answer_of(told)


def _drop_unless_over(gateway: Services, call: ChatCall, job_id: int, stream: EventStream) -> None:
    if not stream.is_over:
        _drop_if_unnamed(gateway, call, job_id)


def _accept(gateway: Services, principal: Principal, call: ChatCall, mailbox: str = "") -> Accepted:
    refuse_run_after(call.run_after)
    refuse_flow(call.flow)
    accepted, _ = accept_job(
        gateway,
        principal,
        call,
        priority=task_names.INTERACTIVE,
        timeout_s=gateway.settings.sync_timeout_s,
        mailbox=mailbox,
    )
    return accepted


def _drop_if_unnamed(gateway: Services, call: ChatCall, job_id: int) -> None:
    """Cancel the job of a client that has left, unless it can come back: by its RefId."""
    if call.ref_id is None:
        _drop(gateway, job_id)


def _drop(gateway: Services, job_id: int) -> None:
    job = gateway.jobs.get(job_id)
    if job is not None:
        gateway.jobs.cancel(job)


def answer_of(told: Answer) -> Response:
    """Return the job's result as it is stored: the LLM's own bytes, or the error body."""
    body = told.response if told.response is not None else told.error
    return dressed(JsonResponse(body, told.status), told)


def dressed(response: Response, told: Answer) -> Response:
    """Return an answer with the headers that tell of its job."""
    response.headers.add("x-job-id", str(told.job_id))
    response.headers.add("openai-processing-ms", str(max(0, told.executed_ms - told.created_ms)))
    if told.response is None:
        # The attempts have been made here: an SDK that repeats the call would repeat them all.
        response.headers.add("x-should-retry", "false")
    return with_making(response, told.made)
