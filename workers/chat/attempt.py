"""One attempt at a job: the call of one provider, and what it came to."""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import gevent
from redis.exceptions import RedisError

from shared.artifacts.artifact import PASSING
from shared.errors import Failure, ServiceError
from shared.jobs.failures import CANCELLED, INTERNAL_ERROR, NO_PROVIDER, deadline_passed
from shared.jobs.job import Attempt
from shared.jobs.moves import Claim, Result
from shared.media.request import MediaRequest
from shared.operation import MEDIA
from shared.providers.provider import Provider
from workers.chat.adjusted import Adjusted
from workers.chat.deps import ChatDeps
from workers.chat.live import relayed
from workers.chat.relay import StreamRefused
from workers.chat.streamed import relay_stream
from workers.folds.asked import asks_for_one
from workers.media import measuring
from workers.media.desk import PASSING_S, PURPOSE, Desk, dropped_without_answer, failed_files
from workers.patience import patiently
from workers.providers.base import Blame, ProviderCall, ProviderError, Room
from workers.providers.own_body import body_for
from workers.routing import backoff, health_notes
from workers.routing import ranking as routing
from workers.routing.candidates import candidates_of, unasked
from workers.routing.error_class import may_go_elsewhere

log = logging.getLogger(__name__)

#: What a call has that has waited for its room until its deadline (seconds).
_SHORTEST_S: Final = 0.001


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to: a result, or the wish to try again after `delay_s` seconds."""

    result: Result
    record: Attempt | None = None
    delay_s: float | None = None
    #: Whether another provider may have an answer; nobody waits `delay_s` for that.
    may_go_elsewhere: bool = False
    #: How long to wait for others that have no room now (seconds); None when there is no time.
    wait_s: float | None = None

    @classmethod
    def cancelled(cls, record: Attempt | None = None) -> Outcome:
        """Return the outcome of a job that somebody cancelled while it ran."""
        return cls(Result.failure(CANCELLED, cancelled=True), record)


def make_attempt(deps: ChatDeps, claim: Claim) -> Outcome:
    """Call the chosen provider; tell what came of it. Raises Aborted."""
    left_s = (claim.deadline_ms - claim.now_ms) / 1000
    if left_s <= 0:
        return Outcome(Result.failure(_deadline_passed(deps, claim)))
    provider = deps.routing.registry.named(claim.chosen)
    if provider is None or claim.model not in provider.models:
        return _without_provider(deps, claim)
    started, adjusted = deps.process.monotonic(), Adjusted(deps.jobs, claim)
    try:
        body, took_s = _asked(deps, claim, provider, left_s, adjusted)
    except ProviderError as error:
        health_notes.note_error(deps.routing, claim, provider, error)
        record = adjusted.told_in(_record(deps, claim, provider, started, error))
        left_s -= deps.process.monotonic() - started
        return _after_error(deps, claim, error, record, left_s)
    health_notes.note_answer(deps.routing, claim, provider, took_s)
    record = adjusted.told_in(_record(deps, claim, provider, started, None))
    return Outcome(Result.response(body), record)


def _deadline_passed(deps: ChatDeps, claim: Claim) -> Failure:
    """Return how the job ends at its deadline, with what the attempt before failed with."""
    if claim.try_number == 1:
        return deadline_passed()
    before = partial(deps.reader.failure, claim.id, claim.attempt - 1)
    return deadline_passed(patiently(deps.process, before))


def _asked(
    deps: ChatDeps, claim: Claim, provider: Provider, left_s: float, adjusted: Adjusted
) -> tuple[bytes, float]:
    """Return the provider's answer, and how long it took. Raises ProviderError.

    One whose limit is learned is asked again soon when it has no room: the limit was too high.
    """
    monotonic, pauses = deps.process.monotonic, iter(backoff.ROOM_PAUSES_S)
    until, has_waited = monotonic() + left_s, False
    while True:
        began = monotonic()
        timeout_s = min(max(until - began, _SHORTEST_S), deps.process.settings.attempt_timeout_s)
        try:
            with deps.running.abortable(claim), deps.routing.traffic.calling(provider.name):
                return _called(deps, claim, provider, timeout_s, adjusted), monotonic() - began
        except ProviderError as error:
            lacks_room = health_notes.note_no_room(deps.routing, provider, error, again=has_waited)
            pause_s = next(pauses, None) if lacks_room and error.transient else None
            if pause_s is None or monotonic() + pause_s >= until or _has_others(deps, claim):
                raise
        has_waited = True
        with deps.running.abortable(claim):
            deps.process.sleep(pause_s)


def _has_others(deps: ChatDeps, claim: Claim) -> bool:
    """Whether there are providers that the job has not asked, of those that it may."""
    return not claim.provider and bool(unasked(candidates_of(deps.routing, claim.model), claim))


def _without_provider(deps: ChatDeps, claim: Claim) -> Outcome:
    """Fail the job, unless this process was behind the registry: then it is claimed anew."""
    patiently(deps.process, deps.routing.follower.look)
    has_one = any(
        claim.provider in ("", one.provider.name) and claim.operation in one.operations
        for one in candidates_of(deps.routing, claim.model)
    )
    return Outcome(Result.failure(NO_PROVIDER), delay_s=0.0 if has_one else None)


def _called(
    deps: ChatDeps, claim: Claim, provider: Provider, timeout_s: float, adjusted: Adjusted
) -> bytes:
    """Return the provider's answer. Whatever nobody has foreseen ends the attempt at once, too.

    Raises ProviderError, StreamRefused, RedisError.
    """
    try:
        return _call(deps, claim, provider, timeout_s, adjusted)
    except (ProviderError, StreamRefused, RedisError):
        raise
    except ServiceError as exc:
        raise failed_files(exc) from exc
    except Exception as exc:
        log.exception("job %s: attempt %s ended by an unforeseen error", claim.id, claim.attempt)
        raise ProviderError(INTERNAL_ERROR, transient=False) from exc


def _call(
    deps: ChatDeps, claim: Claim, provider: Provider, timeout_s: float, adjusted: Adjusted
) -> bytes:
    desk = _desk(deps, claim)
    call = ProviderCall(
        provider=provider,
        body=body_for(provider, claim.model, claim.operation, claim.request),
        api_key=deps.access.key(provider),
        connect_timeout_s=deps.process.settings.connect_timeout_s,
        timeout_s=timeout_s,
        operation=claim.operation,
        answer_max_bytes=deps.process.settings.answer_max_bytes,
        headers=deps.access.headers(provider),
        query=deps.access.query(provider),
        egress=deps.access.egress(provider),
        desk=desk,
        passing_desk=_desk(deps, claim, PASSING, PASSING_S),
        live_max_bytes=deps.process.settings.live_sound_bytes,
        adjusted=adjusted.note,
        length_ms=partial(_length_ms, _desk(deps, claim)),
    )
    room = deps.dialects.rooms.get(provider.type)
    with dropped_without_answer(desk):
        if room is None:
            return _answered(deps, claim, call, timeout_s)
        return _in_room(deps, claim, call, timeout_s, room)


def _in_room(
    deps: ChatDeps, claim: Claim, call: ProviderCall, timeout_s: float, room: Room
) -> bytes:
    """Wait for room, until the job's deadline; only then the time begins that the call has."""
    left_s, began_s = (claim.deadline_ms - claim.now_ms) / 1000, deps.process.monotonic()
    if not room.acquire(timeout=left_s):
        raise ProviderError(_deadline_passed(deps, claim), transient=False, blame=Blame.OURS)
    try:
        left_s = max(left_s - (deps.process.monotonic() - began_s), _SHORTEST_S)
        return _answered(deps, claim, call, min(timeout_s, left_s))
    finally:
        room.release()
        # Others were left in their queue.
        deps.lanes.tell_of_bulk()


