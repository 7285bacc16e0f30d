"""Runs what a hostile peer does in a process of its own, so that it takes no time of the test's.

A deed is a function of a module, called as `deed(errand)`. It goes on while `errand.goes_on()`, and
counts what it has done: a peer that did nothing proves nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

_spawning: Final = multiprocessing.get_context("spawn")

#: A deed ends by then, whatever becomes of who started it (seconds).
LONGEST_S: Final = 2400.0
#: How long a deed is waited for: until it has begun, and at its end (seconds).
_BEGIN_S: Final = 60.0
_END_S: Final = 5.0
#: Peers are polite to the machine, for they share it with those whose time is measured.
_NICENESS: Final = 5


@dataclass
class Errand:
    """What a deed works with, in its own process. `options` are the starter's."""

    port: int
    seed: int
    options: dict[str, Any]
    _stopped: Any
    _done: Any
    _parent: int = field(default_factory=os.getppid)
    _until: float = field(default_factory=lambda: time.monotonic() + LONGEST_S)

    @cached_property
    def rng(self) -> random.Random:
        """Its generator, of the seed."""
        return random.Random(self.seed)

    def goes_on(self) -> bool:
        """Whether to go on: nobody has called it off, and who started it is still there.

        A peer that has a pace (option `pace_s`, seconds a step) waits here: so it is bounded in
        what it sends, and leaves the machine to others.
        """
        if pace_s := self.options.get("pace_s"):
            time.sleep(pace_s * self.rng.uniform(0.5, 1.5))
        return (
            not self._stopped.is_set()
            and os.getppid() == self._parent
            and time.monotonic() < self._until
        )

    def count(self, times: int = 1) -> None:
        """Count deeds: connections made, requests sent, answers given."""
        with self._done.get_lock():
            self._done.value += times


Deed = Callable[[Errand], None]


class Running:
    """A deed under way."""

    def __init__(self, deed: Deed, port: int, seed: int, options: dict[str, Any]) -> None:
        self._stopped = _spawning.Event()
        self._done = _spawning.Value("Q", 0)
        self._process = _spawning.Process(
            target=_run, args=(deed, port, seed, options, self._stopped, self._done), daemon=True
        )
        self._process.start()

    @property
    def is_alive(self) -> bool:
        """Whether its process has not ended."""
        return bool(self._process.is_alive())

    @property
    def done(self) -> int:
        """How often it did what it does."""
        return int(self._done.value)

    def wait_begun(self) -> None:
        """Return once it has done something."""
        until = time.monotonic() + _BEGIN_S
        while not self.done:
            assert self._process.is_alive(), "the hostile peer ended before it did anything"
            assert time.monotonic() < until, "the hostile peer has done nothing"
            time.sleep(0.02)

    def call_off(self) -> None:
        """Tell it to end, and do not wait."""
        self._stopped.set()

    def stop(self) -> None:
        """End it."""
        self.call_off()
        self._process.join(_END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


@contextmanager
def running(deed: Deed, port: int, seed: int = 0, **options: Any) -> Iterator[Running]:
    """Run a deed against this port, or at it, for the length of the block; it has begun."""
    peer = Running(deed, port, seed, options)
    try:
        peer.wait_begun()
        yield peer
    finally:
        peer.stop()


def _run(
    deed: Deed, port: int, seed: int, options: dict[str, Any], stopped: Any, done: Any
) -> None:
    os.nice(_NICENESS)
    errand = Errand(port, seed, options, stopped, done)
    while errand.goes_on():
        # What a peer gets for its deeds is that it is thrown out; then it comes again.
        with suppress(OSError):
            deed(errand)
        time.sleep(0.01)
