"""Connections to Redis over TCP, TLS or a socket file, and to the master that Sentinels name.

See docs/adr/0013-a-lean-hot-path.md for what is left out here.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import redis
from redis.exceptions import NoPermissionError
from redis.maint_notifications import MaintNotificationsConfig

from shared.store.address import RedisAddress
from shared.store.refusals import ValueTooLarge, is_demoted, is_outage, plain
from shared.store.sentinels import Sentinels
from shared.store.tls import SharedTls

if TYPE_CHECKING:
    # They are mixed into connections of any kind; mypy wants to know what these have in common.
    from redis.connection import AbstractConnection as _Any
else:
    _Any = object


#: More than any error of Redis is long.
_LAST_WORDS_BYTES: Final = 1024


class Lean(_Any):
    """A connection that is not polled each time the pool gives it out.

    The pool looks for bytes that a command broken off in the middle left behind: a poll a command,
    a third of its cost. Nothing leaves any here: commands are never broken off, and a connection
    that failed is closed. One that Redis has closed fails at its next command, which is repeated.

    Who turns out not to be the master any more is not asked again: the next connection looks anew
    where the name leads.
    """

    def can_read(self, timeout: float = 0) -> bool:
        """Look for bytes to read only where somebody waits for them (seconds)."""
        return timeout > 0 and bool(super().can_read(timeout))

    # Its signature is the library's.
    def send_packed_command(self, command: Any, check_health: bool = True) -> None:  # noqa: FBT001, FBT002
        """Send a command. Raises redis.ConnectionError and redis.TimeoutError.

        Most fit into the system's buffer: then it is one system call, where `sendall` asks for the
        size of that buffer and reads the clock. A value too large is told as that.
        """
        connection: Any = super()
        if len(command) != 1:
            connection.send_packed_command(command, check_health)
            return
        if not self.is_connected:
            connection.connect_check_health(check_health=False)
        elif check_health:
            self.check_health()  # type: ignore[no-untyped-call]
        self._send(command[0])

    def _send(self, data: bytes) -> None:
        sock: Any = self._sock
        try:
            if (sent := sock.send(data)) < len(data):
                sock.sendall(memoryview(data)[sent:])
        except OSError as exc:
            said = last_words(sock)
            self.disconnect()  # type: ignore[no-untyped-call]
            if isinstance(said, ValueTooLarge):
                raise said from exc
            kind = redis.TimeoutError if isinstance(exc, TimeoutError) else redis.ConnectionError
            raise kind(f"{exc} while writing to the socket.") from exc
        except BaseException:
            # Nobody knows how much of it went out.
            self.disconnect()  # type: ignore[no-untyped-call]
            raise

    def read_response(self, *args: Any, **options: Any) -> Any:
        """Return what Redis says. Raises redis.RedisError, of the class that says what it is."""
        try:
            return super().read_response(*args, **options)
        except redis.ResponseError as exc:
            refusal = plain(exc)
            if self._leads_astray(refusal):
                self.disconnect()  # type: ignore[no-untyped-call]
            if refusal is exc:
                raise
            raise refusal from None

    def _leads_astray(self, refusal: redis.RedisError) -> bool:
        """Whether another connection may lead to somebody who does not refuse."""
        return is_demoted(refusal)


class ToMaster(Lean):
    """A connection to whoever is master at the moment it is made."""

    def __init__(self, *, sentinels: Sentinels, **options: Any) -> None:
        self._sentinels = sentinels
        super().__init__(**options)

    def _connect(self) -> Any:
        self.host, self.port = self._sentinels.master()
        return super()._connect()  # type: ignore[no-untyped-call,safe-super]

    def _leads_astray(self, refusal: redis.RedisError) -> bool:
        """Ask the Sentinels again also when it cannot write: then they promote another one.

        It may write again before they have told it so, and what it took then would be lost.
        """
        return is_outage(refusal) and not isinstance(refusal, NoPermissionError)

    def on_connect_check_health(self, check_health: bool = True) -> None:  # noqa: FBT001, FBT002
        """Ask for its role too, as Redis's guidelines for clients of Sentinel say."""
        super().on_connect_check_health(check_health)
        self.send_command("ROLE", check_health=False)  # type: ignore[no-untyped-call]
        try:
            role = self.read_response()[0]
        except NoPermissionError:
            return
        if role not in {b"master", "master"}:
            raise redis.ConnectionError(f"{self.host}:{self.port} is not the master any more")


class Connection(Lean, redis.Connection):
    """To a server, over TCP."""


class TlsConnection(Lean, SharedTls):
    """To a server, over TLS."""


class UnixConnection(Lean, redis.UnixDomainSocketConnection):
    """To a socket file."""

    # The library's telemetry asks each connection for them.
    host = "unix"
    port = 0


class MasterConnection(ToMaster, redis.Connection):
    """To a master, over TCP."""


class MasterTlsConnection(ToMaster, SharedTls):
    """To a master, over TLS."""


def last_words(sock: Any) -> redis.RedisError | None:
    """Return the error that a server sent before it closed on us; None where it cannot be read.

    It closes in the middle of a value that is too large for it, while we are still writing.
    """
    with suppress(OSError):
        sock.settimeout(0)
        said = sock.recv(_LAST_WORDS_BYTES)
        if said.startswith(b"-") and b"\r\n" in said:
            return plain(redis.ResponseError(said[1:].split(b"\r\n")[0].decode("utf-8", "replace")))
    return None


def connection_class(address: RedisAddress) -> type[redis.Connection]:
    """Return what connects to this address."""
    if address.path:
        return UnixConnection  # type: ignore[return-value]
    if address.is_sentinel:
        return MasterTlsConnection if address.is_tls else MasterConnection
    return TlsConnection if address.is_tls else Connection


def connection_options(address: RedisAddress) -> dict[str, Any]:
    """Return what it takes as arguments, but for the time limits."""
    options: dict[str, Any] = {
        "db": address.db,
        "username": address.username,
        "password": address.password,
        # The library's own name, and what its vendor's hosted service tells of maintenance: round
        # trips for each connection, which a user with few rights may not make.
        "driver_info": None,
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
        **dict(address.options),
    }
    if address.path:
        options.pop("socket_keepalive", None)
        return {**options, "path": address.path}
    options.setdefault("socket_keepalive", True)
    options |= dict(address.tls) if address.is_tls else {}
    if address.is_sentinel:
        return {**options, "sentinels": Sentinels(address)}
    host, port = address.hosts[0]
    return {**options, "host": host, "port": port}
