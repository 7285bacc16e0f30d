"""A job as rows of the history, and back. Pure."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping
from operator import attrgetter, itemgetter
from typing import Any, Final

from shared.history.tables import LATENCY_BOUNDS_MS, SUMS
from shared.jobs.job import Job, JobState
from shared.operation import Operation
from shared.providers.prices import Prices
from shared.wire.usage import usage_of

#: Texts that clients and providers give.
_GIVEN: Final = (
    *("ref_id", "owner", "tag", "model", "provider", "pinned_provider"),
    *("error_code", "error_message", "reply_to"),
)
#: Of each end, how much it adds to `total`, `completed`, `failed` and `cancelled`.
_COUNTED: Final = {
    state.value: (1, *(int(state.value.lower() == name) for name in SUMS[1:4]))
    for state in JobState
}
_summed_up: Final = itemgetter(*SUMS[4:])

Row = dict[str, Any]

_DAY_MS: Final = 86_400_000
#: Most characters of an error's message that are kept in its row; the body has all.
_MESSAGE: Final = 2000
#: Fields that a job and its row have in common, and are what they are.
_SAME: Final = (
    *("id", "created_ms", "generation", "ref_id", "owner", "tag", "model", "worker", "reply_to"),
    *("status", "deadline_ms", "started_ms", "executed_ms", "completed_ms"),
    *("attempt", "priority", "request_id"),
)
_same: Final = attrgetter(*_SAME)


def job_row(job: Job, prices: Prices) -> Row:
    """Return the row of an ended job."""
    usage, provider = usage_of(job.response), _provider(job)
    code, message = _error(job.error)
    row: Row = {
        **dict(zip(_SAME, _same(job), strict=True)),
        "operation": str(job.operation),
        "provider": provider,
        "pinned_provider": job.provider,
        "state": str(job.state),
        "error_code": code,
        "error_message": message[:_MESSAGE],
        "attempts": job.attempts_json,
        "waited_ms": max(
            0, (job.started_ms or job.executed_ms) - max(job.created_ms, job.run_after_ms)
        ),
        "duration_ms": max(0, job.executed_ms - job.started_ms) if job.started_ms else 0,
        "streamed": int(job.streamed == "1"),
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.total,
        "cached_tokens": usage.cached,
        "images": usage.images,
        "characters": usage.characters,
        "audio_ms": usage.audio_ms,
        "cost_nanos": prices.cost_nanos(provider, job.model, usage),
    }
    for name in _GIVEN:
        if "\x00" in row[name]:
            # PostgreSQL's texts know no NUL.
            row[name] = row[name].replace("\x00", "\ufffd")
    return row


def body_row(job: Job, *, with_contents: bool) -> Row:
    """Return what the job asked and got; without contents, only why it failed."""
    return {
        "id": job.id,
        "created_ms": job.created_ms,
        "request": job.request if with_contents else None,
        "response": job.response if with_contents else None,
        "error": job.error,
    }


def from_row(row: Mapping[str, Any]) -> Job:
    """Return the job of a row that is joined with its body."""
    return Job(
        **{name: row[name] for name in _SAME},
        state=JobState(row["state"]),
        outcome=row["state"],
        provider=row["pinned_provider"],
        operation=Operation(row["operation"]),
        streamed="1" if row["streamed"] else "",
        attempts_json=row["attempts"],
        request=_bytes(row["request"]) or b"",
        response=_bytes(row["response"]),
        error=_bytes(row["error"]),
    )


def sums_of(row: Mapping[str, Any]) -> tuple[int, ...]:
    """Return what a row adds to the sums of its day, in the order of SUMS."""
    return (*_COUNTED[row["state"]], *_summed_up(row))


def latency_place(row: Mapping[str, Any]) -> int | None:
    """Return the place in LATENCY_COLUMNS of the count that a row belongs to.

    None for a job that no LLM answered.
    """
    if row["state"] != JobState.COMPLETED:
        return None
    return bisect_left(LATENCY_BOUNDS_MS, row["duration_ms"])


def day_of(moment_ms: int) -> int:
    """Return the day, counted from 1970-01-01, in UTC."""
    return moment_ms // _DAY_MS


def _provider(job: Job) -> str:
    """Return who answered, or was asked last."""
    if job.at:
        return job.at
    asked = [attempt.provider for attempt in job.attempts if attempt.provider]
    return asked[-1] if asked else job.provider


def _error(body: bytes | None) -> tuple[str, str]:
    """Return the code and the message of the one error body."""
    if body is None:
        return "", ""
    whole = json.loads(body)
    status = whole.get("responseStatus") if isinstance(whole, dict) else None
    if not isinstance(status, dict):
        return "", ""
    return _text(status.get("errorCode", "")), _text(status.get("message", ""))


def _text(value: object) -> str:
    """Return it as a text that has a form in UTF-8: JSON can hold half a character."""
    return str(value).encode("utf-8", "replace").decode()


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)
