"""The Celery app: `celery -A workers.app worker -P gevent -Q chat.<model>`."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from kombu.utils import functional

from shared.settings import SettingsError, load_settings
from workers.config import celery_config
from workers.maintenance.steps import DepsStep, MaintenanceStep
from workers.pools import PoolStep


def _config() -> dict[str, Any]:
    """Read the settings when the worker starts, not when this module is imported."""
    try:
        return celery_config(load_settings())
    except SettingsError as exc:
        sys.exit(f"replyto: {exc}")


def _let_pauses_yield() -> None:
    """Make kombu's pause between two attempts at a lost connection one of this greenlet only.

    gevent patches `time` after the threads, and while it looks for existing locks it touches
    Celery's proxies, which import kombu: kombu keeps the pause that stops the whole process, with
    all its calls and the renewal of their leases. This module is imported when all is patched.
    """
    functional.sleep = time.sleep  # type: ignore[attr-defined]


@setup_logging.connect
def _log_one_line_per_event(loglevel: int | None = None, **_: Any) -> None:
    """Log our own lines; Celery's two lines a task would only repeat them."""
    logging.basicConfig(
        level=loglevel or logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    _leave_out_what_no_line_shows()
    for name in ("celery.worker.strategy", "celery.app.trace", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _leave_out_what_no_line_shows() -> None:
    """Spare each line the search for who wrote it, in which thread and process.

    As the standard library says how, in its HOWTO on logging, under optimization.
    """
    logging._srcfile = None  # noqa: SLF001
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


_let_pauses_yield()
app = Celery("replyto", amqp="workers.broker:Broker")
app.add_defaults(_config)
app.steps["worker"].update((DepsStep, MaintenanceStep))
app.steps["consumer"].add(PoolStep)
