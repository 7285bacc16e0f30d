"""Workers: what each of them does and what waits for it; the admin may abort what one runs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from gateway.admin.audit import record
from gateway.http.routes import Call, route
from shared.codecs.moments import iso_date
from shared.dtos import catalog
from shared.dtos.overview import (
    CancelWorker,
    GetWorkerStats,
    GetWorkerStatsResponse,
    RunningRow,
    WorkerRow,
    WorkerStats,
)
from shared.dtos.providers import StringResponse
from shared.errors import WorkerNotFound
from shared.store import redis_keys
from shared.telemetry.stages import lag_s
from shared.telemetry.workers import COUNTS, Heard, Running, Worker, WorkerBook

blueprint = Blueprint("workers", __name__)


@route(blueprint, catalog.WORKER_STATS)
def stats(call: Call[GetWorkerStats]) -> GetWorkerStatsResponse:
    """Show each worker process, as it told of itself a few seconds ago."""
    gateway = call.services
    roll = WorkerBook(gateway.redis).read()
    had_jobs: Any = gateway.redis.smembers(redis_keys.MODELS)
    models = {*gateway.registry.known_models, *(name.decode() for name in had_jobs)}
    counts = gateway.jobs.queued(sorted(models))
    rows = [_stats(one.worker, counts, roll.now_ms) for one in roll.live]
    return GetWorkerStatsResponse(results=rows, queue_counts=counts)


@route(blueprint, catalog.CANCEL_WORKER)
def cancel(call: Call[CancelWorker]) -> StringResponse:
    """Abort all jobs that a worker runs; they end Cancelled."""
    gateway, name = call.services, call.request.worker
    record(call, name)
    channel = redis_keys.abort_channel(name)
    if not gateway.redis.publish(channel, redis_keys.ABORT_ALL):
        raise WorkerNotFound(f"There is no worker '{name}'.", field="worker")
    return StringResponse(result=f"{name} aborts what it runs")


def worker_row(heard: Heard) -> WorkerRow:
    """Return what is told of a worker."""
    one = heard.worker
    return WorkerRow(
        name=one.name,
        pid=one.pid,
        host=one.host or None,
        version=one.version or None,
        pools=list(one.pools),
        queues=list(one.queues),
        slots=one.slots,
        busy=one.busy,
        is_stopping=one.stopping,
        started_date=iso_date(one.started_ms) if one.started_ms else None,
        heard_date=iso_date(heard.at_ms),
        running_jobs=one.running_jobs,
        running=[_running(row) for row in one.running],
        **_counts(one),
    )


def _running(row: Running) -> RunningRow:
    return RunningRow(
        id=row.job,
        model=row.model or None,
        provider=row.provider or None,
        started_date=iso_date(row.since_ms),
    )


def _stats(worker: Worker, waiting: dict[str, int], now_ms: int) -> WorkerStats:
    longest = worker.running[0] if worker.running else None
    return WorkerStats(
        name=worker.name,
        queues=list(worker.queues),
        queued=sum(waiting.get(queue, 0) for queue in worker.queues),
        running_job=longest.job if longest else None,
        running_time=f"PT{lag_s(longest.since_ms, now_ms):.3f}S" if longest else None,
        running_jobs=worker.running_jobs,
        **_counts(worker),
    )


def _counts(worker: Worker) -> dict[str, int]:
    return {name: worker.counts.get(name, 0) for name in COUNTS}