def _answered(deps: ChatDeps, claim: Claim, call: ProviderCall, timeout_s: float) -> bytes:
    provider, relay = call.provider, deps.relays.of(claim)
    # A hard limit over all: a read timeout begins anew with every byte that drips in.
    limit = gevent.Timeout(timeout_s)
    dialect = deps.dialects.of(provider)
    try:
        with limit:
            if not claim.streamed:
                return dialect.ask(deps.llm_session, call)
            if claim.operation in MEDIA:
                followed = replace(call, live=relay.send)
                return relayed(relay, lambda: dialect.ask(deps.llm_session, followed))
            # Closed whatever happens: the provider must not go on for nobody.
            chunks, show = deps.usage.chunks(
                partial(dialect.stream, deps.llm_session),
                call,
                always_told=dialect.always_tells_usage,
            )
            with closing(chunks):
                alone = asks_for_one(claim.operation, claim.request)
                return relay_stream(relay, chunks, claim.operation, show, asks_for_one=alone)
    except gevent.Timeout as expired:
        if expired is not limit:
            raise
        message = f"Provider '{provider.name}' did not answer within {timeout_s:g} s."
        failure = Failure(504, "server_error", "provider_timeout", message, "Timeout")
        relay.flush()
        raise ProviderError(failure, transient=not relay.begun) from None


def _length_ms(desk: Desk | None, asked: MediaRequest) -> int:
    return measuring.length_ms(desk, asked) if desk is not None else 0


def _desk(
    deps: ChatDeps, claim: Claim, purpose: str = PURPOSE, ttl_s: float | None = None
) -> Desk | None:
    if claim.operation not in MEDIA:
        return None
    return Desk(deps.artifacts, deps.process.settings, claim, purpose=purpose, ttl_s=ttl_s)


def _after_error(
    deps: ChatDeps, claim: Claim, error: ProviderError, record: Attempt, left_s: float
) -> Outcome:
    """Decide between another attempt later and the end."""
    failed = Result.failure(error.failure)
    if error.body is not None:
        failed = Result(failed.outcome, failed.status, error.body)
    pause_s = backoff.delay_s(
        claim.try_number,
        base_s=deps.process.settings.retry_base_s,
        cap_s=deps.process.settings.retry_cap_s,
        jitter=deps.process.jitter(),
        retry_after_s=error.retry_after_s,
    )
    attempts_left = claim.try_number < deps.process.settings.max_attempts and left_s > 0
    again = error.transient and attempts_left and pause_s < left_s
    elsewhere = attempts_left and not claim.provider and may_go_elsewhere(error)
    wait_s = pause_s if elsewhere and pause_s < left_s else None
    return Outcome(failed, record, pause_s if again else None, elsewhere, wait_s)


def _record(
    deps: ChatDeps, claim: Claim, provider: Provider, started: float, error: ProviderError | None
) -> Attempt:
    duration_ms = round((deps.process.monotonic() - started) * 1000)
    log.info(
        "job %s: attempt %s at %s %s in %s ms",
        claim.id,
        claim.attempt,
        provider.name,
        f"failed: {error}" if error else "answered",
        duration_ms,
    )
    return Attempt(
        number=claim.attempt,
        provider=provider.name,
        started_ms=claim.now_ms,
        duration_ms=duration_ms,
        outcome="failed" if error else "answered",
        status=error.status if error else 200,
        detail=str(error) if error else "",
        reason=routing.explain(
            candidates_of(deps.routing, claim.model), provider.name, claim.provider, claim.failed
        ),
    )
