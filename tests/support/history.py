"""Makes ended jobs and their records, for tests of the history."""

from __future__ import annotations

import json
from typing import Any

from shared.history.rows import body_row, job_row
from shared.history.writer import Record
from shared.jobs.failures import CANCELLED
from shared.jobs.job import Attempt, Job, JobState, failure_body, json_of
from shared.providers.prices import Prices
from tests.support.factories import START_MS

USAGE = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
RESPONSE = json.dumps({"id": "x", "usage": USAGE}).encode()


def ended_job(job_id: int, **fields: Any) -> Job:
    """Return a Completed job of 100 ms that waited 50; `after_s` says how long after the start."""
    created = START_MS + round(fields.pop("after_s", job_id) * 1000)
    state = fields.get("state", JobState.COMPLETED)
    ended_well = state is JobState.COMPLETED
    defaults: dict[str, Any] = {
        "ref_id": f"ref-{job_id}",
        "owner": "key1",
        "model": "m",
        "state": state,
        "outcome": state,
        "priority": 5,
        "request": b'{"model":"m"}',
        "created_ms": created,
        "deadline_ms": created + 3_600_000,
        "started_ms": created + 50,
        "executed_ms": created + 150,
        "completed_ms": created + 160,
        "attempt": 1,
        "worker": "w1",
        "status": 200 if ended_well else CANCELLED.status,
        "response": RESPONSE if ended_well else None,
        "error": None if ended_well else failure_body(CANCELLED),
        "attempts_json": json_of(Attempt(1, "acme", created + 50, 100, "ok", 200)),
    }
    return Job(id=job_id, **{**defaults, **fields})


def record(job: Job, prices: Prices | None = None) -> Record:
    """Return the rows of a job."""
    return Record(job_row(job, prices or Prices()), body_row(job, with_contents=True))
