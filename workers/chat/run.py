"""One attempt at a job, from its message to its result.

What if the process dies here? Before the claim: the job is Queued without a message, the tick
pushes it again. After it: the lease runs out and the tick reaps it. After execute: completion has
it. So every line may be the last one.
"""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Final

import gevent

from shared.chat_request import with_model
from shared.counters import Count
from shared.errors import Failure
from shared.job import Attempt
from shared.moves import CANCELLED, Claim, Deferred, Executed, Result
from shared.provider_extras import resolved
from shared.providers import Provider
from shared.recovery_store import DEADLINE_PASSED
from workers.chat import backoff, routing
from workers.chat.relay import StreamRefused
from workers.chat.running import Aborted, AbortReason
from workers.chat.streamed import relay_stream
from workers.deps import Deps
from workers.patience import patiently
from workers.providers.base import ProviderCall, ProviderError

log = logging.getLogger(__name__)

NO_PROVIDER: Final = Failure(
    status=503,
    type="server_error",
    code="no_provider",
    message="No provider serves this model at the moment.",
    error_code="ServiceUnavailable",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to: a result, or the wish to try again after `delay_s` seconds."""

    result: Result
    record: Attempt | None = None
    delay_s: float | None = None


def run_chat(deps: Deps, job_id: int, queue: str, priority: int) -> None:
    """Make one attempt at the job, unless the message is stale.

    `queue` and `priority` are those of the message that led here.
    """
    claim = deps.jobs.claim(job_id, queue, priority, deps.worker_name)
    if claim is None:
        log.debug("job %s: stale message dropped", job_id)
        return
    with deps.running.attempt(claim):
        try:
            outcome = attempt(deps, claim)
        except StreamRefused:
            log.warning("job %s: stream of attempt %s refused", job_id, claim.attempt)
            return
        except Aborted as aborted:
            if aborted.reason is AbortReason.LEASE_LOST:
                log.warning("job %s: attempt %s lost its lease", job_id, claim.attempt)
                return
            outcome = Outcome(Result.failure(CANCELLED, cancelled=True))
        store(deps, claim, outcome)


def attempt(deps: Deps, claim: Claim) -> Outcome:
    """Choose a provider and call it; tell what came of it. Raises Aborted."""
    left_s = (claim.deadline_ms - claim.now_ms) / 1000
    if left_s <= 0:
        return Outcome(Result.failure(DEADLINE_PASSED))
    failed = _failed_before(deps, claim)
    provider = routing.choose(deps.registry, claim.model, claim.provider, failed, claim.operation)
    if provider is None:
        return Outcome(Result.failure(NO_PROVIDER))
    started = deps.monotonic()
    timeout_s = min(left_s, deps.settings.attempt_timeout_s)
    try:
        with deps.running.abortable(claim):
            body = _call(deps, claim, provider, timeout_s)
    except ProviderError as error:
        record = _record(deps, claim, provider, started, error)
        return _after_error(deps, claim, error, record, left_s - (deps.monotonic() - started))
    return Outcome(Result.response(body), _record(deps, claim, provider, started, None))


def store(deps: Deps, claim: Claim, outcome: Outcome) -> None:
    """Put the outcome into the ledger, however long that takes: the answer may have been paid."""
    if outcome.delay_s is not None:
        deferred = patiently(
            deps,
            lambda: deps.jobs.defer(
                claim.id, claim.attempt, outcome.delay_s or 0.0, outcome.record
            ),
        )
        if deferred is not Deferred.CANCEL:
            deps.counters.add(Count.DEFERRED)
            return
        outcome = Outcome(Result.failure(CANCELLED, cancelled=True), outcome.record)
    executed = patiently(
        deps,
        lambda: deps.jobs.execute(claim.id, claim.attempt, outcome.result, outcome.record),
    )
    if executed is Executed.REFUSED:
        log.warning("job %s: late result of attempt %s refused", claim.id, claim.attempt)
        deps.counters.add(Count.LATE_RESULTS_REFUSED)


def _call(deps: Deps, claim: Claim, provider: Provider, timeout_s: float) -> bytes:
    own_name = provider.models[claim.model]
    body = claim.request
    if own_name != claim.model:
        body = with_model(body.decode("utf-8"), own_name).encode("utf-8")
    call = ProviderCall(
        provider=provider,
        body=body,
        api_key=deps.environment.get(provider.api_key_env) if provider.api_key_env else None,
        connect_timeout_s=deps.settings.connect_timeout_s,
        timeout_s=timeout_s,
        operation=claim.operation,
        headers=resolved(provider.headers, deps.environment),
        query=resolved(provider.query, deps.environment),
    )
    relay = deps.relays.of(claim)
    # A hard limit over all: a read timeout begins anew with every byte that drips in.
    limit = gevent.Timeout(timeout_s)
    dialect = deps.dialects.of(provider)
    try:
        with limit:
            if not claim.streamed:
                return dialect.ask(deps.llm_session, call)
            # Closed whatever happens: the provider must not go on for nobody.
            chunks, show = deps.usage.chunks(partial(dialect.stream, deps.llm_session), call)
            with closing(chunks):
                return relay_stream(relay, chunks, claim.operation, show)
    except gevent.Timeout as expired:
        if expired is not limit:
            raise
        message = f"Provider '{provider.name}' did not answer within {timeout_s:g} s."
        failure = Failure(504, "server_error", "provider_timeout", message, "Timeout")
        relay.flush()
        raise ProviderError(failure, transient=not relay.begun) from None


def _failed_before(deps: Deps, claim: Claim) -> set[str]:
    """Return the providers that failed this job before; the first attempt asks nobody."""
    if claim.try_number == 1:
        return set()
    job = deps.jobs.get(claim.id)
    before = claim.attempts_before
    return {record.provider for record in job.attempts if record.number > before} if job else set()


def _after_error(
    deps: Deps, claim: Claim, error: ProviderError, record: Attempt, left_s: float
) -> Outcome:
    """Decide between another attempt later and the end."""
    failed = Result.failure(error.failure)
    if error.body is not None:
        failed = Result(failed.outcome, failed.status, error.body)
    pause_s = backoff.delay_s(
        claim.try_number,
        base_s=deps.settings.retry_base_s,
        cap_s=deps.settings.retry_cap_s,
        jitter=deps.jitter(),
        retry_after_s=error.retry_after_s,
    )
    again = error.transient and claim.try_number < deps.settings.max_attempts and pause_s < left_s
    return Outcome(failed, record, pause_s if again else None)


def _record(
    deps: Deps, claim: Claim, provider: Provider, started: float, error: ProviderError | None
) -> Attempt:
    duration_ms = round((deps.monotonic() - started) * 1000)
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
    )
