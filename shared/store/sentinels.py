"""Asks Sentinels where the master is."""

from __future__ import annotations

from typing import Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from shared.store.address import RedisAddress

#: How long one of them may take to answer (seconds): one that hangs must not use up the time in
#: which the others could have said it.
_TIMEOUT_S: Final = 0.7


class Sentinels:
    """The Sentinels of one master. The one that answered last is asked first."""

    def __init__(self, address: RedisAddress) -> None:
        self._name = address.master_name
        options = {
            "username": address.sentinel_username,
            "password": address.sentinel_password,
            "socket_timeout": _TIMEOUT_S,
            "socket_connect_timeout": _TIMEOUT_S,
            "retry": Retry(NoBackoff(), 0),
        }
        if address.is_tls:
            options |= {"ssl": True, **dict(address.tls)}
        self._sentinel = Sentinel(  # type: ignore[no-untyped-call]
            address.hosts, sentinel_kwargs=options
        )

    def master(self) -> tuple[str, int]:
        """Return host and port of the master. Raises redis.ConnectionError when none is known."""
        try:
            host, port = self._sentinel.discover_master(  # type: ignore[no-untyped-call]
                self._name
            )
        except redis.ResponseError as exc:
            raise redis.ConnectionError(f"a Sentinel refuses to say who is master: {exc}") from exc
        return str(host), int(port)
