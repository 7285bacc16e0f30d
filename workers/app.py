"""The Celery app: `celery -A workers.app worker -P gevent -Q chat.<model>`."""

from __future__ import annotations

import sys
import time
from typing import Any

from celery import Celery
from celery.apps import worker as celery_worker
from celery.signals import celeryd_init, setup_logging
from kombu.utils import functional

from shared.settings import Settings, SettingsError, load_settings
from shared.telemetry.log_setup import set_up, write_at_once
from workers import outage_lines
from workers.config import celery_config
from workers.pools import PoolStep
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
    outage_lines.set_up()
    # What Celery says when it is told to stop, it prints past every log.
    celery_worker.safe_say = lambda text, *_: write_at_once("celery.apps.worker", text)  # type: ignore[attr-defined]


@setup_logging.connect
def _leave_logging_as_it_is(**_: Any) -> None:
    """Keep Celery from setting up a log of its own: that somebody listens here is enough."""


_let_pauses_yield()
app = Celery("replyto", amqp="workers.broker:Broker")
app.add_defaults(_config)
app.steps["worker"].update((DepsStep, MaintenanceStep))
app.steps["consumer"].add(PoolStep)
