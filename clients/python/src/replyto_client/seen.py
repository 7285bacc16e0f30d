"""Remembers which callbacks were handled: one may come twice, and must count once."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from enum import Enum
from typing import Any, Protocol

#: Longer than callbacks are tried (seconds): 76 hours with ReplyTo's own schedule, and jitter.
KEPT_S = 7 * 86_400
#: After so long a handler that was begun counts as one whose process died (seconds).
BEGUN_S = 600


class Standing(Enum):
    """What is known of a callback."""

    NEW = "new"
    UNDER_WAY = "under way"
    DONE = "done"


class Seen(Protocol):
    """What remembers. Several processes of one application need one that they share."""

    def begin(self, webhook_id: str) -> Standing:
        """Take a callback that is NEW; else tell how it stands."""
        ...

    def done(self, webhook_id: str) -> None:
        """Note that it was handled."""
        ...

    def failed(self, webhook_id: str) -> None:
        """Forget it: it will come again."""
        ...


class MemorySeen:
    """Remembers in this process, the newest so many."""

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._known: OrderedDict[str, tuple[Standing, float]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, webhook_id: str) -> Standing:
        """Take a callback that is new; else tell how it stands."""
        with self._lock:
            known = self._known.get(webhook_id)
            if known and time.monotonic() < known[1]:
                return known[0]
            self._note(webhook_id, Standing.UNDER_WAY, BEGUN_S)
            return Standing.NEW

    def done(self, webhook_id: str) -> None:
        """Note that it was handled."""
        with self._lock:
            self._note(webhook_id, Standing.DONE, KEPT_S)

    def failed(self, webhook_id: str) -> None:
        """Forget it."""
        with self._lock:
            self._known.pop(webhook_id, None)

    def _note(self, webhook_id: str, standing: Standing, lives_s: float) -> None:
        self._known[webhook_id] = (standing, time.monotonic() + lives_s)
        self._known.move_to_end(webhook_id)
        while len(self._known) > self._most:
            self._known.popitem(last=False)


class RedisSeen:
    """Remembers in a Redis of yours, for all processes; `client` is one of redis-py."""

    def __init__(self, client: Any, prefix: str = "replyto:seen:") -> None:
        self._client = client
        self._prefix = prefix

    def begin(self, webhook_id: str) -> Standing:
        """Take a callback that is new; else tell how it stands."""
        key = self._prefix + webhook_id
        if self._client.set(key, "begun", nx=True, ex=BEGUN_S):
            return Standing.NEW
        # A client with `decode_responses` gives texts.
        is_done = self._client.get(key) in (b"done", "done")
        return Standing.DONE if is_done else Standing.UNDER_WAY

    def done(self, webhook_id: str) -> None:
        """Note that it was handled."""
        self._client.set(self._prefix + webhook_id, b"done", ex=KEPT_S)

    def failed(self, webhook_id: str) -> None:
        """Forget it."""
        self._client.delete(self._prefix + webhook_id)
