"""Workers: what each of them does and what waits for it; the admin may abort what one runs."""

from __future__ import annotations

import json
import time
from typing import Any, Final

from flask import Blueprint, Response, request

from gateway.audit import record
from gateway.binding import bind
from gateway.routes import dto_route
from gateway.services import services
from shared import redis_keys
from shared.api_keys.scopes import Scope
from shared.dtos.providers import (
    CancelWorker,
    GetWorkerStatsResponse,
    StringResponse,
    WorkerStats,
)
from shared.errors import WorkerNotFound

blueprint = Blueprint("workers", __name__)

_COUNTS: Final = ("received", "completed", "retries", "failed")


@dto_route(blueprint, "GetWorkerStats", "GET")
def stats() -> Response:
    """Show each worker process, as it told of itself a few seconds ago."""
    gateway, _ = services(), services().keys.authenticate_admin(request, Scope.ADMIN_READ)
    keys = sorted(gateway.redis.scan_iter(redis_keys.WORKER_PATTERN, count=1000))
    # One that ended in between is gone.
    told = [json.loads(text) for text in gateway.redis.mget(keys) if text] if keys else []
    had_jobs: Any = gateway.redis.smembers(redis_keys.MODELS)
    models = {*gateway.registry.known_models, *(name.decode() for name in had_jobs)}
    counts = gateway.jobs.queued(sorted(models))
    body = GetWorkerStatsResponse(results=[_row(one, counts) for one in told], queue_counts=counts)
    return Response(body.to_json(), mimetype="application/json")


@dto_route(blueprint, "CancelWorker", "POST")
def cancel() -> Response:
    """Abort all jobs that a worker runs; they end Cancelled."""
    gateway, principal = services(), services().keys.authenticate_admin(request)
    name = bind(CancelWorker).worker
    record(principal, "CancelWorker", name)
    channel = redis_keys.abort_channel(name)
    if not gateway.redis.publish(channel, redis_keys.ABORT_ALL):
        raise WorkerNotFound(f"There is no worker '{name}'.", field="worker")
    body = StringResponse(result=f"{name} aborts what it runs")
    return Response(body.to_json(), mimetype="application/json")


def _row(told: dict[str, Any], counts: dict[str, int]) -> WorkerStats:
    running = told.get("running", [])
    longest = min(running, key=lambda one: float(one["since"]), default=None)
    return WorkerStats(
        name=told["name"],
        queues=told["queues"],
        queued=sum(counts.get(queue, 0) for queue in told["queues"]),
        running_job=longest["job"] if longest else None,
        running_time=f"PT{max(0.0, time.time() - longest['since']):.3f}S" if longest else None,
        running_jobs=told.get("runningJobs", 0),
        **{count: told.get(count, 0) for count in _COUNTS},
    )
