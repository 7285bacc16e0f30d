"""What jobs with files are charged to the budgets of their keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import redis

from shared.jobs.job import Job, JobState
from shared.operation import Operation
from shared.providers.prices import Price, Prices
from tests.support.factories import FakeClock, new_settings
from tests.support.worker_deps import FakeLlm, build
from workers.completion.charges import charges_of

MADE = b'{"text":"a","$usage":{"images":2,"characters":1000000,"audio_ms":60000}}'


@pytest.mark.parametrize(
    ("operation", "tokens"), [(Operation.IMAGE, 0), (Operation.CHAT, 100)], ids=["media", "chat"]
)
def test_what_was_made_is_charged_by_its_price_and_references_are_no_tokens(
    fake_redis: redis.Redis,
    fake_clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    operation: Operation,
    tokens: int,
) -> None:
    deps = build(fake_redis, new_settings(), fake_clock, FakeLlm())
    prices = Prices({"m": Price(image=0.5, characters=1, audio_minute=0.25)})
    completion = replace(deps.completion, prices=prices)

    def contents(_self: Any, jobs: list[Job]) -> list[tuple[bytes, str, int]]:
        return [(MADE, "best", 800) for _ in jobs]

    monkeypatch.setattr(type(completion.jobs), "contents_to_charge", contents)
    job = Job(1, ref_id="r", owner="o", state=JobState.EXECUTED, model="m", created_ms=1)
    job = replace(job, operation=operation, key_id="k")
    [charge] = charges_of(completion, [job]).values()
    assert charge.cost_nanos == 2_250_000_000
    assert (charge.tokens > tokens) if tokens else charge.tokens == 0
