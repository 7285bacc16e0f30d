"""Runs a function again and again beside the tasks, whatever pool the worker has."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from shared.named_error import named

log = logging.getLogger(__name__)


class Periodic:
    """Calls `work` every `interval_s` seconds until stopped; after a failure every `retry_s`.

    A thread, which gevent's patching turns into a greenlet in a gevent worker.
    """

    def __init__(
        self, name: str, work: Callable[[], None], interval_s: float, retry_s: float | None = None
    ) -> None:
        self._work = work
        self._interval_s = interval_s
        self._retry_s = min(retry_s or interval_s, interval_s)
        self._stopped = threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; the first call comes at once."""
        self._thread.start()

    def stop(self) -> None:
        """End after the call that runs now, if one does."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(self._once()):
            pass

    def _once(self) -> float:
        """Call `work`; return the pause until the next call (seconds)."""
        try:
            self._work()
        except Exception as exc:
            if not self._failing:
                log.warning("%s failed, retrying: %s", self._thread.name, named(exc))
            self._failing = True
            return self._retry_s
        if self._failing:
            log.warning("%s works again", self._thread.name)
            self._failing = False
        return self._interval_s
