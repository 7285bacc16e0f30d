"""The Celery task that a delivery's message names."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from redis.exceptions import RedisError

from shared.queues import names as task_names
from shared.store.client import is_outage
from workers.callbacks.deps import CallbackDeps
from workers.callbacks.run import deliver, log
from workers.callbacks.sample import send_sample
from workers.context import deps_of


@shared_task(name=task_names.DELIVER, bind=True)
def run(self: Any, job_id: int) -> None:
    """Make one attempt at a job's callback."""
    try:
        deliver(deps_of(self.app, CallbackDeps), job_id)
    except RedisError as exc:
        if not is_outage(exc):
            raise
        log.warning("delivery %s: left to recovery, ledger not reachable: %s", job_id, exc)


@shared_task(name=task_names.TEST_CALLBACK, bind=True)
def test(self: Any, test_id: int) -> None:
    """Send a sample to a receiver that somebody tries out."""
    try:
        send_sample(deps_of(self.app, CallbackDeps), test_id)
    except RedisError as exc:
        if not is_outage(exc):
            raise
        log.warning("test %s: given up, ledger not reachable: %s", test_id, exc)
