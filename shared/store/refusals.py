"""What Redis says when it cannot do something, and which of that passes by itself. Pure.

redis-py has a class for most of it and takes the code away from the text. For some codes it has
none, and its pipelines put words before the text: for these we have one. What clients are told
then stands in `gateway/errors.py`.
"""

from __future__ import annotations

import re
from typing import Final

import redis
from redis import exceptions
from redis._parsers.base import BaseParser

#: For these redis-py has no class. MISCONF is a full disk; UNBLOCKED a master that was demoted.
_CODES: Final = ("MISCONF", "NOREPLICAS", "BUSY", "UNBLOCKED", "IOERR", "NOMASTERLINK")
_BEGINS: Final = tuple(f"{code} " for code in _CODES)
#: Said before the connection is closed, where it can be read at all.
_TOO_LARGE: Final = (
    "Protocol error: invalid bulk length",
    "ERR Protocol error: invalid bulk length",
)
#: Redis 6.2 wraps what a command inside a script was told.
_IN_SCRIPT: Final = re.compile(
    rf"(?:^Error running script|user_script).*?: ?-"
    rf"(?P<said>(?:OOM|READONLY|MASTERDOWN|NOPERM|TRYAGAIN|CLUSTERDOWN|{'|'.join(_CODES)}) .*)",
    re.DOTALL,
)
_NO_CLUSTER: Final = (
    "this is a Redis Cluster, whose servers share keys out, and ReplyTo needs all of them in one "
    "place: use a single primary, or one with Sentinels"
)
#: What a server of a cluster says that has no code of its own.
_OF_CLUSTER: Final = re.compile(
    r"in cluster mode|non local key in a cluster node|not hash to the same slot"
)
#: How a script says what would be NOPERM outside of it (6.2 and 7; 8 and Valkey).
_FORBIDDEN: Final = re.compile(r"The user executing the script can't|ACL failure in script")


class Refused(redis.ResponseError):
    """Redis is there, and cannot take the command at the moment."""


class ValueTooLarge(redis.DataError):
    """A value is larger than Redis takes, now and at any other time."""


class Unblocked(Refused):
    """A call that waited was ended, because the server is not the master any more."""


class ClusterMode(Refused):
    """The server shares keys out with others: no script of ours can run there."""


_CLASSES: Final = (
    Refused,
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.OutOfMemoryError,
    exceptions.ReadOnlyError,
    exceptions.TryAgainError,
    # MASTERDOWN is one of these.
    exceptions.ClusterDownError,
    # An operator is changing what this user may do: nothing was done.
    exceptions.NoPermissionError,
)


def is_outage(error: redis.RedisError) -> bool:
    """Whether Redis is away, full or not the master: nothing is wrong with the command."""
    return isinstance(error, _CLASSES)


def is_demoted(error: redis.RedisError) -> bool:
    """Whether who answered is not the master: the connection leads to the wrong place."""
    return isinstance(error, exceptions.ReadOnlyError | exceptions.MasterDownError | Unblocked)


def plain(error: redis.ResponseError) -> redis.RedisError:
    """Return what Redis said in the class that tells it, without the words of a script."""
    if type(error) is not redis.ResponseError or _is_of_cluster(error):
        return ClusterMode(_NO_CLUSTER) if _is_of_cluster(error) else error
    if str(error).startswith(_TOO_LARGE):
        return ValueTooLarge(str(error))
    if _FORBIDDEN.search(str(error)):
        return exceptions.NoPermissionError(str(error))
    found = _IN_SCRIPT.search(str(error))
    said = found["said"] if found else str(error)
    if said.startswith(_BEGINS):
        return (Unblocked if said.startswith("UNBLOCKED") else Refused)(said)
    if found is None:
        return error
    parsed: redis.RedisError = BaseParser.parse_error(said)  # type: ignore[no-untyped-call]
    return parsed


def _is_of_cluster(error: redis.ResponseError) -> bool:
    """Whether only a server of a cluster says so: MOVED and ASK, CROSSSLOT, CLUSTERDOWN."""
    if isinstance(error, exceptions.AskError | exceptions.ClusterCrossSlotError):
        return True
    if isinstance(error, exceptions.ClusterDownError):
        return not isinstance(error, exceptions.MasterDownError)
    return type(error) is redis.ResponseError and bool(_OF_CLUSTER.search(str(error)))
