"""Many streams at once whose pieces say when they were due: how late the first ones come."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from tests.acceptance.system.api import FINAL, Api, chat
from tests.acceptance.system.event_source import events
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack
from tests.upstreams.paced import due_in, text_of

#: Streams of each model. All of them begin before the first has ended.
STREAMS = 100
_APART_S = 0.005


@dataclass(frozen=True, slots=True)
class Read:
    """What one client has read, and how late its first piece of text came (seconds)."""

    job_id: int
    text: str
    late_s: float


def usual_lateness(stack: Stack, models: Sequence[str]) -> list[float]:
    """Return how late the first piece came, as median of a hundred streams of each model (seconds).

    The models' streams begin in turns and run beside each other. Each must be Completed, its text
    whole for its client and in the ledger.
    """
    reads: dict[str, list[Future[Read]]] = {model: [] for model in models}
    with ThreadPoolExecutor(STREAMS * len(models)) as threads:
        for _ in range(STREAMS):
            for model in models:
                reads[model].append(threads.submit(_read, stack, model))
                time.sleep(_APART_S)
    with stack.api() as api:
        return [median(_checked(api, read.result()) for read in reads[model]) for model in models]


def _read(stack: Stack, model: str) -> Read:
    asked = chat(model, stream=True)
    text, late_s = "", 0.0
    with (
        stack.api() as api,
        api.post("/v1/chat/completions", json=asked, stream=True) as answer,
    ):
        for event in events(answer):
            if event.text and not text:
                late_s = time.monotonic() - due_in(event.text)
            text += event.text
        return Read(int(answer.headers["x-job-id"]), text, late_s)


def _checked(api: Api, read: Read) -> float:
    """Return how late the stream was; it must be whole."""
    job = until(partial(_ended, api, read.job_id), f"job {read.job_id} has ended")
    assert job["state"] == "Completed", job
    assert read.text == text_of(due_in(read.text)) == _said(job)
    return read.late_s


def _ended(api: Api, job_id: int) -> dict[str, Any] | None:
    job = api.job(job_id)
    return job if job["state"] in FINAL else None


def _said(job: dict[str, Any]) -> str:
    answer = json.loads(job["responseBody"])
    return str(answer["choices"][0]["message"]["content"])
