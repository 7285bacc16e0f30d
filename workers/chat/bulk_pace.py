"""Lets bulk jobs begin slowly while somebody calls: most of the processor is then the calls'.

Where an LLM answers at once, a batch keeps the worker, Redis and all that works for it busy, and
each step of a call stands in line for a processor. How much work a bulk job is shows in the CPU
time that goes by from one beginning to the next: jobs that wait for a slow LLM need next to none,
and begin as if nobody called.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import gevent
from gevent.lock import BoundedSemaphore

#: Which share of its time this process works, while somebody calls, before another one begins.
_SHARE: Final = 0.25
#: For so long after a call others are expected (seconds).
_EXPECTED_S: Final = 1.0
#: So long one waits for the one before it at most (seconds): calls alone may keep a worker busy.
_LONGEST_S: Final = 0.1


class BulkPace:
    """One process's bulk jobs, one beginning after the other."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        cpu_s: Callable[[], float] = time.process_time,
        sleep: Callable[[float], None] = gevent.sleep,
    ) -> None:
        """`cpu_s` tells how long this process has worked (seconds)."""
        self._monotonic, self._cpu_s, self._sleep = monotonic, cpu_s, sleep
        self._turn = BoundedSemaphore(1)
        #: Until when calls are expected, and when the last bulk job began, by both clocks.
        self._expected_s = self._began_s = self._began_cpu_s = 0.0

    def call_came(self) -> None:
        """Note that somebody calls."""
        self._expected_s = self._monotonic() + _EXPECTED_S

    def wait(self) -> None:
        """Wait until a bulk job may begin: at once, where nobody has called lately."""
        if self._monotonic() >= self._expected_s:
            return
        with self._turn:
            while (left_s := self._left_s()) > 0:
                self._sleep(left_s)
            self._began_s, self._began_cpu_s = self._monotonic(), self._cpu_s()

    def _left_s(self) -> float:
        now_s = self._monotonic()
        if now_s >= self._expected_s:
            return 0.0
        pause_s = min(_LONGEST_S, (self._cpu_s() - self._began_cpu_s) / _SHARE)
        return self._began_s + pause_s - now_s
