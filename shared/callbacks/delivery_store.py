"""The ledger's deliveries: one job's callback with all its attempts, claimed by lease."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Final

from shared.callbacks.delivery import (
    Delivery,
    DeliveryAttempt,
    DeliveryClaim,
    DeliveryState,
    Finished,
    NextStep,
    Replay,
    from_hash,
)
from shared.callbacks.delivery_keys import LINE, MESSAGES, MISSING, of_events, records
from shared.callbacks.events import exhausted_event
from shared.jobs.job import Job
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.clock import milliseconds
from shared.store.scripts import Argument, Call

#: Most attempts kept in one delivery's log.
_LOG_ROWS: Final = 100
_PARKED: Final = b"parked"


def receiver_limits(settings: Settings) -> list[Argument]:
    """Return what scripts are told of how receivers are spared."""
    return [
        settings.callback_endpoint_limit,
        settings.callback_host_limit,
        settings.callback_breaker_failures,
        milliseconds(settings.callback_breaker_s),
    ]


class DeliveryStore(Ledger):
    """Issues the moves of deliveries. Raises redis.RedisError."""

    def claim(
        self, job_id: int, *, unproven: bool = True, but_of: Sequence[str] = ()
    ) -> DeliveryClaim | None:
        """Start an attempt; None when the message that led here is stale, or there is no room.

        Room is for so many attempts at once at one endpoint and at its host. Without it the
        delivery is parked, and gets a message when there is some. `unproven`: whether one may be
        started at an endpoint that did not answer in time when it was last asked, or never was;
        `but_of`: not at one of these owners, named as `DeliveryClaim.index` does.
        """
        lease_ms = milliseconds(self._settings.callback_lease_s)
        call = Call(
            "claim_delivery",
            [
                keys.delivery(job_id),
                keys.DELIVERIES_LEASES,
                keys.DELIVERIES_DELAYED,
                LINE,
                MISSING,
                keys.ENDPOINT_PREFIX,
                keys.HOST_PREFIX,
                keys.ENDPOINTS_WAKES,
                keys.DELIVERIES_PARKED,
                keys.QUEUE_PLACE,
            ],
            [
                self._clock(),
                job_id,
                lease_ms,
                uuid.uuid4().hex,
                *receiver_limits(self._settings),
                int(unproven),
                *but_of,
            ],
        )
        row = self._scripts.run(call)
        if not row or row == _PARKED:
            return None
        now_ms, attempt, tries, url, trigger, due_ms, proven, index, before = row
        return DeliveryClaim(
            id=job_id,
            attempt=int(attempt),
            tries=int(tries),
            url=url.decode(),
            now_ms=int(now_ms),
            trigger=trigger.decode(),
            scheduled_ms=int(due_ms),
            proven=proven == b"1",
            index=index.decode(),
            attempts_before=int(before),
        )

    def renew(self, attempts: Mapping[int, int]) -> int:
        """Renew the leases of these attempts, by delivery id; return how many were still held."""
        pairs = [number for pair in attempts.items() for number in pair]
        call = Call(
            "renew_deliveries",
            [keys.DELIVERIES_LEASES, *map(keys.delivery, attempts)],
            [self._clock(), milliseconds(self._settings.callback_lease_s), *pairs],
        )
        return int(self._scripts.run(call))

    def finish(
        self, job: Job, claim: DeliveryClaim, row: DeliveryAttempt, next_step: NextStep
    ) -> bool:
        """Record the attempt and what follows; False when another attempt has the delivery.

        One that was cancelled meanwhile stays so, unless the receiver took it.
        """
        return self.finish_and_take(job, claim, row, next_step, take=False).recorded

    def finish_and_take(
        self,
        job: Job,
        claim: DeliveryClaim,
        row: DeliveryAttempt,
        next_step: NextStep,
        *,
        take: bool,
    ) -> Finished:
        """Do the same; if told to, take the next delivery that waits for the same host.

        It is to be claimed at once, without a message. If it is not, the tick gives it one.
        """
        call = Call(
            "finish_delivery",
            [
                *records(job),
                keys.DELIVERIES_LEASES,
                keys.DELIVERIES_DELAYED,
                keys.ENDPOINT_PREFIX,
                keys.ENDPOINTS_WAKES,
                MESSAGES,
                LINE,
                keys.QUEUE_PLACE,
                *of_events(job.owner),
                keys.HOST_PREFIX,
                keys.DELIVERIES_PARKED,
            ],
            [
                self._clock(),
                job.id,
                claim.attempt,
                row.to_json(),
                str(next_step.state),
                next_step.reason,
                milliseconds(next_step.delay_s),
                milliseconds(self._settings.result_ttl_s),
                _LOG_ROWS,
                str(next_step.health),
                *receiver_limits(self._settings),
                int(take),
                job.owner,
                _event(job, claim, row, next_step),
            ],
        )
        recorded, following = self._scripts.run(call)
        return Finished(bool(recorded), int(following) if following else None)

    def replay(self, job: Job) -> Replay:
        """Let a delivery begin anew, at once and with its whole schedule, whatever became of it.

        It carries the same `webhook-id` and body. Attempts are numbered on.
        """
        call = Call(
            "replay_delivery",
            [
                *records(job),
                keys.DELIVERIES_LEASES,
                keys.DELIVERIES_DELAYED,
                MESSAGES,
                LINE,
                keys.QUEUE_PLACE,
                keys.ENDPOINT_PREFIX,
                keys.HOST_PREFIX,
                keys.DELIVERIES_PARKED,
            ],
            [self._clock(), job.id],
        )
        return Replay(self._scripts.run(call).decode())

    def cancel(self, job: Job) -> bool:
        """End a delivery that is Pending; False when there is none.

        An attempt that runs is not broken off: if the receiver takes it, it counts as delivered.
        """
        call = Call(
            "cancel_delivery",
            [
                *records(job),
                keys.DELIVERIES_DELAYED,
                LINE,
                MISSING,
                keys.ENDPOINT_PREFIX,
                keys.HOST_PREFIX,
                keys.DELIVERIES_PARKED,
            ],
            [
                self._clock(),
                job.id,
                str(DeliveryState.CANCELLED),
                milliseconds(self._settings.result_ttl_s),
            ],
        )
        return bool(self._scripts.run(call))

    def get(self, job_id: int) -> Delivery | None:
        """Read a delivery with its log; None when the job has none."""
        pipe = self._client.pipeline(transaction=False)
        pipe.hgetall(keys.delivery(job_id))
        pipe.lrange(keys.delivery_log(job_id), 0, -1)
        fields, rows = pipe.execute()
        return from_hash(job_id, fields, rows)


def _event(job: Job, claim: DeliveryClaim, row: DeliveryAttempt, next_step: NextStep) -> bytes:
    """Return what subscriptions are told; nothing of events, which would tell of themselves."""
    if next_step.state is not DeliveryState.EXHAUSTED or job.event:
        return b""
    ended_ms = row.started_ms + row.duration_ms
    return exhausted_event(job, claim.url, claim.number, next_step.reason, ended_ms)
