"""One upgrade and the way back, under load, and what the three ledgers say of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path

from tests.acceptance.chaos.auditor import Audit, audit
from tests.acceptance.chaos.ledgers import Happened, Ledgers
from tests.acceptance.chaos.load import CROWDED, MODELS, Load, callbacks_due
from tests.acceptance.chaos.recorders import RecordingLlm, RecordingReceiver
from tests.acceptance.rolling import plan
from tests.acceptance.rolling.two_releases import TwoReleases
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import REDIS

#: What hangs is given up soon, and jobs wait behind the window.
_SETTINGS = {
    "REPLYTO_ATTEMPT_TIMEOUT_S": "5",
    "REPLYTO_MAX_ATTEMPTS": "3",
    "REPLYTO_RETRY_BASE_S": "0.5",
    "REPLYTO_QUEUE_WINDOW": "8",
}
#: How long all may take to be done after the last step (seconds).
_SETTLED_S = 240.0


@dataclass(frozen=True, slots=True)
class Crossed:
    """How many jobs one release accepted and the other one answered."""

    old_to_new: int
    new_to_old: int


class RollingRun:
    """`pause_s` is how long the load goes on after each step, `rate` is in jobs a second."""

    def __init__(
        self,
        old: Path,
        directory: Path,
        say: Callable[[str], None],
        *,
        seed: int = 7,
        pause_s: float = 4.0,
        rate: float = 12.0,
    ) -> None:
        self._say, self._pause_s = say, pause_s
        self._stack = TwoReleases(directory, old, [*MODELS, CROWDED], settings=_SETTINGS)
        self._llm = self._stack.llm = RecordingLlm()
        self._receiver = RecordingReceiver(self._stack.callback_secret)
        self._load = Load(self._stack.api, self._receiver, seed=seed, rate=rate)
        self._happened: list[Happened] = []

    def __call__(self) -> tuple[Audit, Crossed]:
        """Do it all; return what came of it."""
        with self._stack:
            self._receiver.start()
            try:
                self._stack.open(REDIS, *plan.of_release(plan.OLD))
                self._stack.take(plan.role(plan.GATEWAY, plan.OLD))
                self._work()
            finally:
                self._load.close()
                self._receiver.stop()
            return audit(self._ledgers(), recovery_limit_s=inf), self._crossed()

    def logs(self) -> dict[str, str]:
        """Return the last lines of each process."""
        return self._stack.logs()

    def _work(self) -> None:
        with self._loaded():
            for step in plan.steps():
                self._step(step)
        until(self._is_settled, "everything is done", within_s=_SETTLED_S, every_s=0.2)
        self._load.close()
        self._load.read_again()

    @contextmanager
    def _loaded(self) -> Iterator[None]:
        stop = threading.Event()
        thread = threading.Thread(target=self._load.run, args=(inf, stop))
        thread.start()
        try:
            time.sleep(self._pause_s)
            yield
        finally:
            stop.set()
            thread.join()

    def _step(self, step: plan.Step) -> None:
        begun, before = time.monotonic(), len(self._load.accepts)
        self._stack.step(step)
        time.sleep(self._pause_s)
        for role in self._stack.ended():
            self._happened.append(Happened(time.time(), "ended", role, plan.kind_of(role)))
        took_s, accepted = time.monotonic() - begun, len(self._load.accepts) - before
        self._say(f"{step!s:<45} {took_s:5.1f} s  {accepted:4} accepted")

    def _is_settled(self) -> bool:
        delivered = {
            c.marker for c in list(self._receiver.callbacks) if c.status < 300 and c.answered_at
        }
        return not self._load.pending() and not callbacks_due(list(self._load.told)) - delivered

    def _crossed(self) -> Crossed:
        accepted = self._stack.gateways.accepted
        return Crossed(
            old_to_new=len(accepted[plan.OLD] & self._stack.answered_by(plan.NEW)),
            new_to_old=len(accepted[plan.NEW] & self._stack.answered_by(plan.OLD)),
        )

    def _ledgers(self) -> Ledgers:
        return Ledgers(
            told=self._load.told,
            calls=self._llm.calls,
            callbacks=self._receiver.callbacks,
            happened=self._happened,
            failures=self._load.failures,
            accepts=sorted(self._load.accepts),
        )
