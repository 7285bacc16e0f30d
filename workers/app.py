"""The Celery app: `celery -A workers.app worker -P gevent -Q chat.<model>`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.apps import worker as celery_worker
from celery.signals import celeryd_init, setup_logging
from celery.utils.text import str_to_list
from gevent import monkey
from kombu.utils import functional

from shared.settings import Settings, SettingsError, load_settings
from shared.telemetry.log_setup import set_up, tell_mistyped, write_at_once
from workers import outage_lines
from workers.config import celery_config
from workers.pools import PoolStep, queue_problem
from workers.steps import DepsStep, MaintenanceStep


def _config() -> dict[str, Any]:
    """Read the settings when the worker starts, not when this module is imported."""
    settings = _settings()
    try:
        return celery_config(settings)
    except SettingsError as exc:
        sys.exit(f"replyto: {exc}")


def _settings() -> Settings:
    try:
        return load_settings()
    except SettingsError as exc:
        sys.exit(f"replyto: {exc}")


def _let_pauses_yield() -> None:
    """Make kombu's pause between two attempts at a lost connection one of this greenlet only.

    gevent patches `time` after the threads, and while it looks for existing locks it touches
    Celery's proxies, which import kombu: kombu keeps the pause that stops the whole process, with
    all its calls and the renewal of their leases. This module is imported when all is patched.
    """
    functional.sleep = time.sleep  # type: ignore[attr-defined]


@celeryd_init.connect
def _log_in_the_one_form(sender: str, **_: Any) -> None:
    """Log as all processes do; `-l` has no say. Comes before Celery has anything to say."""
    set_up(sender, _settings())
    tell_mistyped()
    outage_lines.set_up()
    # What Celery says when it is told to stop, it prints past every log.
    celery_worker.safe_say = lambda text, *_: write_at_once("celery.apps.worker", text)  # type: ignore[attr-defined]


@celeryd_init.connect
def _refuse_a_wrong_command_line(instance: Any, options: dict[str, Any], **_: Any) -> None:
    """End the process in one line for what Celery takes, or answers with a traceback."""
    if not monkey.is_module_patched("threading"):
        sys.exit("replyto: -P: workers run with `-P gevent`, which must be on the command line")
    names: Callable[[Any], list[str]] = str_to_list
    take, leave = (names(options.get(name) or []) for name in ("queues", "exclude_queues"))
    if problem := queue_problem(instance.app.amqp.queues, take, leave):
        sys.exit(f"replyto: {problem}")


@setup_logging.connect
def _leave_logging_as_it_is(**_: Any) -> None:
    """Keep Celery from setting up a log of its own: that somebody listens here is enough."""


_let_pauses_yield()
app = Celery("replyto", amqp="workers.broker:Broker")
app.add_defaults(_config)
app.steps["worker"].update((DepsStep, MaintenanceStep))
app.steps["consumer"].add(PoolStep)
