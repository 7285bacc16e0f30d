"""Celery bootsteps: what a worker process builds, and which timers run beside its tasks."""

from __future__ import annotations

import atexit
import contextlib
import logging
import signal
import sys
import threading
from typing import Any

from celery import bootsteps
from celery.worker import state
from redis.exceptions import RedisError

from shared.database.database import prepare
from shared.freed_memory import give_back_freed
from shared.garbage import spare_collections
from shared.machines.database_id import OwnFingerprints
from shared.machines.identity import check_at_start
from shared.machines.self_check import SelfCheck
from shared.open_files import allow_many_connections
from shared.queues import names as task_names
from shared.settings import SettingsError, load_settings
from shared.telemetry.tally import FLUSH_S
from shared.telemetry.trend import SAMPLE_S, take_samples
from shared.telemetry.workers import BEAT_S
from workers import broker, pools
from workers.batches.feeder import FEED_S, Feeder
from workers.chat.deps import ChatDeps
from workers.context import attach, deps_of
from workers.deps import Deps, build_deps
from workers.groups.keeper import GROUPS_S, GroupKeeper
from workers.history import keeper, pruning
from workers.history.keeper import Keeper
from workers.history.pruning import prune
from workers.maintenance.delayed import DELAYED_S, bring_forward
from workers.maintenance.files import SWEEP_S, sweep
from workers.maintenance.heartbeat import Heartbeat
from workers.maintenance.lease_renewal import listen_for_aborts, renew_leases
from workers.maintenance.limits import EXCHANGE_S, JUDGE_S, Judge, exchange_limits
from workers.maintenance.periodic import Periodic
from workers.maintenance.probes import (
    FIRST_PROBES_S,
    INTERVAL_S,
    probe_providers,
    probe_unknown,
)
from workers.maintenance.recovery import Tick
from workers.maintenance.server_queues import LOOK_S, hear_of_servers, look_at_servers
from workers.process import Process
from workers.schedules.ticker import SCHEDULES_S, run_schedules

log = logging.getLogger(__name__)

#: Pause after a renewal failed (seconds): leases must be renewed as soon as Redis is back.
_RETRY_S = 1.0
#: How often a callback's lease is renewed before it would run out.
_RENEWALS = 3


class DepsStep(bootsteps.StartStopStep):  # type: ignore[misc,unused-ignore]
    """Builds the process's dependencies before anything can use them."""

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        _outlive_hang_ups()
        allow_many_connections()
        give_back_freed()
        settings = load_settings()
        prepare(settings.effective_database_url)
        try:
            deps = build_deps(settings, worker.hostname, worker.concurrency)
        except SettingsError as exc:
            sys.exit(f"replyto: {exc}")
        _check_identity(deps, worker.app)
        attach(worker.app, deps, deps.chat, deps.callbacks, deps.completion)
        broker.follow(deps.chat.lanes)
        deps.chat.routing.follower.start()


def _check_identity(deps: Deps, app: Any) -> None:
    """End the process in one line if it is not configured as the others; else keep looking."""
    queues = app.amqp.queues.consume_from
    # The others have no use for a database.
    database = deps.database if task_names.COMPLETION_QUEUE in queues else None
    own = OwnFingerprints(deps.process.settings, database)
    try:
        check_at_start(deps.process.settings, deps.process.redis, own())
    except SettingsError as exc:
        sys.exit(f"replyto: {exc}")
    process = deps.process
    # Nor for prices.
    more = deps.history.prices.problem if database else str
    SelfCheck(process.redis, process.name, own, process.clock, more).start()


