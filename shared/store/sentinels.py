"""Asks Sentinels where the master is."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any, Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from shared.store.address import RedisAddress
from shared.store.tls import SharedTls

#: How long one of them may take to answer (seconds): one that hangs must not use up the time in
#: which the others could have said it.
_TIMEOUT_S: Final = 0.7


class Sentinels:
    """The Sentinels of one master. The one that answered last is asked first.

    One look-up runs at a time, however many connections wait for it: when a master dies, all of
    them look for the next one at the same moment.
    """

    def __init__(self, address: RedisAddress) -> None:
        self._name = address.master_name
        self._longest_s = 2 * _TIMEOUT_S * len(address.hosts)
        self._sentinel = Sentinel([])  # type: ignore[no-untyped-call]
        self._sentinel.sentinels = [_client(host, port, address) for host, port in address.hosts]
        self._starting = threading.Lock()
        self._running: Future[tuple[str, int]] | None = None

    def master(self) -> tuple[str, int]:
        """Return host and port of the master. Raises redis.ConnectionError when none is known."""
        with self._starting:
            running, mine = self._running, Future[tuple[str, int]]()
            if running is None:
                self._running = mine
        if running is None:
            return self._look_up(mine)
        try:
            return running.result(self._longest_s)
        except TimeoutError:
            raise redis.ConnectionError("no Sentinel has answered in time") from None
        except redis.RedisError as exc:
            # Not the same object: each who raises it would lengthen its traceback.
            raise redis.ConnectionError(str(exc)) from None

    def _look_up(self, mine: Future[tuple[str, int]]) -> tuple[str, int]:
        try:
            found = self._ask()
        except BaseException as exc:
            mine.set_exception(redis.ConnectionError(str(exc) or type(exc).__name__))
            raise
        else:
            mine.set_result(found)
            return found
        finally:
            self._running = None

    def _ask(self) -> tuple[str, int]:
        try:
            host, port = self._sentinel.discover_master(  # type: ignore[no-untyped-call]
                self._name
            )
        except redis.ResponseError as exc:
            raise redis.ConnectionError(f"a Sentinel refuses to say who is master: {exc}") from exc
        return str(host), int(port)


def _client(host: str, port: int, address: RedisAddress) -> redis.Redis:
    options: dict[str, Any] = {
        "username": address.sentinel_username,
        "password": address.sentinel_password,
        "socket_timeout": _TIMEOUT_S,
        "socket_connect_timeout": _TIMEOUT_S,
        "retry": Retry(NoBackoff(), 0),
    }
    if address.is_tls:
        options |= {"connection_class": SharedTls, **dict(address.tls)}
    return redis.Redis(connection_pool=redis.ConnectionPool(host=host, port=port, **options))
