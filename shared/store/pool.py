"""The connections to Redis: a list of those that are free, and what makes each of them cheap.

redis-py does more around a command than the command costs: its pool takes locks and reads the clock
twice, its retries build two closures, its telemetry is asked at six places whether it is wanted.
Parsing, connecting, health checks and what happens to a connection that fails stay the library's.
See docs/adr/0013-a-lean-hot-path.md.
"""

from __future__ import annotations

import threading
from typing import Any, Final

import hiredis
import redis
from redis.connection import HiredisRespSerializer

from shared.store.refusals import ValueTooLarge

#: A command of so many bytes is taken by every Redis: neither of its limits can be set lower.
_ALWAYS_TAKEN_BYTES: Final = 1024 * 1024


class Packer(HiredisRespSerializer):
    """Writes commands whose arguments need no preparation at once: texts, bytes and numbers.

    A value that the server can never take is an error here: it would close the connection on it,
    which looks like an outage.
    """

    def __init__(self) -> None:
        super().__init__()
        #: Most bytes of one value (proto-max-bulk-len), until a server tells.
        self.value_limit_bytes = 512 * 1024 * 1024
        #: Most bytes of a command (client-query-buffer-limit), likewise.
        self.command_limit_bytes = 1024 * 1024 * 1024
        #: Whether a server has told both; hosted ones may not.
        self.is_told = False

    def pack(self, *args: Any) -> list[bytes]:
        """Return the command as Redis reads it. Raises ValueTooLarge."""
        try:
            # "CONFIG GET" is two words to Redis.
            if " " not in args[0]:
                command = hiredis.pack_command(args)
                if len(command) > _ALWAYS_TAKEN_BYTES:
                    self._check(args, len(command))
                return [command]
        except TypeError:
            # Something that the library can prepare, or has the right words for.
            pass
        packed: list[bytes] = super().pack(*args)
        return packed

    def may_be_too_large(self, args: tuple[Any, ...]) -> bool:
        """Whether a command can be what a server closed the connection on: none says its limit."""
        return not self.is_told and _largest(args) >= _ALWAYS_TAKEN_BYTES

    def _check(self, args: tuple[Any, ...], size_bytes: int) -> None:
        largest = _largest(args)
        if largest > self.value_limit_bytes or size_bytes > self.command_limit_bytes:
            limit = min(self.value_limit_bytes, self.command_limit_bytes)
            raise ValueTooLarge(f"{largest} bytes are more than the {limit} that Redis takes")


def _largest(args: tuple[Any, ...]) -> int:
    sizes = (len(one.encode() if isinstance(one, str) else one) for one in args if _has_size(one))
    return max(sizes, default=0)


def _has_size(value: Any) -> bool:
    return isinstance(value, str | bytes)


class Pool(redis.ConnectionPool):
    """Gives out what was given back last; makes new connections up to a number, then lets wait.

    Taking and giving back is one step each of a list, which no thread or greenlet can come between;
    the lock is for those who find the list empty.
    """

    _available_connections: list[Any]
    _in_use_connections: set[Any]

    def __init__(self, *, timeout: float, **options: Any) -> None:
        """`timeout` is how long a caller waits for a free connection (seconds)."""
        self._patience_s = timeout
        super().__init__(**options)

    def reset(self) -> None:
        """Begin anew: at first, and in a process that was forked."""
        self._given_back = threading.Condition()
        self._waiting = 0
        super().reset()

    def get_connection(self, *_: Any, **__: Any) -> Any:
        """Return a connection that is connected. Raises redis.ConnectionError."""
        self._checkpid()
        connection = self._pop_free() or self._make_or_wait()
        self._in_use_connections.add(connection)
        if not connection.is_connected:
            try:
                connection.connect()
            except BaseException:
                self.release(connection)
                raise
        return connection

    def release(self, connection: Any) -> None:
        """Take a connection back. One of the process that this one was forked from is let go."""
        self._checkpid()
        if connection not in self._in_use_connections:
            return
        self._in_use_connections.discard(connection)
        self._available_connections.append(connection)
        if self._waiting:
            with self._given_back:
                self._given_back.notify()

    # Its signature is the library's.
    def disconnect(self, inuse_connections: bool = True) -> None:  # noqa: FBT001, FBT002
        """Close the connections, those in use too; others may take and give back meanwhile."""
        self._checkpid()
        in_use = list(self._in_use_connections) if inuse_connections else []
        for connection in (*list(self._available_connections), *in_use):
            connection.disconnect()

    def _pop_free(self) -> Any:
        try:
            return self._available_connections.pop()
        except IndexError:
            return None

    def _make_or_wait(self) -> Any:
        with self._given_back:
            if self._created_connections < self.max_connections:
                return self.make_connection()
            # Counted before the list is looked at again: who gives one back looks here after it.
            self._waiting += 1
            try:
                connection = self._given_back.wait_for(self._pop_free, self._patience_s)
            finally:
                self._waiting -= 1
        if connection is None:
            raise redis.ConnectionError("No connection available.")
        return connection
