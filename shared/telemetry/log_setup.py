"""Sets up a process's log: one handler on standard error, and nothing that writes past it."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote

from pydantic import SecretStr

from shared.settings import Settings, mistyped_variables
from shared.telemetry.log_lines import About, JsonLines, Lines, TextLines

log = logging.getLogger("replyto")

#: The job that a task works on, for lines written on its way.
_job_under_way: ContextVar[int | None] = ContextVar("job_under_way", default=None)

#: Up to the first @, and up to the last.
_BEFORE_HOST: Final = tuple(
    re.compile(rf"\s*[\w+]+://[^:@/]*:(.*{lazy})@", re.DOTALL) for lazy in ("?", "")
)
#: What says at `info` what only its developers want to know.
_TALKATIVE: Final = (
    *("celery.worker.strategy", "celery.app.trace", "celery.worker.consumer.consumer"),
    "alembic",
)
#: What names the addresses it calls, with queries that may hold a key, and tells a warning's
#: traceback: what is wrong there is told by who calls.
_TOO_TALKATIVE: Final = ("urllib3",)


def set_up(process: str, settings: Settings, about: About | None = None) -> None:
    """Send all that this process logs to standard error, in the form that the settings say.

    `process` names it in each line. May be called again. Uncaught exceptions, also those of threads
    and greenlets, and warnings become lines too.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(lines(process, settings, about))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in _TOO_TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.ERROR, root.level))
    # A log that cannot be written must not become a traceback in the same place.
    logging.raiseExceptions = False
    _leave_out_what_no_line_shows()
    _catch_what_is_uncaught()


def tell_mistyped() -> None:
    """Say which variables were to be settings of ours."""
    for line in mistyped_variables(os.environ):
        log.warning("%s", line)


def write_at_once(name: str, text: str) -> None:
    """Write a line from within a signal handler, which must not wait for a lock."""
    record = logging.LogRecord(name, logging.INFO, "", 0, "%s", (text,), None)
    for handler in logging.getLogger().handlers:
        with contextlib.suppress(OSError):
            os.write(sys.stderr.fileno(), f"{handler.format(record)}\n".encode())


def lines(process: str, settings: Settings, about: About | None = None) -> Lines:
    """Return the form of lines that the settings say."""
    form = JsonLines if settings.log_format == "json" else TextLines
    return form(process, about or _about_task, secrets_of(settings))


def secrets_of(settings: Settings) -> list[str]:
    """Return every secret that the settings hold, passwords in URLs included."""
    found: list[str] = []
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            found += value.get_secret_value().split()
        elif name.endswith("_url") and value:
            found += _passwords(str(value))
    return found


def _passwords(url: str) -> list[str]:
    """Return the passwords in a URL, before its host and among its options, in either writing.

    One that is not percent-encoded may hold what ends it elsewhere: it ends at one of the @.
    """
    written = [found[1] for pattern in _BEFORE_HOST if (found := pattern.match(url))]
    options = parse_qsl(url.rpartition("?")[2])
    written += [value for name, value in options if "password" in name.lower()]
    return [form for one in written if one for form in (one, unquote(one), quote(one, safe=""))]


@contextmanager
def about_job(job_id: int) -> Iterator[None]:
    """Let the lines that are written meanwhile name this job."""
    token = _job_under_way.set(job_id)
    try:
        yield
    finally:
        _job_under_way.reset(token)


def _about_task() -> dict[str, Any]:
    job = _job_under_way.get()
    return {} if job is None else {"job": job}


def _leave_out_what_no_line_shows() -> None:
    """Spare each line the search for who wrote it, and in which thread.

    As the standard library says how, in its HOWTO on logging, under optimization.
    """
    logging._srcfile = None  # noqa: SLF001
    logging.logThreads = logging.logMultiprocessing = False


def _catch_what_is_uncaught() -> None:
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )
    sys.unraisablehook = lambda args: _uncaught(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )
    warnings.showwarning = _warn  # type: ignore[assignment]
    if "gevent.hub" in sys.modules:
        from gevent.hub import Hub  # noqa: PLC0415 - only a process that runs on it has it

        Hub.print_exception = _uncaught_in_greenlet


def _uncaught(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    if issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    log.critical("uncaught %s", kind.__name__, exc_info=(kind, error, trace))


def _uncaught_in_greenlet(_hub: Any, context: Any, kind: Any, error: Any, trace: Any) -> None:
    # What a greenlet dies of is often on its way as texts only.
    value = error if isinstance(error, BaseException) else kind(str(error))
    where = type(context).__name__ if context is not None else "a callback"
    log.error("uncaught %s in %s", kind.__name__, where, exc_info=(kind, value, trace))


def _warn(message: Warning | str, category: type[Warning], *_: Any) -> None:
    if not any(word in category.__name__ for word in _NOT_TOLD):
        log.warning("%s: %s", category.__name__, message)


#: Warnings to those who write code, and Celery's to a superuser, who is one in most containers.
_NOT_TOLD: Final = ("Deprecation", "SecurityWarning", "ResourceWarning")
