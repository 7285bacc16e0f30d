"""The issued keys as this gateway process knows them, never more than a second old.

A change is published to every process; should that be lost, what is held here runs out by itself.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import redis

from shared.api_keys.record import ApiKey
from shared.api_keys.store import KeyStore, RecordsMissing
from shared.named_error import named
from shared.store import redis_keys

log = logging.getLogger(__name__)

#: How long a record is held (seconds): with its way here, a revoked key works a second at most.
HELD_S: Final = 0.8
#: Most records held, unknown keys included: a flood of those must not fill the memory.
_HELD_MOST: Final = 10_000
_RECONNECT_S: Final = 0.5
_POLL_S: Final = 5.0


class IssuedKeys:
    """Finds keys by the digest of their secret. Listens for changes from the first use on."""

    def __init__(
        self,
        client: redis.Redis,
        store: KeyStore,
        rebuild: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._store = store
        self._rebuild = rebuild
        self._monotonic = monotonic
        self._held: OrderedDict[str, tuple[float, ApiKey | None]] = OrderedDict()
        self._used: dict[int, int] = {}
        self._starting = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def find(self, digest: str) -> ApiKey | None:
        """Return what a secret opens, None when it is unknown.

        Raises redis.RedisError, and DatabaseUnavailable when Redis has lost the keys and the
        database cannot tell them.
        """
        # The time before the read: what changes during it must not be held for longer.
        now = self._monotonic()
        held = self._held.get(digest)
        if held is not None and now < held[0]:
            return held[1]
        self._start()
        found = self._read(digest)
        self._held[digest] = (now + HELD_S, found)
        self._held.move_to_end(digest)
        while len(self._held) > _HELD_MOST:
            self._held.popitem(last=False)
        return found

    def forget(self, digest: str) -> None:
        """Read a record anew when it is needed next."""
        self._held.pop(digest, None)

    def note_use(self, key_id: int, now_ms: int) -> None:
        """Remember that a key was used; whoever takes the notes writes them down."""
        self._used[key_id] = now_ms

    def take_uses(self) -> dict[int, int]:
        """Return when each key was last used (unix ms), since the last call."""
        used, self._used = self._used, {}
        return used

    def close(self) -> None:
        """Listen no longer."""
        self._closed.set()

    def _read(self, digest: str) -> ApiKey | None:
        try:
            return self._store.find(digest)
        except RecordsMissing:
            self._rebuild()
            return self._store.find(digest)

    def _start(self) -> None:
        if self._thread is not None:
            return
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="keys", daemon=True)
                self._thread.start()

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                self._follow()
            except Exception as exc:
                if self._closed.is_set():
                    return
                log.warning("changes of keys: connection lost, subscribing again: %s", named(exc))
                time.sleep(_RECONNECT_S)

    def _follow(self) -> None:
        with self._client.pubsub(ignore_subscribe_messages=True) as pubsub:  # type: ignore[no-untyped-call]
            pubsub.subscribe(redis_keys.KEY_CHANGES)
            while not self._closed.is_set():
                message = pubsub.get_message(timeout=_POLL_S)
                if message is not None:
                    self.forget(message["data"].decode())
