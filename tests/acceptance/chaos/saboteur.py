"""Makes the planned faults on a stack, and is the supervisor that starts again what died."""

from __future__ import annotations

import heapq
import itertools
import resource
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import redis

from cli.ports import free_port
from tests.acceptance.chaos.ledgers import Happened
from tests.acceptance.chaos.schedule import Action, Fault, kind_of
from tests.acceptance.system.redis_setups import MASTER_NAME, REDIS, SENTINELS, master_of
from tests.acceptance.system.stack import Stack

#: How often it looks whether a process ended by itself (seconds).
_LOOK_S = 0.25
_NO_LIMIT = resource.RLIM_INFINITY
#: Longest that a planned change of master may take (ms).
_HAND_OVER_MS = 8_000
#: The steps that undo a fault.
_REPAIRS = {"start", "resume", "promote", "empty"}


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
            Action.DEMOTE: self._demote,
            Action.FILL: self._fill,
            "promote": self._promote,
            "empty": self._empty,
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
        if not self._runs(fault.role):
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

    def _demote(self, fault: Fault, now_s: float) -> None:
        """Make the master a replica, of one that is promoted or of a server that is not there."""
        master = self._master()
        if not self._runs(master):
            return
        with suppress(redis.RedisError):
            self._note("demote", master)
            if self._clients:
                self._hand_over(master)
            else:
                self._stack.redis.replicaof("127.0.0.1", str(free_port()))
                self._add(now_s + fault.lasts_s, "promote", fault)

    def _hand_over(self, master: str) -> None:
        """Let another be master, as a careful operator does: nothing is written in between.

        Sentinels leave the one before as it is for ten seconds more, and what is written there is
        gone. So it takes no writes from before the promotion on, and is a replica just after it.
        """
        before = self._clients[master]
        before.client_pause(_HAND_OVER_MS, all=False)
        try:
            self._clients[SENTINELS[0]].sentinel_failover(MASTER_NAME)
            until = time.monotonic() + _HAND_OVER_MS / 1000 - 1
            while self._master() == master and time.monotonic() < until:
                time.sleep(0.1)
            if (after := self._master()) != master:
                port = self._clients[after].connection_pool.connection_kwargs["port"]
                before.replicaof("127.0.0.1", port)
        finally:
            before.client_unpause()

    def _promote(self, fault: Fault, now_s: float) -> None:
        # One that was killed meanwhile came back as what it was configured to be.
        if self._runs(fault.role):
            self._stack.redis.replicaof("NO", "ONE")
            self._note("promote", fault.role)

    def _fill(self, fault: Fault, now_s: float) -> None:
        """Let the kernel refuse each byte more of the master's files."""
        master = self._master()
        if not self._runs(master):
            return
        self._note("fill", master)
        resource.prlimit(self._stack.pid(master), resource.RLIMIT_FSIZE, (1, _NO_LIMIT))
        undo = Fault(fault.at_s, Action.FILL, master, fault.lasts_s)
        self._add(now_s + fault.lasts_s, "empty", undo)

    def _empty(self, fault: Fault, now_s: float) -> None:
        if fault.role in self._up:
            resource.prlimit(
                self._stack.pid(fault.role), resource.RLIMIT_FSIZE, (_NO_LIMIT, _NO_LIMIT)
            )
            self._note("empty", fault.role)

    def _master(self) -> str:
        return master_of(self._stack.redis_setup) if self._clients else REDIS

    def _runs(self, role: str) -> bool:
        return role in self._up and role not in self._frozen

    @property
    def _clients(self) -> Mapping[str, redis.Redis]:
        """The servers and Sentinels, where there are several."""
        return self._stack.redis_setup.clients

    def _revive(self) -> None:
        for role in self._stack.ended():
            self._note("ended", role)
            self._stack.restart(role)
            self._note("start", role)

    def _repair(self) -> None:
        for _, _, step, fault in sorted(self._steps):
            if step in _REPAIRS:
                self._do[step](fault, 0.0)
        self._steps.clear()
