"""Which servers are too old for us: told at the start, not by the first script that fails there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import redis

from shared.settings import SettingsError

#: The first that has all that our scripts call.
_SINCE: Final = (6, 2)
_NEEDED: Final = "ReplyTo needs 6.2 or later, or Valkey"
#: How connections begin, which servers before version 6 do not know.
_GREETING: Final = "unknown command `HELLO`"


def refuse_old_server(client: redis.Redis) -> None:
    """Raise SettingsError for a server that is too old. Raises redis.RedisError too."""
    try:
        info: Any = client.info("server")
    except redis.ResponseError as exc:
        if _GREETING in str(exc):
            told = f"a Redis older than 6 answers there; {_NEEDED}"
            raise SettingsError(f"REPLYTO_REDIS_URL: {told}") from exc
        # Not this user's to ask, or it goes by another name there; whatever else is wrong comes
        # again with the next command.
        return
    if problem := version_problem(info):
        raise SettingsError(f"REPLYTO_REDIS_URL: {problem}")


def version_problem(info: Mapping[str, Any]) -> str:
    """Return why this server is none for us; nothing for one that does not tell its version."""
    version = str(info.get("redis_version", ""))
    parts = version.split(".")[: len(_SINCE)]
    numbers = [part for part in parts if part.isascii() and part.isdecimal()]
    if len(numbers) < len(_SINCE):
        return ""
    if tuple(map(int, numbers)) >= _SINCE:
        return ""
    return f"Redis {version} answers there; {_NEEDED}"
