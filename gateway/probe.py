"""A question about this gateway's surroundings that may be put by anybody, as often as they like.

It is asked once a second at most, and never twice at once: who wants to know meanwhile waits for
the answer that is on its way. So probes, which need no key, put no load on Redis and the database,
and one of these that hangs holds one thread of ours, however many ask.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

#: How long an answer is good (seconds).
FRESH_S: Final = 1.0
#: How long somebody waits for all answers together (seconds): probes give up after a few.
PATIENCE_S: Final = 2.0
#: The state of what works.
OK: Final = "ok"
#: The state of what did not tell in time.
SILENT: Final = "no answer"
#: The state of what could not even be asked; the log says why.
FAILED: Final = "failed"

log = logging.getLogger(__name__)


class Probe:
    """One such question. `ask` returns the state in a few words of ours."""

    def __init__(
        self, ask: Callable[[], str], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._answered = threading.Event()
        self._state = SILENT
        self._asked_at_s: float | None = None

    def start(self) -> None:
        """Ask, unless the last answer is good still or one is on its way."""
        with self._lock:
            now_s, asked_s = self._monotonic(), self._asked_at_s
            if asked_s is not None and (not self._answered.is_set() or now_s - asked_s < FRESH_S):
                return
            self._asked_at_s = now_s
            self._answered.clear()
        threading.Thread(target=self._run, name="probe", daemon=True).start()

    def state(self, patience_s: float) -> str:
        """Return the state; `SILENT` when that is not known within so many seconds."""
        return self._state if self._answered.wait(max(0.0, patience_s)) else SILENT

    def _run(self) -> None:
        try:
            self._state = self._ask()
        except Exception:
            log.exception("a probe failed")
            self._state = FAILED
        finally:
            self._answered.set()


def states_of(probes: Mapping[str, Probe], patience_s: float = PATIENCE_S) -> dict[str, str]:
    """Return the state of each, all asked at once, within so many seconds."""
    until_s = time.monotonic() + patience_s
    for probe in probes.values():
        probe.start()
    return {name: probe.state(until_s - time.monotonic()) for name, probe in probes.items()}
