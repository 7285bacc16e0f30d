"""Compares this process with the others every few seconds: its secrets, its database, its clock."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import redis

from shared.machines.identity import IdentityBook, told
from shared.machines.notices import Notices
from shared.named_error import named
from shared.store import redis_keys as keys
from shared.store.clock import redis_ms

log = logging.getLogger(__name__)

#: How often (seconds): as often as workers say that they live.
EVERY_S: Final = 2.0
#: From where on a clock is off (seconds). Receivers refuse signatures that are 5 minutes old.
CLOCK_OFF_S: Final = 5.0


def clock_offset_s(before_s: float, redis_s: float, after_s: float) -> float:
    """Return how far a clock is ahead of Redis's, at the least: what the way may have cost is off.

    `before_s` and `after_s` are its own times around the question, unix seconds.
    """
    ahead_s = (before_s + after_s) / 2 - redis_s
    # A clock that is set back meanwhile makes this negative: nothing is known then.
    uncertain_s = abs(after_s - before_s) / 2
    return max(0.0, ahead_s - uncertain_s) if ahead_s > 0 else min(0.0, ahead_s + uncertain_s)


class SelfCheck:
    """One comparison a call. `own` gives this process's fingerprints, as far as it knows them."""

    def __init__(
        self,
        client: redis.Redis,
        process: str,
        own: Callable[[], Mapping[str, str]],
        clock: Callable[[], float] = time.time,
        more: Callable[[], str] = str,
    ) -> None:
        """`more` says what else there is to complain of, and logs it itself."""
        self._client = client
        self._process = process
        self._own = own
        self._clock = clock
        self._book = IdentityBook(client)
        self._notices = Notices(client)
        self._more = more
        self._told: dict[str, str] = {}
        self._has_told = False

    def __call__(self) -> None:
        """Compare; log what is new, and tell the admin what holds. Raises redis.RedisError."""
        before_s = self._clock()
        pipe = self._client.pipeline(transaction=False)
        pipe.time()
        pipe.hgetall(keys.IDENTITY)
        moment, noted = pipe.execute()
        now_ms = redis_ms(moment)
        offset_s = clock_offset_s(before_s, now_ms / 1000, self._clock())
        problems = _problems(self._book.note(self._own(), noted), offset_s)
        self._log(problems)
        self._told = problems
        texts = [*problems.values(), *filter(None, [self._more()])]
        if texts or self._has_told:
            self._notices.tell(self._process, texts, now_ms)
        self._has_told = bool(texts)

    def start(self) -> None:
        """Call it again and again, in a thread that ends with the process."""
        threading.Thread(target=self._run, name="self check", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                self()
            except Exception as exc:
                log.debug("self check: %s", named(exc))
            time.sleep(EVERY_S)

    def _log(self, problems: Mapping[str, str]) -> None:
        for kind in problems.keys() - self._told.keys():
            log.warning("%s", problems[kind])
        for kind in self._told.keys() - problems.keys():
            log.warning("resolved: %s", self._told[kind])


def _problems(differing: frozenset[str], offset_s: float) -> dict[str, Any]:
    """Return what is wrong, in words, by what kind of thing it is."""
    problems = {}
    if differing:
        problems[f"identity {sorted(differing)}"] = told(differing)
    if abs(offset_s) > CLOCK_OFF_S:
        way = "ahead of" if offset_s > 0 else "behind"
        problems["clock"] = (
            f"this machine's clock is {abs(offset_s):.0f} s {way} Redis's: receivers refuse "
            "callbacks whose time is minutes off; set it by NTP"
        )
    return problems
