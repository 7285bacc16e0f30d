"""Keeps Redis's records of keys as the database says, and writes down when keys were used.

A change is written to the database first and to Redis after it. Should the process die in between,
every gateway process finds the change in its next pass.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from redis.exceptions import RedisError

from shared.api_keys import book, reader
from shared.api_keys.record import ApiKey
from shared.api_keys.store import KeyStore
from shared.database.database import Database
from shared.errors import DatabaseUnavailable
from shared.named_error import named
from shared.store.clock import unix_ms

log = logging.getLogger(__name__)

#: Pause between two passes (seconds).
_PASS_S: Final = 10.0
#: How far back a pass looks for changes (ms): clocks of gateways differ, transactions take time.
_LOOK_BACK_MS: Final = 10 * 60 * 1000
#: How often uses are written down (seconds).
_USES_S: Final = 60.0
#: How soon a rebuild is tried again that failed, however many requests ask for it (seconds).
_PAUSE_S: Final = 1.0


class KeyKeeper:
    """Moves keys from the database to Redis."""

    def __init__(self, database: Database, store: KeyStore) -> None:
        self._database = database
        self._store = store
        self._rebuilding = threading.Lock()
        self._failed_at_s = -_PAUSE_S
        self._built = False
        self._unwritten: dict[int, int] = {}
        self._written_at_s = time.monotonic()

    def rebuild(self) -> None:
        """Make Redis's records those of the database; nothing to do when somebody just has.

        Raises DatabaseUnavailable and redis.RedisError.
        """
        with self._rebuilding:
            if self._store.is_complete():
                return
            if time.monotonic() - self._failed_at_s < _PAUSE_S:
                raise DatabaseUnavailable
            try:
                self._rebuild()
            except DatabaseUnavailable:
                self._failed_at_s = time.monotonic()
                raise

    def publish(self, records: list[ApiKey]) -> None:
        """Tell all gateways of changed keys. Raises redis.RedisError."""
        self._store.put(records)

    def start(self, take_uses: Callable[[], Mapping[int, int]]) -> None:
        """Make a pass now, and again and again beside the requests."""
        threading.Thread(
            target=self._run, args=(take_uses,), name="key keeper", daemon=True
        ).start()

    def follow_changes(self) -> None:
        """Write what changed lately to Redis; everything, the first time."""
        if not (self._built and self._store.is_complete()):
            self._rebuild()
            self._built = True
            return
        since_ms = unix_ms() - _LOOK_BACK_MS
        self._store.put(self._database.read(lambda c: reader.records(c, changed_since_ms=since_ms)))

    def write_uses(self, used: Mapping[int, int]) -> None:
        """Write down when keys were last used; what could not be written waits."""
        self._unwritten.update(used)
        if self._unwritten:
            uses = dict(self._unwritten)
            self._database.write(lambda connection: book.note_uses(connection, uses))
            self._unwritten.clear()

    def _rebuild(self) -> None:
        # What is in Redis now was in the database before; so what is not in it later, is gone.
        before = self._store.digests()
        records = self._database.read(reader.records)
        self._store.put(records)
        self._store.complete(gone=before - {record.digest for record in records})

    def _run(self, take_uses: Callable[[], Mapping[int, int]]) -> None:
        failing = False
        while True:
            try:
                self._pass(take_uses)
                failing = False
            except (DatabaseUnavailable, RedisError) as exc:
                if not failing:
                    log.warning("keys: out of sync with the database, retrying: %s", named(exc))
                failing = True
            time.sleep(_PASS_S)

    def _pass(self, take_uses: Callable[[], Mapping[int, int]]) -> None:
        self.follow_changes()
        if time.monotonic() - self._written_at_s >= _USES_S:
            self.write_uses(take_uses())
            self._written_at_s = time.monotonic()
