"""kombu's Redis transport, taught to keep slots for interactive calls and to stop soon."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any, Final

import gevent
from celery.app.amqp import AMQP
from kombu import Connection
from kombu.transport import redis
from redis.exceptions import RedisError, ResponseError

from shared.queues.names import BULK, INTERACTIVE
from shared.store.address import RedisAddress
from workers.broker_pool import broker_pool
from workers.chat.lanes import Lanes

#: How often the worker looks whether it is to stop (seconds). It would be 2, and with a poll of one
#: second in flight 3.
_LOOK_UP_S: Final = 0.5

#: Between attempts at a lost connection (seconds).
_PAUSES_S: Final = {"interval_start": 0.2, "interval_step": 0.2, "interval_max": 1.0}

#: Between the moment a slot is free and the end of a poll that does not serve it (seconds): others
#: that become free meanwhile need no end of their own.
_GATHER_S: Final = 0.005
#: How often a poll is ended that has not reached Redis yet.
_TRIES: Final = 5

#: Ends the name of a list that is polled in the place of another.
_LEFT: Final = ":left"

#: The lanes of this process. One process runs one worker, and kombu builds its channels itself:
#: there is no other way to hand them something.
_lanes = Lanes()


def follow(lanes: Lanes) -> None:
    """Let all channels of this process ask these lanes."""
    global _lanes  # noqa: PLW0603 - see above
    _lanes = lanes


class Channel(redis.Channel):
    """Polls only the priorities that the lanes serve.

    A poll lasts a second at most and takes at most one message; then the lanes are asked again. One
    that serves interactive calls only is ended as soon as there is room for others: else a pool
    whose slots are all taken would leave each of them empty for up to a second after each job.
    """

    #: What `address` of the transport options sets: where Redis is.
    from_transport_options = (*redis.Channel.from_transport_options, "address")
    address: RedisAddress
    _in_poll: Any
    #: The polling connection's socket, and its id in Redis.
    _poller: tuple[Any, int | None] | None = None
    #: While a poll is put together: queues whose bulk jobs it leaves where they are, and those
    #: of which it takes interactive ones alone.
    _without_bulk: Collection[str] = ()
    _without_queued: Collection[str] = ()

    def _get_pool(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002 - kombu's
        self.keyprefix_fanout = self.keyprefix_fanout.format(db=self.address.db)
        return broker_pool(self, self.address, polls=asynchronous)

    def _brpop_start(self, timeout: Any = None) -> None:
        every, poller = self.priority_steps, self._poller_id()
        # Messages are acknowledged when their task starts: until then they are pending.
        qos: Any = self.qos
        pending = len(qos._delivered) - len(qos._dirty)  # noqa: SLF001 - as can_consume does
        self.priority_steps = list(_lanes.served(every, pending))
        self._without_bulk, self._without_queued = _lanes.without_bulk(), _lanes.without_queued()
        try:
            if poller is not None:
                _lanes.on_bulk = partial(self._end_poll_soon, poller)
                if len(self.priority_steps) < len(every):
                    _lanes.on_room = _lanes.on_bulk
            super()._brpop_start(timeout)  # type: ignore[misc]
        finally:
            self.priority_steps, self._without_bulk, self._without_queued = every, (), ()

    def _q_for_pri(self, queue: str, pri: int) -> Any:
        name = super()._q_for_pri(queue, pri)  # type: ignore[misc]
        is_left = pri == BULK and queue in self._without_bulk
        is_left = is_left or (pri != INTERACTIVE and queue in self._without_queued)
        # Nobody ever puts anything there.
        return f"{name}{_LEFT}" if is_left else name

    def _brpop_read(self, **options: Any) -> Any:
        _lanes.on_room = _lanes.on_bulk = None
        return super()._brpop_read(**options)  # type: ignore[misc]

    def _poller_id(self) -> int | None:
        """Return the polling connection's id; None when this user of Redis may not know it."""
        client: Any = self.client
        socket = client.connection._sock  # noqa: SLF001 - as kombu's poller does
        if self._poller is None or self._poller[0] is not socket:
            try:
                self._poller = (socket, int(client.client_id()))
            except ResponseError:
                self._poller = (socket, None)
        return self._poller[1]

    def _end_poll_soon(self, poller: int) -> None:
        _lanes.on_room = _lanes.on_bulk = None
        gevent.spawn_later(_GATHER_S, self._end_poll, poller)

    def _end_poll(self, poller: int) -> None:
        """Let the poll end as if its time were up. What it has taken already is not touched."""
        try:
            with self.conn_or_acquire() as client:
                for _ in range(_TRIES):
                    if not self._in_poll or client.client_unblock(poller):
                        return
                    gevent.sleep(_GATHER_S)
        except RedisError:
            # It ends by itself.
            return


class BrokerConnection(Connection):
    """A connection that comes back soon: kombu's own pauses grow to half a minute."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        """Connect, trying again until it works."""
        return super().ensure_connection(*args, **{**_PAUSES_S, **options})

    def as_uri(self, *_: Any, **__: Any) -> str:
        """Name Redis in lines of the log: without a secret."""
        options: Any = self.transport_options
        return str(options["address"].shown)


class Broker(AMQP):
    """What Celery asks for connections."""

    Connection = BrokerConnection


class Transport(redis.Transport):
    """The transport that `broker_transport` names."""

    Channel = Channel

    def drain_events(self, connection: Any, timeout: Any = None, **options: Any) -> None:
        """Wait for messages; end earlier than asked, because the worker looks in between."""
        super().drain_events(connection, min(timeout or _LOOK_UP_S, _LOOK_UP_S), **options)
