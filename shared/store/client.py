"""Builds Redis clients with the time limits each side needs."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import Any, ClassVar, Final

import redis
from redis.backoff import ConstantBackoff
from redis.exceptions import NoPermissionError
from redis.retry import Retry

from shared.lean import Part, Step
from shared.store import redis_keys, scripts
from shared.store.address import RedisAddress, read_address
from shared.store.connections import Lean, connection_class, connection_options
from shared.store.pool import Packer, Pool
from shared.store.refusals import ValueTooLarge, is_outage

__all__ = ["GATEWAY_TIMEOUT_S", "WORKER_TIMEOUT_S", "connect", "is_outage"]

#: A gateway that waited for a free connection and then for its answer has waited twice this, and
#: answers 503 within 5 s (seconds).
GATEWAY_TIMEOUT_S: Final = 2.0
#: Workers have time; they only must not hang on a frozen Redis for ever (seconds).
WORKER_TIMEOUT_S: Final = 10.0
#: What a server tells of the largest value and command that it takes.
_LIMITS: Final = ("proto-max-bulk-len", "client-query-buffer-limit")
_is_size = re.compile(rb"[1-9][0-9]{0,18}").fullmatch
#: Between a connection that broke and the next one (seconds).
_PAUSE_S: Final = 0.05


class _Client(redis.Redis):
    """A client that sends each command without the library's closures and telemetry.

    A command whose connection broke, or led to a master that is none any more, is tried once more.
    """

    #: Of the connections.
    pool_class: ClassVar[type[redis.ConnectionPool]] = Pool

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command; return its response. Raises redis.RedisError."""
        pool = self.connection_pool
        connection: Any = pool.get_connection()
        try:
            try:
                return self._ask(connection, args, options)
            except (redis.ConnectionError, redis.ReadOnlyError):
                connection.disconnect()
                time.sleep(_PAUSE_S)
                return self._ask_again(connection, args, options)
        finally:
            pool.release(connection)

    def _ask_again(self, connection: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Ask once more. What breaks each connection, where others do well, is too large a value.

        A server that does not tell its limits may close on it without a word. Raises ValueTooLarge.
        """
        try:
            return self._ask(connection, args, options)
        except redis.ConnectionError as exc:
            # Of its kinds are LOADING and others that are answers.
            if type(exc) is not redis.ConnectionError or not _may_be_too_large(connection, args):
                raise
        self._ask(connection, ("PING",), {})
        try:
            return self._ask(connection, args, options)
        except redis.ConnectionError as exc:
            self._ask(connection, ("PING",), {})
            raise ValueTooLarge(
                "Redis closes the connection at each try, and on nothing else"
            ) from exc

    def _ask(self, connection: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        connection.send_command(*args)
        return self.parse_response(connection, args[0], **options)  # type: ignore[no-untyped-call]


def _may_be_too_large(connection: Any, args: tuple[Any, ...]) -> bool:
    packer: Packer = connection._command_packer  # noqa: SLF001 - ours, see `connect`
    return packer.may_be_too_large(args)


def _meet(connection: Any) -> None:
    """Begin a connection: another server process than before may have forgotten ids it gave."""
    # It is new: a check of its health would connect, and so begin it, again without end.
    connection.on_connect_check_health(check_health=False)
    script = scripts.load("meet").text
    connection.send_command("EVAL", script, 1, redis_keys.JOB_ID, check_health=False)
    for limit in _LIMITS:
        connection.send_command("CONFIG", "GET", limit, check_health=False)
    with suppress(NoPermissionError):
        connection.read_response()
    packer = connection._command_packer  # noqa: SLF001 - ours, see `connect`
    told = [_limit(connection) for _ in _LIMITS]
    packer.value_limit_bytes = told[0] or packer.value_limit_bytes
    packer.command_limit_bytes = told[1] or packer.command_limit_bytes
    packer.is_told = None not in told


def _limit(connection: Any) -> int | None:
    """Read one of the server's limits; hosted ones may not tell, not know it, or say odd things."""
    try:
        return told_limit(connection.read_response())
    except redis.ResponseError:
        return None


def told_limit(answer: Any) -> int | None:
    """Return the bytes that CONFIG GET tells; None for nothing, for words, and for no limit."""
    pair = list(*answer.items()) if isinstance(answer, dict) and len(answer) == 1 else answer
    match pair:
        case [_, bytes() as told] if _is_size(told):
            return int(told)
    return None


def connect(
    url: str | RedisAddress, *, timeout_s: float, name: str, max_connections: int = 100
) -> redis.Redis:
    """Return a client for `url` that connects when first used; replies are bytes.

    Raises ValueError when the URL cannot be read.

    A caller that finds all connections busy waits for one. A command whose connection broke is
    tried once more: each script of the ledger may come again without a second effect. One that
    timed out is not: the library would time out again for the new connection, and once more for
    each try of that, four times in all.
    """
    address = read_address(url) if isinstance(url, str) else url
    options = {
        "max_connections": max_connections,
        "socket_timeout": timeout_s,
        "socket_connect_timeout": min(timeout_s, 3.0),
        "health_check_interval": 25,
        "client_name": name,
        "redis_connect_func": _meet,
        "retry": Retry(ConstantBackoff(_PAUSE_S), 1, supported_errors=(redis.ConnectionError,)),
        **connection_options(address),
    }
    pool = _Client.pool_class(
        connection_class=connection_class(address),
        command_packer=Packer(),
        timeout=timeout_s,
        **options,
    )
    return _Client(connection_pool=pool)


#: What can be left to redis-py.
STEPS: Final = (
    Step("redis-py: pool", (Part(_Client, "pool_class", redis.BlockingConnectionPool),)),
    Step("redis-py: commands", (Part(_Client, "execute_command"),)),
    Step("redis-py: sending", (Part(Lean, "can_read"), Part(Lean, "send_packed_command"))),
)
