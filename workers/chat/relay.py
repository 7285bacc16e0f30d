"""Brings the chunks of this process's streams into the ledger, many streams in one round trip."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from redis.exceptions import RedisError

from shared.chunk_store import ChunkStore
from shared.moves import Claim

log = logging.getLogger(__name__)

#: How long chunks gather before they are written (seconds). The first of a stream does not wait.
GATHER_S: Final = 0.02
_RETRY_S: Final = 0.5


class StreamRefused(Exception):
    """Another attempt has the job: this one must not say another word."""


class Relay:
    """The stream of one attempt."""

    def __init__(self, claim: Claim, relays: Relays) -> None:
        self.job_id = claim.id
        self.attempt = claim.attempt
        self.begun = False
        self.refused = False
        self.pending: list[bytes] = []
        self._relays = relays

    def send(self, chunk: bytes) -> None:
        """Pass a chunk on. Raises StreamRefused, and RedisError for the first chunk only."""
        if self.refused:
            raise StreamRefused
        self.pending.append(chunk)
        if self.begun:
            self._relays.gather(self)
        else:
            self._relays.write([self])
            self.begun = True

    def flush(self) -> None:
        """Write what is pending. Raises StreamRefused and RedisError."""
        if self.pending:
            self._relays.write([self])
        if self.refused:
            raise StreamRefused


class Relays:
    """All streams of this process that have something to write."""

    def __init__(self, store: ChunkStore, sleep: Callable[[float], None]) -> None:
        self._store = store
        self._sleep = sleep
        self._gathering: dict[int, Relay] = {}
        self._something = threading.Event()

    def of(self, claim: Claim) -> Relay:
        """Return the relay of an attempt."""
        return Relay(claim, self)

    def gather(self, relay: Relay) -> None:
        """Have the relay's chunks written soon, together with those of others."""
        self._gathering[relay.job_id] = relay
        self._something.set()

    def write(self, relays: list[Relay]) -> None:
        """Write the relays' pending chunks in one round trip. Raises RedisError: none is lost."""
        taken = [(relay, relay.pending) for relay in relays if relay.pending]
        for relay, _ in taken:
            relay.pending = []
        try:
            answers = self._store.append([(r.job_id, r.attempt, chunks) for r, chunks in taken])
        except RedisError:
            for relay, chunks in taken:
                relay.pending = chunks + relay.pending
            raise
        for (relay, _), accepted in zip(taken, answers, strict=True):
            relay.refused |= not accepted

    def run(self) -> None:
        """Write what gathers, for ever."""
        while True:
            self._something.wait()
            self._sleep(GATHER_S)
            self._something.clear()
            relays, self._gathering = list(self._gathering.values()), {}
            try:
                self.write(relays)
            except RedisError as exc:
                log.warning("ledger not reachable, chunks kept in hand: %s", exc)
                for relay in relays:
                    self.gather(relay)
                self._sleep(_RETRY_S)
