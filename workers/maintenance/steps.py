"""Celery bootsteps that run maintenance inside the worker processes."""

from __future__ import annotations

import contextlib
import gc
from typing import Any

from celery import bootsteps
from redis.exceptions import RedisError

from shared import task_names
from shared.open_files import allow_many_connections
from shared.settings import load_settings
from workers import broker
from workers.context import attach, deps_of
from workers.deps import Deps, build_deps
from workers.maintenance import heartbeat
from workers.maintenance.leases import listen_for_aborts, renew_leases
from workers.maintenance.periodic import Periodic
from workers.maintenance.tick import Tick

#: Pause after a renewal failed (seconds): leases must be renewed as soon as Redis is back.
_RETRY_S = 1.0
#: How often a callback's lease is renewed before it would run out.
_RENEWALS = 3


class DepsStep(bootsteps.StartStopStep):  # type: ignore[misc,unused-ignore]
    """Builds the process's dependencies before anything can use them."""

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        allow_many_connections()
        deps = build_deps(load_settings(), worker.hostname, worker.concurrency)
        attach(worker.app, deps)
        broker.follow(deps.lanes)


class MaintenanceStep(bootsteps.StartStopStep):  # type: ignore[misc,unused-ignore]
    """Starts what this process needs for its queues.

    Heartbeat and leases go on while the worker finishes its tasks: they end with the process.
    """

    requires = (DepsStep,)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._tick: Periodic | None = None

    def start(self, worker: Any) -> None:
        """Start the timers."""
        _spare_garbage_collection()
        deps = deps_of(worker.app)
        queues = list(worker.app.amqp.queues.consume_from)
        _start_heartbeat(deps, queues)
        if any(queue != task_names.model_of(queue) for queue in queues):
            _start_lease_keeping(deps)
        if task_names.CALLBACKS_QUEUE in queues:
            interval_s = deps.settings.callback_lease_s / _RENEWALS
            Periodic("callback leases", deps.callback_leases.renew, interval_s, _RETRY_S).start()
        if task_names.COMPLETION_QUEUE in queues:
            self._tick = Periodic("tick", Tick(deps), deps.settings.tick_s)
            self._tick.start()

    def stop(self, worker: Any) -> None:
        """Stop the tick, and say that the process goes."""
        if self._tick is not None:
            self._tick.stop()
        with contextlib.suppress(RedisError):
            heartbeat.fall_silent(deps_of(worker.app))


def _spare_garbage_collection() -> None:
    """Let full collections pass over what the process has loaded, which stays as long as it does.

    They would go through all of it each time, and stop the process for 60 to 110 ms.
    """
    gc.collect()
    gc.freeze()


def _start_heartbeat(deps: Deps, queues: list[str]) -> None:
    Periodic("heartbeat", lambda: heartbeat.beat(deps, queues), heartbeat.INTERVAL_S).start()


def _start_lease_keeping(deps: Deps) -> None:
    interval_s = deps.settings.lease_renew_s
    Periodic("lease renewal", lambda: renew_leases(deps), interval_s, _RETRY_S).start()
    Periodic("stream relay", deps.relays.run, _RETRY_S).start()
    Periodic("abort listener", lambda: listen_for_aborts(deps), _RETRY_S).start()
