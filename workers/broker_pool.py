"""The connections of kombu's channels: to the same Redis and by the same reading as the ledger's.

kombu reads a URL in its own way, which knows fewer forms. So it gets none, and its channels are
given pools made of the address that everybody has.
"""

from __future__ import annotations

from typing import Any, Final

import redis
from redis.connection import AbstractConnection

from shared.store.address import RedisAddress
from shared.store.client import WORKER_TIMEOUT_S
from shared.store.connections import connection_class, connection_options
from shared.store.refusals import is_outage

#: Beside the one that polls there are those that end polls.
_MOST_CONNECTIONS: Final = 64
#: Above a poll's one second (seconds).
_SHORTEST_TIMEOUT_S: Final = 3.0
#: kombu drops a poll that is overdue by as much (seconds): a frozen master's.
HEALTH_CHECK_S: Final = 10


def broker_pool(channel: Any, address: RedisAddress, *, polls: bool) -> redis.ConnectionPool:
    """Return a pool for a channel; `polls`: kombu's poller is told of connections that end."""
    options = connection_options(address)
    limits = {
        "socket_timeout": WORKER_TIMEOUT_S,
        "socket_connect_timeout": 3.0,
        "health_check_interval": HEALTH_CHECK_S,
        "client_name": "replyto-worker",
        "max_connections": _MOST_CONNECTIONS,
    }
    made = {**limits, **options}
    made["socket_timeout"] = max(float(made["socket_timeout"]), _SHORTEST_TIMEOUT_S)
    return redis.ConnectionPool(connection_class=_class_for(channel, address, polls=polls), **made)


def _class_for(channel: Any, address: RedisAddress, *, polls: bool) -> type[Any]:
    base: Any = connection_class(address)

    class BrokerSocket(base):  # type: ignore[misc]
        """What kombu needs of a connection beside ours."""

        def can_read(self, timeout: float = 0) -> bool:
            """Look for bytes at once too: kombu repeats no command on a connection that ended."""
            return bool(AbstractConnection.can_read(self, timeout))

        def read_response(self, *args: Any, **options: Any) -> Any:
            """Call a Redis that cannot take commands gone: kombu waits and connects again."""
            try:
                return super().read_response(*args, **options)
            except redis.ResponseError as exc:
                if not is_outage(exc):
                    raise
                self.disconnect()
                raise redis.ConnectionError(str(exc)) from exc

        def disconnect(self, *args: Any, **options: Any) -> None:
            """Tell the poller, as kombu's own connections do."""
            super().disconnect(*args, **options)
            if polls and channel._registered:  # noqa: SLF001 - as kombu's own
                channel._on_connection_disconnect(self)  # noqa: SLF001

    return BrokerSocket
