"""Whether the key that asked for work which was stored for later still opens anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from shared.api_keys.reader import find
from shared.database.database import Database
from shared.errors import ApiKeyNotFound

#: How long it is remembered of a key, by those who ask many times a second (seconds).
_REMEMBERED_S: Final = 5.0
#: Most keys that are remembered.
_MOST: Final = 1000


def why_lost(database: Database, key_id: str, now_ms: int) -> str:
    """Say why a key opens nothing any more; empty when it does. Raises DatabaseUnavailable."""
    number = key_id.removeprefix("key_")
    if not (number.isascii() and number.isdecimal()):
        # The operator's own, which are in no book.
        return ""
    try:
        key = database.read(lambda connection: find(connection, int(number)))
    except ApiKeyNotFound:
        return "its API key is gone"
    if key.cancelled_ms:
        return "its API key was revoked"
    return "its API key has expired" if 0 < key.expires_ms <= now_ms else ""


class LostKeys:
    """Says the same to who asks again and again; some seconds late."""

    def __init__(
        self, database: Database, clock: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self._database = database
        self._clock = clock
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, str]] = {}

    def why(self, key_id: str) -> str:
        """Say why a key opens nothing any more. Raises DatabaseUnavailable."""
        asked_s, told = self._known.get(key_id, (0.0, ""))
        now_s = self._monotonic()
        if key_id in self._known and now_s - asked_s < _REMEMBERED_S:
            return told
        told = why_lost(self._database, key_id, round(self._clock() * 1000))
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[key_id] = (now_s, told)
        return told
