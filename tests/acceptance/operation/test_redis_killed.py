"""Redis is killed under load and started again: what was accepted is answered, and only once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.acceptance.system.api import Api
from tests.acceptance.system.redis_outage import RECOVERY_LIMIT_S, Load, RunningOutage
from tests.acceptance.system.stack import Stack
from tests.support.webhook_ids import the_one_id


def test_redis_killed_under_load_loses_nothing_and_nothing_is_answered_twice(
    redis_outage: RunningOutage, record_property: Callable[[str, object], None]
) -> None:
    outage = redis_outage.result()
    stack, accepted = outage.stack, outage.load.accepted
    record_property("recovery_s", round(outage.took_s, 1))
    assert outage.took_s <= RECOVERY_LIMIT_S
    with stack.api() as api:
        for marker, job_id in accepted.items():
            assert_answered_once(stack, api, outage.load, marker, job_id)
    assert len(set(accepted.values())) == len(accepted)
    # A paid answer is kept in hand until Redis takes it: nobody asks the LLM again.
    asked = [call.body for call in stack.llm.requests]
    assert [body for body in outage.in_flight if asked.count(body) > 1] == []


def assert_answered_once(stack: Stack, api: Api, load: Load, marker: str, job_id: int) -> None:
    """The job has one stored answer; receiver and waiting client saw that one."""
    job = api.job(job_id)
    callbacks = stack.receiver.received(f"/{marker}")
    assert (job["state"], job["refId"]) == ("Completed", marker)
    assert f"<{marker}>" in json.loads(job["responseBody"])["choices"][0]["message"]["content"]
    assert {callback.body.decode() for callback in callbacks} == {job["responseBody"]}
    assert the_one_id((callback.headers["webhook-id"] for callback in callbacks), job_id)
    if marker in load.answers:
        assert load.answers[marker].decode() == job["responseBody"]


def test_worker_that_waits_for_redis_goes_on_with_its_calls() -> None:
    """The pause between two attempts to connect is the main greenlet's only."""
    program = (
        "import celery, sys; celery.maybe_patch_concurrency(sys.argv);"
        "import workers.app, time, gevent, kombu.utils.functional as kombu;"
        "assert time.sleep is gevent.sleep; assert kombu.sleep is gevent.sleep"
    )
    command = [sys.executable, "-c", program, "-A", "workers.app", "worker", "-P", "gevent"]
    subprocess.run(command, cwd=Path(__file__).parents[3], check=True, timeout=60)
