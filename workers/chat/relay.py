"""Brings the chunks of this process's streams into the ledger, many streams in one round trip."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from redis.exceptions import RedisError

from shared.jobs.moves import Claim
from shared.ledger.chunk_store import Batch, ChunkStore
from shared.store.refusals import ValueTooLarge, is_outage

log = logging.getLogger(__name__)

#: How long chunks gather before they are written (seconds). The first of a stream does not wait.
GATHER_S: Final = 0.02
_RETRY_S: Final = 0.5
#: Most bytes of a batch of several chunks.
_BATCH_BYTES: Final = 128 * 1024


class StreamRefused(Exception):
    """Another attempt has the job: this one must not say another word."""


class Relay:
    """The stream of one attempt."""

    def __init__(self, claim: Claim, relays: Relays) -> None:
        self.job_id = claim.id
        #: Whether something was passed on, or may have been: no other attempt may follow.
        self.begun = False
        self.refused = False
        self._too_large: ValueTooLarge | None = None
        #: Held by whoever writes: batches arrive in the order of their numbers.
        self.writing = threading.Lock()
        self._attempt = claim.attempt
        self._relays = relays
        self._pending: list[bytes] = []
        self._batch: Batch | None = None
        self._batches = 0

    @property
    def is_waiting(self) -> bool:
        """Whether something is not written, or may not be."""
        return bool(self._batch or self._pending)

    def send(self, chunk: bytes) -> None:
        """Pass a chunk on: the first one at once, later ones soon.

        Raises StreamRefused, or ValueTooLarge when Redis can never take a chunk.
        """
        self._pending.append(chunk)
        if self.begun:
            self._relays.gather(self)
        else:
            self.begun = True
            self._relays.write_or_gather([self])
        self._stop_if_refused()

    def flush(self) -> None:
        """Write what waits, however long the ledger is away. Raises as `send` does."""
        while self.is_waiting:
            if not self._relays.write_or_gather([self]):
                self._relays.pause()
        self._stop_if_refused()

    def take(self) -> Batch | None:
        """Return what is to be written now: first of all what may not have arrived, unchanged."""
        if self._batch is None and self._pending:
            self._batches += 1
            most = _fitting(self._pending)
            self._batch = Batch(self.job_id, self._attempt, self._batches, self._pending[:most])
            self._pending = self._pending[most:]
        return self._batch

    def arrived(self, *, accepted: bool) -> None:
        """Note that the batch that was taken has been written, or refused."""
        self._batch = None
        self.refused |= not accepted

    def give_up(self, reason: ValueTooLarge) -> None:
        """Say no more: Redis can never take what was taken."""
        self._batch, self._too_large = None, reason
        self._pending.clear()

    def _stop_if_refused(self) -> None:
        if self._too_large:
            self._pending.clear()
            raise self._too_large
        if self.refused:
            self._pending.clear()
            raise StreamRefused


def _fitting(chunks: list[bytes]) -> int:
    """Return how many of the first chunks make a batch: what any Redis takes, or a single one."""
    size_bytes = 0
    for number, chunk in enumerate(chunks):
        size_bytes += len(chunk) + 1
        if number and size_bytes > _BATCH_BYTES:
            return number
    return len(chunks)


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
        """Write a batch of each relay in one round trip. Raises RedisError: none is lost."""
        held: list[Relay] = []
        try:
            for relay in relays:
                relay.writing.acquire()
                held.append(relay)
            self._write_taken([(relay, batch) for relay in relays if (batch := relay.take())])
        finally:
            for relay in held:
                relay.writing.release()

    def _write_taken(self, taken: list[tuple[Relay, Batch]]) -> None:
        try:
            answers = self._store.append([batch for _, batch in taken])
        except ValueTooLarge:
            # Nothing was sent.
            self._write_each(taken)
            return
        for (relay, _), accepted in zip(taken, answers, strict=True):
            relay.arrived(accepted=accepted)

    def _write_each(self, taken: list[tuple[Relay, Batch]]) -> None:
        for relay, batch in taken:
            try:
                [accepted] = self._store.append([batch])
            except ValueTooLarge as exc:
                relay.give_up(exc)
            else:
                relay.arrived(accepted=accepted)

    def write_or_gather(self, relays: list[Relay]) -> bool:
        """Write as `write` does; keep all for later when the ledger is not reachable: False."""
        try:
            self.write(relays)
        except RedisError as exc:
            if not is_outage(exc):
                raise
            log.warning("ledger not reachable, chunks held in memory: %s", exc)
            for relay in relays:
                self.gather(relay)
            return False
        for relay in relays:
            if relay.is_waiting:
                self.gather(relay)
        return True

    def pause(self) -> None:
        """Wait for a ledger that is not reachable."""
        self._sleep(_RETRY_S)

    def run(self) -> None:
        """Write what gathers, for ever."""
        while True:
            self._something.wait()
            self._sleep(GATHER_S)
            self.write_gathered()

    def write_gathered(self) -> None:
        """Write what has gathered."""
        self._something.clear()
        relays, self._gathering = list(self._gathering.values()), {}
        if not self.write_or_gather(relays):
            self.pause()
