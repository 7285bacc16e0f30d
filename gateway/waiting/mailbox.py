"""Lets requests wait for jobs: one subscription per process, one event per waiting request."""

from __future__ import annotations

import itertools
import logging
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import redis

from shared.errors import TooManyWaiting
from shared.named_error import named
from shared.store import redis_keys

log = logging.getLogger(__name__)
T = TypeVar("T")

#: How often a waiting request looks for itself, should its message have been lost (seconds).
RECHECK_S: Final = 3.0
#: By how much that varies: those who came together would look together, again and again.
_JITTER: Final = 0.3
_RECONNECT_S: Final = 0.5
#: Ends the token of who hears news; they stand behind it.
_HEARS_NEWS: Final = "+"
_SEPARATOR: Final = b"\x1f"
#: How often a waiting request looks whether its client is still there (seconds).
_PRESENCE_S: Final = 0.5


class Waiter:
    """One waiting request. `address` is what goes into the job, `news` what it heard last."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.news = b""
        self._event = threading.Event()

    def wake(self, news: bytes = b"") -> None:
        """Let the request look at its job, of which it hears this."""
        self.news = news
        self._event.set()

    def wait_until(
        self,
        look: Callable[[], T | None],
        timeout_s: float,
        client_left: Callable[[], bool] = lambda: False,
    ) -> T | None:
        """Call `look` after each wake-up until it finds something.

        None when time is up or the client has left.
        """
        now = time.monotonic()
        until, look_again = now + timeout_s, now + _recheck_s()
        while now < until and not client_left():
            woken = self._event.wait(min(until - now, _PRESENCE_S))
            if woken:
                # Before the look, for a wake-up during it counts for the next one; and only then,
                # for one that came just after the time was up must not be lost.
                self._event.clear()
            now = time.monotonic()
            if woken or now >= look_again:
                look_again = now + _recheck_s()
                found = look()
                if found is not None:
                    return found
        return None


def _recheck_s() -> float:
    return RECHECK_S * (1 + _JITTER * (2 * random.random() - 1))  # noqa: S311


class Mailbox:
    """This process's channel and the requests that wait on it. Subscribes when first used."""

    def __init__(self, client: redis.Redis, limit: int) -> None:
        self._client = client
        self._limit = limit
        self._channel = redis_keys.mailbox_channel(uuid.uuid4().hex[:12])
        self._waiters: dict[str, Waiter] = {}
        self._tokens = itertools.count()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._outage_is_known = False

    @contextmanager
    def waiter(self) -> Iterator[Waiter]:
        """Register a waiting request for the length of the block.

        Raises TooManyWaiting when as many wait as may.
        """
        if len(self._waiters) >= self._limit:
            raise TooManyWaiting(retry_after_s=1)
        self._start()
        token = f"{next(self._tokens)}{_HEARS_NEWS}"
        waiter = Waiter(f"{self._channel}|{token}")
        self._waiters[token] = waiter
        try:
            yield waiter
        finally:
            del self._waiters[token]

    def _start(self) -> None:
        if self._thread is not None:
            return
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="mailbox", daemon=True)
                self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                self._read()
            except Exception as exc:
                # Once an outage, which may last for many tries.
                if not self._outage_is_known:
                    log.warning("mailbox lost its connection, subscribing again: %s", named(exc))
                self._outage_is_known = True
                time.sleep(_RECONNECT_S)

    def _read(self) -> None:
        with self._client.pubsub(push_handler_func=_as_it_came) as pubsub:  # type: ignore[no-untyped-call]
            pubsub.subscribe(self._channel)
            while True:
                kind, data = _next_message(pubsub)
                if kind == b"message":
                    self._wake(data)
                elif kind == b"subscribe":
                    self._outage_is_known = False
                    self._wake_all()

    def _wake(self, message: bytes) -> None:
        token, _, news = message.partition(_SEPARATOR)
        waiter = self._waiters.get(token.decode())
        if waiter is not None:
            waiter.wake(news)

    def _wake_all(self) -> None:
        """Let everybody look once: what was published while nobody listened is gone."""
        for waiter in list(self._waiters.values()):
            waiter.wake()


def _next_message(pubsub: Any) -> tuple[bytes, Any]:
    """Return the kind of what comes next, and its content; no kind when nothing comes.

    `get_message` polls before it reads, and writes a line of debugging: half of what a message
    costs.
    """
    try:
        kind, *_, data = pubsub.connection.read_response(
            disconnect_on_error=False, push_request=True, timeout=RECHECK_S
        )
    except redis.TimeoutError:
        pubsub.check_health()
        return b"", None
    return kind, data


def _as_it_came(message: Any) -> Any:
    return message
