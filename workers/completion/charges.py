"""What ended jobs are charged to the budgets of their keys."""

from __future__ import annotations

from collections.abc import Sequence

from shared.api_keys.limits import Charge, guess_from_sizes
from shared.jobs.job import Job
from shared.operation import MEDIA
from shared.wire.usage import usage_of
from workers.completion.deps import CompletionDeps


def charges_of(deps: CompletionDeps, jobs: Sequence[Job]) -> dict[int, Charge]:
    """Return the charges by job id, of those jobs whose keys have limits; others cost nothing."""
    limited = [job for job in jobs if job.key_id]
    if not limited:
        return {}
    contents = deps.jobs.contents_to_charge(limited)
    return {
        job.id: _charge(deps, job, *content) for job, content in zip(limited, contents, strict=True)
    }


def _charge(
    deps: CompletionDeps, job: Job, response: bytes | None, provider: str, request_bytes: int
) -> Charge:
    """Return what a job took, at a guess where the LLM does not say; one that failed, nothing."""
    if response is None:
        return Charge()
    usage = usage_of(response)
    # Of files there are references: their sizes say nothing.
    guess = 0 if job.operation in MEDIA else guess_from_sizes(request_bytes, len(response))
    return Charge(
        tokens=usage.total or guess,
        cost_nanos=deps.prices.cost_nanos(provider, job.model, usage),
    )
