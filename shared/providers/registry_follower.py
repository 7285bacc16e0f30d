"""Keeps a process's registry, and what it knows of the providers' health, as they are in Redis.

A thread listens for changes and looks at the versions each second, should a message be lost. While
Redis is away the last known state stays. So no request and no attempt asks Redis who serves it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

import redis

from shared.named_error import named
from shared.providers.health import HealthBook
from shared.providers.health_store import HealthStore
from shared.providers.provider import Provider, Registry
from shared.providers.registry_store import RegistryBusy, RegistryStore
from shared.store import redis_keys

log = logging.getLogger(__name__)

#: How often the versions are looked at (seconds).
_POLL_S: Final = 1.0
_RECONNECT_S: Final = 0.5


class RegistryFollower:
    """Follows the registry into `registry` and the health into `health`."""

    def __init__(
        self,
        client: redis.Redis,
        registry: Registry,
        health: HealthBook,
        file: list[Provider] | None = None,
    ) -> None:
        """`file` is what the providers file says, to seed the registry with; None: no file."""
        self._client = client
        self._registry = registry
        self._health = health
        self._file = file
        self.store = RegistryStore(client)
        self.health_store = HealthStore(client)
        self._version = -1
        self._seeded = False
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._listeners: list[Callable[[], None]] = []
        #: What was said of an outage that goes on: nobody needs to read it twice a second.
        self._said = ""

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call the listener after each change of the registry, in the follower's thread."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Begin to follow, with one look now; do nothing when it has begun."""
        if self._thread is not None:
            return
        with self._starting:
            if self._thread is None:
                self._try(self.look)
                self._thread = threading.Thread(target=self._follow, name="registry", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Follow no more; return when the thread has ended."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> None:
        """Take over what has changed. Raises redis.RedisError."""
        version = self.store.version()
        if not (self._seeded and version):
            self.store.seed(self._file)
            self._seeded = True
            version = self.store.version()
        # A registry that was never saved says nothing.
        if version not in (0, self._version):
            self._version, document = self.store.read()
            self._registry.replace(document.providers)
            self._tell()
        self.health_store.refresh(self._health)

    def reload(self, file: list[Provider] | None) -> None:
        """Seed the registry anew with what the file says now. Raises redis.RedisError."""
        # Of an emptied Redis, too, this is what it begins with from now on.
        self._file = file
        self.store.seed(file)
        self.look()

    def _tell(self) -> None:
        for listener in list(self._listeners):
            listener()

    def _try(self, step: Callable[[], None]) -> bool:
        try:
            step()
        except (redis.RedisError, RegistryBusy) as exc:
            self._say(f"registry not reachable, keeping the last known one: {named(exc)}")
            return False
        except Exception as exc:
            # A document of another release: going on with the last known one is all there is.
            told = f"registry not understood, keeping the last known one: {named(exc)}"
            self._say(told, is_fault=True)
            return False
        return True

    def _say(self, told: str, *, is_fault: bool = False) -> None:
        if told != self._said:
            log.log(logging.ERROR if is_fault else logging.WARNING, told, exc_info=is_fault)
        self._said = told

    def _follow(self) -> None:
        while not self._stopped.is_set():
            self._try(self._listen)
            self._stopped.wait(_RECONNECT_S)

    def _listen(self) -> None:
        with self._client.pubsub(ignore_subscribe_messages=True) as pubsub:  # type: ignore[no-untyped-call]
            pubsub.subscribe(redis_keys.PROVIDERS_CHANNEL)
            while not self._stopped.is_set():
                self.look()
                self._said = ""
                # Several changes at once are one look.
                message = pubsub.get_message(timeout=_POLL_S)
                while message is not None:
                    message = pubsub.get_message(timeout=0.0)
