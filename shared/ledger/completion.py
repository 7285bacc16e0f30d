"""The completion worker's moves: executed jobs become final, with their deliveries."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import redis

from shared.api_keys.limits import Charge
from shared.callbacks import delivery_keys
from shared.callbacks.body import thin_body
from shared.callbacks.events import job_event
from shared.jobs.job import ATTEMPT_PREFIX, Job, JobState
from shared.ledger.key_limits import KeyLimits, charge_args
from shared.operation import MEDIA
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.clock import Clock, milliseconds, redis_clock
from shared.store.lease import Lease
from shared.store.scripts import Argument, Call

_NO_CHARGE: Final = Charge()
#: How long the chunks of media are kept once they are whole (seconds): who follows has them soon.
_MEDIA_CHUNKS_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Gathered:
    """What waits for completion: jobs, and the owners who have subscriptions."""

    ids: list[int]
    subscribers: frozenset[str]


class Completion(Ledger):
    """Makes executed jobs final, many in one round trip; one process at a time."""

    def __init__(self, client: redis.Redis, settings: Settings, clock: Clock = redis_clock) -> None:
        super().__init__(client, settings, clock)
        self._limits = KeyLimits(clock)

    def gather(self, token: str, lease_s: float, most: int) -> Gathered:
        """Return what waits for completion, oldest first, and become the one who does it.

        With the same token the right to it is renewed. Nothing is returned when somebody else has
        it; and when nothing waits: then it is given back in the same step.
        """
        call = Call(
            "gather",
            [keys.EXECUTED, keys.COMPLETION_LEASE, keys.SUBSCRIBERS],
            [token, milliseconds(lease_s), most],
        )
        ids, subscribers = self._scripts.run(call)
        return Gathered(list(map(int, ids)), frozenset(owner.decode() for owner in subscribers))

    def give_up_completion(self, token: str) -> None:
        """Stop completing, although there are jobs left: others may be able to, or later ones."""
        Lease(self._scripts, keys.COMPLETION_LEASE).give_back(token)

    def executed(self, most: int) -> list[int]:
        """Return the ids that wait for completion, oldest first."""
        ids: Any = self._client.zrange(keys.EXECUTED, 0, most - 1)
        return [int(job_id) for job_id in ids]

    def complete(
        self,
        jobs: Sequence[Job],
        charges: Mapping[int, Charge] | None = None,
        subscribers: Collection[str] | None = None,
    ) -> list[JobState | None]:
        """Make Executed jobs final, with their deliveries; None where a job was not Executed.

        The keys of those that have limits are charged, in the same step. `subscribers` are the
        owners with subscriptions, where they have been read already.
        """
        charges = charges or {}
        now = self._clock()
        subscribers = self._subscribers() if subscribers is None else subscribers
        calls = [
            Call(
                "complete",
                [*_complete_keys(job), *self._limits.charge_keys(job)],
                [
                    now,
                    *self._complete_args(job, subscribed=job.owner in subscribers),
                    *charge_args(charges.get(job.id, _NO_CHARGE)),
                    keys.GROUPS,
                ],
            )
            for job in jobs
        ]
        states = self._scripts.run_all(calls)
        return [JobState(state.decode()) if state else None for state in states]

    def contents_to_charge(self, jobs: Sequence[Job]) -> list[tuple[bytes | None, str, int]]:
        """Return each job's response, who gave it, and how many bytes were asked."""
        pipe = self._client.pipeline(transaction=False)
        for job in jobs:
            pipe.hmget(keys.job(job.id), "response", f"{ATTEMPT_PREFIX}{job.attempt}")
            pipe.hstrlen(keys.job(job.id), "request")
        answers = pipe.execute()
        return [
            (response, json.loads(attempt)["provider"] if attempt else "", asked)
            for (response, attempt), asked in zip(answers[::2], answers[1::2], strict=True)
        ]

    def put_off_completion(self, job_id: int) -> None:
        """Let a job that cannot be completed now stand behind all that have ended."""
        self._client.zadd(keys.EXECUTED, {str(job_id): self._now_ms()}, xx=True)

    def drop_executed(self, job_ids: Sequence[int]) -> None:
        """Take ids off the pending list whose jobs do not exist any more."""
        if job_ids:
            self._client.zrem(keys.EXECUTED, *job_ids)

    def _subscribers(self) -> set[str]:
        owners: Any = self._client.smembers(keys.SUBSCRIBERS)
        return {owner.decode() for owner in owners}

    def _complete_args(self, job: Job, *, subscribed: bool) -> list[Argument]:
        settings = self._settings
        ttl_ms = milliseconds(settings.result_ttl_s)
        return [
            job.id,
            ttl_ms,
            settings.callback_body_limit_bytes,
            thin_body(settings, job) if job.reply_to else b"",
            job.owner,
            job_event(settings, job) if subscribed else b"",
            # Without its job nobody could ask for its chunks.
            min(ttl_ms, milliseconds(_chunks_ttl_s(job, settings))),
        ]


def _chunks_ttl_s(job: Job, settings: Settings) -> float:
    """Return how long a stream's chunks are kept; those of media are in the result as well."""
    if job.operation in MEDIA:
        return min(settings.stream_ttl_s, _MEDIA_CHUNKS_S)
    return settings.stream_ttl_s


def _complete_keys(job: Job) -> list[str]:
    return [
        keys.job(job.id),
        keys.EXECUTED,
        keys.ref(job.owner, job.ref_id),
        keys.delivery(job.id),
        delivery_keys.MESSAGES,
        delivery_keys.LINE,
        keys.QUEUE_PLACE,
        *delivery_keys.of_events(job.owner),
        keys.UNSTORED,
    ]
