"""What the key that asked for work which was stored for later opens now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple, TypeVar

from shared.api_keys.issued import IssuedKey
from shared.api_keys.reader import find
from shared.api_keys.scopes import Scope, allows
from shared.batches.batch import Batch
from shared.database.database import Database
from shared.errors import ApiKeyNotFound
from shared.schedules.schedule import Schedule

#: How long it is remembered of a key, by those who ask many times a second (seconds).
_REMEMBERED_S: Final = 5.0
#: Most keys that are remembered.
_MOST: Final = 1000

Stored = TypeVar("Stored", Batch, Schedule)


class KeyNow(NamedTuple):
    """A key as it is; None for the operator's own, which are in no book and stay as they are."""

    key: IssuedKey | None = None
    #: Why it opens nothing any more; empty when it does.
    lost: str = ""

    def rights_of(self, stored: Stored) -> Stored:
        """Return the work with what its key may use and take now, whatever it was then."""
        if self.key is None:
            return stored
        return replace(stored, models=self.key.models, limits=self.key.limits.to_dict() or None)


def key_now(database: Database, key_id: str, now_ms: int) -> KeyNow:
    """Look a key up. Raises DatabaseUnavailable."""
    number = key_id.removeprefix("key_")
    if not (number.isascii() and number.isdecimal()):
        return KeyNow()
    try:
        key = database.read(lambda connection: find(connection, int(number)))
    except ApiKeyNotFound:
        return KeyNow(lost="its API key is gone")
    return KeyNow(key, _why_lost(key, now_ms))


def _why_lost(key: IssuedKey, now_ms: int) -> str:
    if key.cancelled_ms:
        return "its API key was revoked"
    if 0 < key.expires_ms <= now_ms:
        return "its API key has expired"
    return "" if allows(key.scopes, Scope.CHAT) else "its API key may not chat any more"


class KeysNow:
    """Says the same to who asks again and again; some seconds late."""

    def __init__(
        self, database: Database, clock: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self._database = database
        self._clock = clock
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, KeyNow]] = {}

    def of(self, key_id: str) -> KeyNow:
        """Look a key up, or tell what is known of it. Raises DatabaseUnavailable."""
        asked_s, told = self._known.get(key_id, (0.0, KeyNow()))
        now_s = self._monotonic()
        if key_id in self._known and now_s - asked_s < _REMEMBERED_S:
            return told
        told = key_now(self._database, key_id, round(self._clock() * 1000))
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[key_id] = (now_s, told)
        return told
