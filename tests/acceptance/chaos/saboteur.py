"""Makes the planned faults on a stack, and is the supervisor that starts again what died."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import redis

from tests.acceptance.chaos.ledgers import Happened
from tests.acceptance.chaos.schedule import Action, Fault, kind_of
from tests.acceptance.redis_setups import master_of
from tests.acceptance.stack import Stack

#: How often it looks whether a process ended by itself (seconds).
_LOOK_S = 0.25


class Saboteur:
    """Runs a plan once. What it did is in `happened`."""

    def __init__(self, stack: Stack, faults: Sequence[Fault], roles: Sequence[str]) -> None:
        self.happened: list[Happened] = []
        self._stack = stack
        self._up = set(roles)
        self._frozen: set[str] = set()
        self._order = itertools.count()
        self._steps: list[tuple[float, int, str, Fault]] = []
        for fault in faults:
            self._add(fault.at_s, str(fault.action), fault)
        self._do: dict[str, Callable[[Fault, float], None]] = {
            Action.KILL: self._kill,
            Action.FREEZE: self._freeze,
            Action.DROP: self._drop,
            Action.FAIL_OVER: self._fail_over,
            "start": self._start,
            "resume": self._resume,
        }

    def run(self, stop: threading.Event) -> None:
        """Make all faults; at the end, or when told to stop, leave everything running."""
        begun = time.monotonic()
        while self._steps and not stop.is_set():
            at_s, _, step, fault = self._steps[0]
            now_s = time.monotonic() - begun
            if at_s > now_s:
                stop.wait(min(at_s - now_s, _LOOK_S))
                self._revive()
                continue
            heapq.heappop(self._steps)
            self._do[step](fault, now_s)
        self._repair()

    def watch(self) -> None:
        """Start again what ended by itself."""
        self._revive()

    def _add(self, at_s: float, step: str, fault: Fault) -> None:
        heapq.heappush(self._steps, (at_s, next(self._order), step, fault))

    def _note(self, action: str, role: str) -> None:
        self.happened.append(Happened(time.time(), action, role, kind_of(role)))

    def _kill(self, fault: Fault, now_s: float) -> None:
        if fault.role not in self._up:
            return
        self._note("kill", fault.role)
        self._stack.kill(fault.role)
        self._up.discard(fault.role)
        self._frozen.discard(fault.role)
        self._add(now_s + fault.lasts_s, "start", fault)

    def _fail_over(self, fault: Fault, now_s: float) -> None:
        """Kill whoever is master; it comes back as a replica."""
        master = master_of(self._stack.redis_setup)
        self._kill(Fault(fault.at_s, Action.KILL, master, fault.lasts_s), now_s)

    def _start(self, fault: Fault, now_s: float) -> None:
        self._stack.start(fault.role)
        self._up.add(fault.role)
        self._note("start", fault.role)

    def _freeze(self, fault: Fault, now_s: float) -> None:
        if fault.role not in self._up or fault.role in self._frozen:
            return
        self._note("freeze", fault.role)
        self._stack.pause(fault.role)
        self._frozen.add(fault.role)
        self._add(now_s + fault.lasts_s, "resume", fault)

    def _resume(self, fault: Fault, now_s: float) -> None:
        if fault.role in self._frozen:
            self._stack.resume(fault.role)
            self._frozen.discard(fault.role)
            self._note("resume", fault.role)

    def _drop(self, fault: Fault, now_s: float) -> None:
        self._note("drop", fault.role)
        # Redis may be away at this moment: then its connections are, too.
        with suppress(redis.RedisError):
            self._stack.redis.client_kill_filter(_type=fault.role, skipme=True)

    def _revive(self) -> None:
        for role in self._stack.ended():
            self._note("ended", role)
            self._stack.restart(role)
            self._note("start", role)

    def _repair(self) -> None:
        for _, _, step, fault in sorted(self._steps):
            if step in {"start", "resume"}:
                self._do[step](fault, 0.0)
        self._steps.clear()
