"""Which job a response belongs to, by the name that its provider gave it."""

from __future__ import annotations

from typing import Final

import redis

from shared.codecs.half_characters import has_half
from shared.settings import Settings
from shared.store import redis_keys as keys

#: Longer names are none that a client will ask with, characters.
_LONGEST_NAME: Final = 256


class ResponseNames:
    """Keeps and finds the names. Raises redis.RedisError."""

    def __init__(self, client: redis.Redis, settings: Settings) -> None:
        self._client = client
        self._ttl_ms = round((settings.job_timeout_s + settings.result_ttl_s) * 1000)

    def keep(self, owner: str, name: str, job_id: int) -> None:
        """Let the owner ask for this job by this name; a name that comes again is the later job."""
        if len(name) <= _LONGEST_NAME and not has_half(name):
            self._client.set(keys.response(owner, name), job_id, px=self._ttl_ms)

    def find_id(self, owner: str, name: str) -> int | None:
        """Return the id of the owner's job whose response has this name, None for no such."""
        if len(name) > _LONGEST_NAME or has_half(name):
            return None
        found = self._client.get(keys.response(owner, name))
        return None if found is None else int(found)
