"""The Celery task that a job's message names."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from redis.exceptions import RedisError

from shared.queues import names as task_names
from shared.store.client import is_outage
from shared.telemetry.log_setup import about_job
from workers.chat.deps import ChatDeps
from workers.chat.run import log, run_chat
from workers.context import deps_of


@shared_task(name=task_names.CHAT, bind=True)
def run(self: Any, job_id: int) -> None:
    """Make one attempt at a job."""
    deps, message = deps_of(self.app, ChatDeps), self.request.delivery_info
    queue, priority = message["routing_key"], message["priority"]
    with about_job(job_id):
        try:
            with deps.lanes.taken(priority):
                run_chat(deps, job_id, queue, priority)
        except RedisError as exc:
            if not is_outage(exc):
                raise
            # The tick finds the job by its lease, or by its message that is gone.
            log.warning("job %s: left to recovery, ledger not reachable: %s", job_id, exc)
