"""kombu's Redis transport, taught to keep slots for interactive calls and to stop soon."""

from __future__ import annotations

from typing import Any, Final

from celery.app.amqp import AMQP
from kombu import Connection
from kombu.transport import redis

from workers.chat.lanes import Lanes

#: How often the worker looks whether it is to stop (seconds). It would be 2, and with a poll of one
#: second in flight 3.
_LOOK_UP_S: Final = 0.5

#: Between attempts at a lost connection (seconds).
_PAUSES_S: Final = {"interval_start": 0.2, "interval_step": 0.2, "interval_max": 1.0}

#: The lanes of this process. One process runs one worker, and kombu builds its channels itself:
#: there is no other way to hand them something.
_lanes = Lanes()


def follow(lanes: Lanes) -> None:
    """Let all channels of this process ask these lanes."""
    global _lanes  # noqa: PLW0603 - see above
    _lanes = lanes


class Channel(redis.Channel):
    """Polls only the priorities that the lanes serve."""

    def _brpop_start(self, timeout: Any = None) -> None:
        every = self.priority_steps
        # A poll takes at most one message and lasts a second at most; then the lanes are asked
        # again. Messages are acknowledged when their task starts: until then they are pending.
        qos: Any = self.qos
        pending = len(qos._delivered) - len(qos._dirty)  # noqa: SLF001 - as can_consume does
        self.priority_steps = list(_lanes.served(every, pending))
        try:
            super()._brpop_start(timeout)  # type: ignore[misc]
        finally:
            self.priority_steps = every


class BrokerConnection(Connection):
    """A connection that comes back soon: kombu's own pauses grow to half a minute."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        """Connect, trying again until it works."""
        return super().ensure_connection(*args, **{**_PAUSES_S, **options})


class Broker(AMQP):
    """What Celery asks for connections."""

    Connection = BrokerConnection


class Transport(redis.Transport):
    """The transport that `broker_transport` names."""

    Channel = Channel

    def drain_events(self, connection: Any, timeout: Any = None, **options: Any) -> None:
        """Wait for messages; end earlier than asked, because the worker looks in between."""
        super().drain_events(connection, min(timeout or _LOOK_UP_S, _LOOK_UP_S), **options)
