"""How a job ends that gets no whole answer, as its client is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from shared.errors import Failure

#: Most characters told of what an attempt failed with.
_WORDS: Final = 200

CANCELLED: Final = Failure(
    status=499,
    type="invalid_request_error",
    code="job_cancelled",
    message="The job was cancelled.",
    error_code="Cancelled",
)
WORKER_LOST: Final = Failure(
    status=500,
    type="server_error",
    code="worker_lost",
    message="The workers that ran this job died each time; it is not tried again.",
)
INTERNAL_ERROR: Final = Failure(
    status=500,
    type="server_error",
    code="internal_error",
    message="An unforeseen error in the gateway ended the attempt; the worker's log tells which.",
)
ANSWER_TOO_LARGE: Final = Failure(
    status=502,
    type="server_error",
    code="answer_too_large",
    message="The answer is larger than the ledger can keep.",
    error_code="BadGateway",
)
STREAM_BROKEN: Final = Failure(
    status=502,
    type="server_error",
    code="stream_broken",
    message="The stream broke off; what came before it is not the whole answer.",
    error_code="BadGateway",
)
DEADLINE_PASSED: Final = Failure(
    status=504,
    type="server_error",
    code="deadline_exceeded",
    message="The job's deadline passed before a worker could answer it.",
    error_code="Timeout",
)
NO_PROVIDER: Final = Failure(
    status=503,
    type="server_error",
    code="no_provider",
    message="No provider serves this model at the moment.",
    error_code="ServiceUnavailable",
)


def deadline_passed(last_failure: str = "") -> Failure:
    """Return how a job ends at its deadline, with what its last attempt failed with, if it did."""
    if not last_failure:
        return DEADLINE_PASSED
    words = last_failure if len(last_failure) <= _WORDS else f"{last_failure[: _WORDS - 1]}…"
    told = f"{DEADLINE_PASSED.message} Its last attempt failed: {words}"
    return replace(DEADLINE_PASSED, message=told)
