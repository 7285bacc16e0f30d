"""Innocent clients of a run: they go on all the time, and tell how long each call took."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final, Self

import requests

from tests.acceptance.hostile.beside import p95
from tests.acceptance.hostile.ground import Ground
from tests.acceptance.hostile.innocents import Innocent
from tests.acceptance.system.stack import Stack

#: How long each rests between its calls (seconds).
_REST_S: Final = 0.2
#: Wrong answers that are told.
_SHOWN: Final = 10

#: Seconds that calls took, by what was called.
Taken = dict[str, list[float]]


class Watch:
    """A client that chats, one that comes anew each time, and one that waits for callbacks."""

    def __init__(self, stack: Stack) -> None:
        self._over = threading.Event()
        self._taken: defaultdict[str, list[float]] = defaultdict(list)
        self._clients = [Innocent(Ground(stack)) for _ in range(3)]
        self._threads = [
            threading.Thread(target=self._repeat, args=(name, call), daemon=True)
            for name, call in (
                ("a chat", self._clients[0].chat),
                ("a new client's /up", self._clients[1].arrive),
                ("a job and its callback", self._clients[2].told),
            )
        ]
        #: What was not as it should be.
        self.wrong: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(10)
        for client in self._clients:
            client.close()

    def go_on(self, seconds: float) -> None:
        """Let them go on for a while."""
        self._over.wait(seconds)

    def taken(self) -> Taken:
        """Return how long the calls took since this was asked last."""
        found, self._taken = self._taken, defaultdict(list)
        return dict(found)

    def progress(self) -> str:
        """Tell how it goes, in a line."""
        told = [f"{name}: p95 {p95(took) * 1000:.0f} ms" for name, took in self._taken.items()]
        return "  ".join([*told, f"wrong {len(self.wrong)}"])

    def _repeat(self, name: str, call: Callable[[], Any]) -> None:
        while not self._over.wait(_REST_S):
            began = time.perf_counter()
            try:
                call()
            except (AssertionError, requests.RequestException) as exc:
                if len(self.wrong) < _SHOWN and not self._over.is_set():
                    self.wrong.append(f"{name}: {type(exc).__name__}: {str(exc)[:300]}")
            self._taken[name].append(time.perf_counter() - began)
