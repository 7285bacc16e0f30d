"""The slots of limited providers, over the whole cluster: given back, renewed, handed over.

They are taken by the scripts that begin an attempt (`claim`, `fail_over`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from shared.providers.provider import Provider
from shared.queues.candidates import PREFIXES
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.clock import milliseconds
from shared.store.scripts import Call

#: How long a slot waits for the job that it was handed to (seconds).
RESERVED_S: Final = 10.0
#: Most jobs that one pass lets through a gate where nothing is limited.
_BATCH: Final = 1000
#: The limits of a provider that has none, as the scripts take them.
NO_LIMITS: Final = {"limit": 0, "rpm": 0, "tpm": 0}


class SlotStore(Ledger):
    """Issues the commands about slots. Raises redis.RedisError."""

    def give_back(
        self,
        provider: Provider,
        job_id: int,
        attempt: int,
        tokens: int = 0,
        *,
        is_shut: bool = False,
    ) -> Call:
        """Return the call that gives the slot of a job's present attempt back.

        To be sent along with its result. `is_shut`: it goes to no bulk job.
        """
        return self._hand_over(provider, job_id, attempt, tokens, is_shut=is_shut)

    def hand_over(self, providers: Iterable[Provider], shut: Collection[str] = ()) -> int:
        """Let jobs in that wait at gates, as far as there are slots; return how many.

        Those of `shut` providers go to no bulk job.
        """
        calls = [self._hand_over(one, is_shut=one.name in shut) for one in providers]
        return sum(self._scripts.run_all(calls))

    def renew(self, held: Sequence[tuple[str, int]]) -> None:
        """Renew the leases of (provider, job id) pairs that still have their slot."""
        if not held:
            return
        until_ms = self._now_ms() + milliseconds(self._settings.lease_s)
        pipe = self._client.pipeline(transaction=False)
        for provider, job_id in held:
            pipe.zadd(keys.slots(provider), {str(job_id): until_ms}, xx=True)
        pipe.execute()

    def gates(self) -> list[str]:
        """Return the gates that are closed."""
        names: Any = self._client.smembers(keys.GATES)
        return sorted(name.decode() for name in names)

    def await_slots(self, waits: Iterable[tuple[str, str]]) -> None:
        """Note for (gate, provider) pairs that jobs at this gate may have slots of it."""
        pipe = self._client.pipeline(transaction=False)
        for gate, provider in waits:
            pipe.zadd(keys.gates_of(provider), {gate: 0}, nx=True)
        pipe.execute()

    def open_gates(self, gates: Sequence[str]) -> None:
        """Open gates whose jobs need no slot: from now on they have their messages as usual."""
        if gates:
            self._client.srem(keys.GATES, *gates)

    def let_all_in(self, gate: str, provider: str) -> None:
        """Let the jobs in that wait at this gate for a provider which is no more."""
        self.await_slots([(gate, provider)])
        self._scripts.run(self._hand_over_of(provider, NO_LIMITS))

    def held(self, provider: str) -> int:
        """Return how many slots are taken or reserved."""
        number: Any = self._client.zcard(keys.slots(provider))
        return int(number)

    def _hand_over(
        self,
        provider: Provider,
        job_id: int | None = None,
        attempt: int | None = None,
        tokens: int = 0,
        *,
        is_shut: bool = False,
    ) -> Call:
        """Return the call; with a job, its attempt gives its slot back first."""
        limits = {
            "limit": provider.concurrency or 0,
            "rpm": provider.requests_per_minute or 0,
            "tpm": provider.tokens_per_minute or 0,
            **({"shut": 1} if is_shut else {}),
        }
        return self._hand_over_of(provider.name, limits, job_id, attempt, tokens)

    def _hand_over_of(
        self,
        provider: str,
        limits: Mapping[str, int],
        job_id: int | None = None,
        attempt: int | None = None,
        tokens: int = 0,
    ) -> Call:
        return Call(
            "hand_over",
            [
                keys.slots(provider),
                keys.rates(provider),
                keys.gates_of(provider),
                keys.GATES,
                keys.QUEUE_PLACE,
                *([keys.job(job_id)] if job_id is not None else ()),
            ],
            [
                self._clock(),
                "" if job_id is None else job_id,
                tokens,
                json.dumps(limits),
                milliseconds(self._settings.lease_s),
                PREFIXES,
                milliseconds(min(RESERVED_S, self._settings.lease_s)),
                _BATCH,
                "" if attempt is None else attempt,
            ],
        )
