"""What this process knows of its own calls: how many run where, how fast and how well they went."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from workers.routing.ranking import Load

#: How fast memories fade (seconds).
_MEMORY_S: Final = 30.0
#: What a new latency weighs against what is remembered.
_WEIGHT: Final = 0.2
#: A failure rate says something from so many calls on, and is too high from this share on.
_CALLS: Final = 20
_FAILURE_RATE: Final = 0.5
#: Between two requests for a probe of one provider (seconds).
_WISHES_S: Final = 5.0
#: Between two warnings about one provider (seconds).
_WARNINGS_S: Final = 60.0


@dataclass(slots=True)
class _Tally:
    """Calls and failures that fade."""

    calls: float = 0.0
    failures: float = 0.0
    at_s: float = 0.0
    #: The last job that failed.
    last_job: int = 0

    def note(self, now_s: float, *, failed: bool) -> None:
        fade = math.exp(-max(0.0, now_s - self.at_s) / _MEMORY_S)
        self.calls = self.calls * fade + 1
        self.failures = self.failures * fade + failed
        self.at_s = now_s

    @property
    def is_failing(self) -> bool:
        return self.calls >= _CALLS and self.failures / self.calls >= _FAILURE_RATE


class Traffic:
    """The calls of this process, by provider and model."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` gives seconds."""
        self._monotonic = monotonic
        self._in_flight: Counter[str] = Counter()
        self._latency_s: dict[tuple[str, str], float] = {}
        #: Since this process began, for people: jobs received and what became of them.
        self.counts = {"received": 0, "completed": 0, "retries": 0, "failed": 0}
        self._wished_s: dict[str, float] = {}
        self._warned_s: dict[str, float] = {}
        self._tallies: dict[tuple[str, str], _Tally] = {}

    @contextmanager
    def calling(self, provider: str) -> Iterator[None]:
        """Count a call as in flight while the block runs."""
        self._in_flight[provider] += 1
        try:
            yield
        finally:
            self._in_flight[provider] -= 1

    def load(self, provider: str, model: str) -> Load:
        """Return how busy and how fast the provider is."""
        return Load(self._in_flight[provider], self._latency_s.get((provider, model), 0.0))

    def answered(self, provider: str, model: str, latency_s: float) -> None:
        """Note a call that went well."""
        known = self._latency_s.get((provider, model), latency_s)
        self._latency_s[provider, model] = known + _WEIGHT * (latency_s - known)
        self._tally(provider, model).note(self._monotonic(), failed=False)

    def failed(self, provider: str, model: str, job_id: int) -> bool:
        """Note a call that failed; return whether too many of the last ones did.

        Of those of one job in a row only the first counts: it may be the job's fault.
        """
        tally = self._tally(provider, model)
        if tally.last_job != job_id:
            tally.note(self._monotonic(), failed=True)
            tally.last_job = job_id
        return tally.is_failing

    def may_ask_for_probe(self, provider: str) -> bool:
        """Whether the last request for a probe of the provider is long enough ago for another."""
        return self._is_due(self._wished_s, provider, _WISHES_S)

    def may_warn(self, provider: str) -> bool:
        """Whether the last warning about the provider is long enough ago for another."""
        return self._is_due(self._warned_s, provider, _WARNINGS_S)

    def _is_due(self, last_s: dict[str, float], provider: str, every_s: float) -> bool:
        now_s = self._monotonic()
        if now_s < last_s.get(provider, -every_s) + every_s:
            return False
        last_s[provider] = now_s
        return True

    def _tally(self, provider: str, model: str) -> _Tally:
        return self._tallies.setdefault((provider, model), _Tally())
