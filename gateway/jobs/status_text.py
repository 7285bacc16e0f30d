"""Why a job is where it is, in words: what it waits for, who has it, how it ended. Pure."""

from __future__ import annotations

import json
import math
from typing import Any

from shared.codecs.moments import iso_date
from shared.dtos.base import ResponseError, ResponseStatus
from shared.jobs.job import Job, JobState
from shared.jobs.moves import FlowStanding, Position
from shared.wire.queueing.flow_control import rate_text


def status_text(
    job: Job,
    position: Position | None = None,
    kept_from: str = "",
    flow: FlowStanding | None = None,
) -> str:
    """Return the state in words, with what is worth knowing about it."""
    if flow is not None and flow.before is not None:
        return _with_its_flow(flow)
    if is_delayed(job, position):
        return f"Queued{_limits_of(job)}, not to run before {iso_date(job.run_after_ms)}"
    if kept_from and job.state is JobState.QUEUED:
        return f"Queued until a provider is online: {kept_from}"
    if position is not None:
        return _in_line(position)
    if job.state is JobState.STARTED:
        wish = ", asked to cancel" if job.cancel else ""
        at = f" at {job.at}" if job.at else ""
        return f"Started, attempt {job.attempt}{at}{wish}"
    return _queued_again(job) or _ended(job)


def _limits_of(job: Job) -> str:
    waits = job.waits_for_limits
    return f", waits for its key's limits since {iso_date(job.created_ms)}" if waits else ""


def _queued_again(job: Job) -> str:
    last = job.attempts[-1] if job.attempts else None
    if job.state is not JobState.QUEUED or last is None:
        return ""
    return f"Queued for another attempt; attempt {last.number} failed: {last.detail}"


def _ended(job: Job) -> str:
    failure = failure_of(job)
    return f"{job.state}: {failure.message}" if failure else str(job.state)


def is_delayed(job: Job, position: Position | None) -> bool:
    """Whether a job waits for its time: it stands in no line, and never had an attempt."""
    waits = job.state is JobState.QUEUED and position is None and not job.attempt
    return waits and job.run_after_ms > 0


def _with_its_flow(known: FlowStanding) -> str:
    flow, jobs = known.flow, f"{known.before} jobs"
    most = f" of at most {flow.max_parallel}" if flow.max_parallel else ""
    rate = f", {rate_text(flow)} may begin" if flow.rate else ""
    before = {0: "it is next", 1: "1 job of it before this one"}.get(
        known.before or 0, f"{jobs} of it before this one"
    )
    return f"Queued, waits for its flow key '{flow.key}': {known.running}{most} run{rate}, {before}"


def _in_line(position: Position) -> str:
    jobs = {0: "next in line", 1: "1 job before it"}.get(
        position.before, f"{position.before} jobs before it"
    )
    if position.start_in_s is None:
        return f"Queued, {jobs}"
    return f"Queued, {jobs}, starts in about {math.ceil(position.start_in_s)} s"


def failure_of(job: Job) -> ResponseStatus | None:
    """Return why the job failed, None when it did not."""
    if job.error is None:
        return None
    status: dict[str, Any] = json.loads(job.error)["responseStatus"]
    rows = [
        ResponseError(
            error_code=row["errorCode"], field_name=row["fieldName"], message=row["message"]
        )
        for row in status.get("errors", [])
    ]
    return ResponseStatus(
        error_code=status["errorCode"], message=status["message"], errors=rows or None
    )
