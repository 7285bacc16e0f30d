"""One run of the fault suite: a stack, a load, the faults, the settling, the audit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from pathlib import Path

from tests.acceptance.chaos import report, schedule
from tests.acceptance.chaos.auditor import RECOVERY_LIMIT_S, Audit, audit
from tests.acceptance.chaos.ledgers import Ledgers
from tests.acceptance.chaos.load import CROWDED, MODELS, Load, callbacks_due
from tests.acceptance.chaos.recorders import RecordingLlm, RecordingReceiver
from tests.acceptance.chaos.saboteur import Saboteur
from tests.acceptance.system.redis_setups import (
    SENTINELS,
    SERVERS,
    RedisSetup,
    embedded,
    failing_over,
    over_tls,
)
from tests.acceptance.system.stack import CALLBACKS, COMPLETION, GATEWAY, REDIS, Stack

ROLES = (REDIS, GATEWAY, COMPLETION, CALLBACKS, *schedule.CHATS)
#: Calls at once of the worker whose queue is to overflow.
_CROWDED_CONCURRENCY = 4
_LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do. Times in seconds, `rate` in jobs a second."""

    seed: int
    seconds: float
    rate: float = 15.0
    wild: bool = False
    #: Three servers over TLS, whose master is killed, in place of one Redis.
    failover: bool = False
    #: One Redis that speaks TLS only.
    tls: bool = False
    #: Longest wait for the rest after the last fault: callbacks may be due again in two minutes.
    settle_s: float = 200.0
    #: Longer than the longest freeze of a chat worker: it must come back with an answer in hand.
    attempt_timeout_s: float = 45.0
    progress_every_s: float = 5.0

    def faults(self) -> list[schedule.Fault]:
        """Return what is done when."""
        if self.failover:
            return schedule.failing_over(self.seed, self.seconds)
        return schedule.plan(self.seed, self.seconds, wild=self.wild)

    def redis_setup(self) -> Callable[[Path], RedisSetup]:
        """Return which Redis to run."""
        if self.failover:
            return partial(failing_over, with_tls=True)
        return over_tls if self.tls else embedded

    def settings(self) -> dict[str, str]:
        """Return what is not as by default.

        A hanging LLM must end, a queue must overflow, and jobs must wait behind the window.
        """
        return {
            "REPLYTO_ATTEMPT_TIMEOUT_S": f"{self.attempt_timeout_s:g}",
            "REPLYTO_MAX_ATTEMPTS": "3",
            "REPLYTO_RETRY_BASE_S": "0.5",
            "REPLYTO_QUEUE_LIMIT": "40",
            "REPLYTO_QUEUE_WINDOW": "8",
        }


class ChaosRun:
    """The parts of a run. `say` gets a line of progress now and then."""

    def __init__(self, plan: Plan, directory: Path, say: Callable[[str], None]) -> None:
        self.plan = plan
        self._say = say
        self._stack = Stack(
            directory,
            demo_models=[*MODELS, CROWDED],
            settings=plan.settings(),
            redis_setup=plan.redis_setup(),
        )
        self._llm = self._stack.llm = RecordingLlm()
        self._receiver = RecordingReceiver(self._stack.callback_secret)
        self._load = Load(self._stack.api, self._receiver, seed=plan.seed, rate=plan.rate)
        self._roles = (*SERVERS, *SENTINELS, *ROLES[1:]) if plan.failover else ROLES
        self._saboteur = Saboteur(self._stack, plan.faults(), self._roles)
        self._begun = time.monotonic()

    def __call__(self) -> tuple[report.Run, Audit]:
        """Do it all; return what was done and what came of it."""
        plan = self.plan
        for role in schedule.CHATS[:2]:
            self._stack.pool(role, MODELS)
        self._stack.pool(schedule.CHATS[2], [CROWDED], _CROWDED_CONCURRENCY)
        with self._stack:
            self._receiver.start()
            try:
                self._stack.open(*self._roles)
                settled_s = self._work()
            finally:
                self._load.close()
                self._receiver.stop()
            ledgers = self._ledgers()
            with (self._stack.directory / "ledgers.jsonl").open("w", encoding="utf-8") as file:
                file.writelines(ledgers.lines())
        skipped = self._load.skipped
        return (
            report.Run(
                plan.seed, plan.seconds, plan.rate, plan.wild, settled_s, skipped, self._failovers()
            ),
            # Without quiet nothing recovers in time.
            audit(ledgers, recovery_limit_s=inf if self.plan.wild else RECOVERY_LIMIT_S),
        )

    def logs(self) -> dict[str, str]:
        """Return the last lines of each process."""
        return self._stack.logs()

    def _work(self) -> float:
        """Load and faults, then quiet until all is done; return how long that took."""
        stop = threading.Event()
        work = (
            lambda: self._load.run(self.plan.seconds, stop),
            lambda: self._saboteur.run(stop),
        )
        threads = [threading.Thread(target=each) for each in work]
        self._begun = time.monotonic()
        for thread in threads:
            thread.start()
        try:
            self._wait(lambda: not any(thread.is_alive() for thread in threads))
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        quiet_since = time.monotonic()
        self._wait(self._is_settled, self.plan.settle_s)
        settled_s = time.monotonic() - quiet_since
        self._load.close()
        self._load.read_again()
        return settled_s

    def _wait(self, is_over: Callable[[], bool], limit_s: float = inf) -> None:
        """Wait, tell how it goes, and keep every process running."""
        begun = told_at = time.monotonic()
        while not is_over() and time.monotonic() - begun < limit_s:
            if time.monotonic() - told_at >= self.plan.progress_every_s:
                told_at = time.monotonic()
                self._say(self._progress())
            time.sleep(_LOOK_S)

    def _is_settled(self) -> bool:
        self._saboteur.watch()
        return not self._load.pending() and not self._callbacks_due()

    def _callbacks_due(self) -> set[str]:
        seen = list(self._receiver.callbacks)
        delivered = {c.marker for c in seen if c.status < 300 and c.answered_at is not None}
        return callbacks_due(list(self._load.told)) - delivered

    def _progress(self) -> str:
        told = list(self._load.told)
        accepted = sum(bool(job.ids) for job in told)
        final = sum(bool(job.readings) for job in told)
        happened = self._saboteur.happened
        last = f"{happened[-1].action} {happened[-1].role}" if happened else "nothing yet"
        return (
            f"{time.monotonic() - self._begun:5.0f} s  accepted {accepted}  final {final}  "
            f"pending {self._load.pending()}  callbacks due {len(self._callbacks_due())}  "
            f"faults {len(happened)}, last: {last}"
        )

    def _failovers(self) -> int:
        return self._stack.log(SENTINELS[0]).count("+switch-master") if self.plan.failover else 0

    def _ledgers(self) -> Ledgers:
        return Ledgers(
            told=self._load.told,
            calls=self._llm.calls,
            callbacks=self._receiver.callbacks,
            happened=self._saboteur.happened,
            failures=self._load.failures,
            accepts=sorted(self._load.accepts),
        )


def short(plan: Plan) -> Plan:
    """Return the plan of a short run: what hangs is given up sooner."""
    return replace(plan, attempt_timeout_s=5.0)
