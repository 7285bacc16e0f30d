"""What Celery logs while Redis is away: a line when it is lost, and then one every half minute."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from celery.worker.consumer import consumer

#: It tries each second: nobody needs to read of each (seconds).
_EVERY_S: Final = 30.0
#: What Celery says at each attempt, and when the connection is gone.
_FAILED: Final[str] = consumer.CONNECTION_ERROR  # type: ignore[attr-defined]
_LOST: Final[str] = consumer.CONNECTION_RETRY  # type: ignore[attr-defined]


class OutageLines(logging.Filter):
    """Lets one line through now and then, in one line's form. Others pass as they are."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._next_s = 0.0
        self._silent = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the record is to be written; those about the connection are reworded."""
        if isinstance(record.args, tuple) and record.msg == _FAILED:
            return self._cannot_connect(record, record.args)
        if isinstance(record.args, tuple) and record.args[:1] == (_LOST,):
            # Told at once, and so is the first failure to come back.
            self._next_s, self._silent = 0.0, 0
            why = str(record.args[1]) or type(record.args[1]).__name__
            record.msg, record.args = "lost Redis: %s; connecting again", (why,)
        return True

    def _cannot_connect(self, record: logging.LogRecord, args: tuple[object, ...]) -> bool:
        now_s = self._monotonic()
        if now_s < self._next_s:
            self._silent += 1
            return False
        again = f" ({self._silent} times since)" if self._silent else ""
        self._next_s, self._silent = now_s + _EVERY_S, 0
        record.msg, record.args = "cannot connect to %s: %s; retrying%s", (*args[:2], again)
        return True


def set_up() -> None:
    """Put it before what Celery's consumer says."""
    logger = logging.getLogger(consumer.__name__)
    logger.filters[:] = [OutageLines()]