class MaintenanceStep(bootsteps.StartStopStep):  # type: ignore[misc,unused-ignore]
    """Starts what this process needs for its queues.

    Heartbeat and leases go on while the worker finishes its tasks: they end with the process, which
    is struck out of the book as the last thing it does.
    """

    requires = (DepsStep,)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._timers: list[Periodic] = []

    def start(self, worker: Any) -> None:
        """Start the timers."""
        # Celery has its own idea by now: a new process in its place, which ends what runs.
        _outlive_hang_ups()
        spare_collections()
        deps = deps_of(worker.app, Deps)
        queues = worker.app.amqp.queues.consume_from
        _start_heartbeat(deps, worker)
        _start_counting(deps.process)
        if pools.follows_registry(worker.app) or any(map(task_names.is_chat_queue, queues)):
            _start_lease_keeping(deps.chat)
        if task_names.CALLBACKS_QUEUE in queues:
            interval_s = deps.process.settings.callback_lease_s / _RENEWALS
            Periodic("callback leases", deps.callbacks.leases.renew, interval_s, _RETRY_S).start()
        if task_names.COMPLETION_QUEUE in queues:
            self._timers = _completion_timers(deps)
            for timer in self._timers:
                timer.start()

    def stop(self, worker: Any) -> None:  # noqa: ARG002 - Celery's signature
        """Stop tick and history."""
        for timer in self._timers:
            timer.stop()


def _outlive_hang_ups() -> None:
    """Go on after SIGHUP: a terminal that closes, a rotated log, a habit of reloading daemons.

    There is nothing to read anew: providers and keys are followed, and a setting wants a restart.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGHUP, _note_hang_up)


def _note_hang_up(*_: object) -> None:
    log.info("SIGHUP: nothing to do; settings are read at the start, SIGTERM ends this worker")


def _completion_timers(deps: Deps) -> list[Periodic]:
    artifacts, redis = deps.chat.artifacts, deps.process.redis
    return [
        Periodic("tick", Tick(deps.tick), deps.process.settings.tick_s),
        Periodic("delayed jobs", lambda: bring_forward(deps.tick), DELAYED_S),
        Periodic("probes", lambda: probe_providers(deps.probes), INTERVAL_S),
        Periodic("history", Keeper(deps.history), keeper.INTERVAL_S),
        Periodic("pruning of the history", lambda: prune(deps.history), pruning.INTERVAL_S),
        Periodic("batches", Feeder(deps.batches), FEED_S),
        Periodic("schedules", lambda: run_schedules(deps.schedules), SCHEDULES_S),
        Periodic("groups", GroupKeeper(deps.groups), GROUPS_S),
        Periodic("learned limits", lambda: exchange_limits(deps.chat.routing), EXCHANGE_S),
        Periodic("judge of limits", Judge(deps.chat.routing), JUDGE_S),
        Periodic("looks at servers", lambda: look_at_servers(deps.probes), LOOK_S),
        _hearing_of_servers(deps.chat),
        Periodic("sweep of files", lambda: sweep(artifacts), SWEEP_S),
        Periodic("samples of how things stand", lambda: take_samples(redis), SAMPLE_S),
        Periodic("first probes", lambda: probe_unknown(deps.probes), FIRST_PROBES_S),
    ]


def _start_heartbeat(deps: Deps, worker: Any) -> None:
    heartbeat = Heartbeat(
        deps.chat,
        deps.callbacks,
        queues=lambda: worker.app.amqp.queues.consume_from,
        slots=worker.concurrency,
        busy=lambda: len(state.active_requests),
        # An exit status from the signal on; this step is stopped when the last task is done.
        stopping=lambda: state.should_stop is not None,
    )
    Periodic("heartbeat", heartbeat, BEAT_S).start()
    atexit.register(heartbeat.end)


def _start_counting(process: Process) -> None:
    def flush() -> None:
        process.tally.flush(process.redis)

    Periodic("metrics", flush, FLUSH_S).start()

    @atexit.register
    def flush_last() -> None:
        with contextlib.suppress(RedisError):
            flush()


def _start_lease_keeping(deps: ChatDeps) -> None:
    interval_s = deps.process.settings.lease_renew_s
    Periodic("lease renewal", lambda: renew_leases(deps), interval_s, _RETRY_S).start()
    Periodic("learned limits", lambda: exchange_limits(deps.routing), EXCHANGE_S).start()
    _hearing_of_servers(deps).start()
    Periodic("stream relay", deps.relays.run, _RETRY_S).start()
    Periodic("abort listener", lambda: listen_for_aborts(deps), _RETRY_S).start()


def _hearing_of_servers(deps: ChatDeps) -> Periodic:
    def hear() -> None:
        hear_of_servers(deps.routing, deps.lanes.tell_of_bulk)

    return Periodic("queues of servers", hear, LOOK_S)
