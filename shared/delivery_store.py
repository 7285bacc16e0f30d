"""The ledger's deliveries: one job's callback with all its attempts, claimed by lease."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

import redis

from shared import redis_keys as keys
from shared import task_names
from shared.job import Job
from shared.job_store import Clock, milliseconds
from shared.scripts import Call, ScriptRunner
from shared.settings import Settings

#: A worker's claim on a delivery (seconds): longer than the sender's hard limit of an attempt.
DELIVERY_LEASE_S: Final = 30.0
#: Most attempts kept in one delivery's log.
_LOG_ROWS: Final = 100


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "Pending"
    DELIVERED = "Delivered"
    STOPPED = "Stopped"
    EXHAUSTED = "Exhausted"


@dataclass(frozen=True, slots=True)
class DeliveryClaim:
    """The right to make one attempt; `tries` counts the recorded ones before it."""

    id: int
    attempt: int
    tries: int
    url: str
    now_ms: int


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One row of a delivery's log. Times are unix milliseconds."""

    number: int
    trigger: str
    started_ms: int
    duration_ms: int
    body_sha256: str
    status: int | None = None
    error: str = ""
    response_head: str = ""
    next_attempt_in_s: float | None = None


@dataclass(frozen=True, slots=True)
class NextStep:
    """What follows an attempt: `state` Pending means another one after `delay_s` seconds."""

    state: DeliveryState
    reason: str
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as the ledger holds it."""

    id: int
    state: DeliveryState
    url: str
    attempt: int
    tries: int
    reason: str
    log: tuple[DeliveryAttempt, ...]


class DeliveryStore:
    """Issues the moves of deliveries. Raises redis.RedisError."""

    def __init__(self, client: redis.Redis, settings: Settings, clock: Clock = lambda: 0) -> None:
        self._client = client
        self._scripts = ScriptRunner(client)
        self._settings = settings
        self._clock = clock

    def claim(self, job_id: int) -> DeliveryClaim | None:
        """Start an attempt; None when the message that led here is stale."""
        queue = task_names.CALLBACKS_QUEUE
        call = Call(
            "claim_delivery",
            [
                keys.delivery(job_id),
                keys.DELIVERIES_LEASES,
                keys.DELIVERIES_DELAYED,
                keys.line(queue, 0),
                keys.missing(queue, 0),
            ],
            [self._clock(), job_id, milliseconds(DELIVERY_LEASE_S), uuid.uuid4().hex],
        )
        row = self._scripts.run(call)
        if not row:
            return None
        now_ms, attempt, tries, url = row
        return DeliveryClaim(job_id, int(attempt), int(tries), url.decode(), int(now_ms))

    def finish(
        self, job: Job, claim: DeliveryClaim, row: DeliveryAttempt, next_step: NextStep
    ) -> bool:
        """Record the attempt and what follows; False when another attempt has the delivery."""
        call = Call(
            "finish_delivery",
            [
                keys.delivery(job.id),
                keys.delivery_log(job.id),
                keys.DELIVERIES_LEASES,
                keys.DELIVERIES_DELAYED,
                keys.job(job.id),
                keys.ref(job.owner, job.ref_id),
            ],
            [
                self._clock(),
                job.id,
                claim.attempt,
                json.dumps(asdict(row), separators=(",", ":")),
                next_step.state,
                next_step.reason,
                milliseconds(next_step.delay_s),
                milliseconds(self._settings.result_ttl_s),
                _LOG_ROWS,
            ],
        )
        return bool(self._scripts.run(call))

    def get(self, job_id: int) -> Delivery | None:
        """Read a delivery with its log; None when the job has none."""
        pipe = self._client.pipeline(transaction=False)
        pipe.hgetall(keys.delivery(job_id))
        pipe.lrange(keys.delivery_log(job_id), 0, -1)
        fields, rows = pipe.execute()
        if not fields:
            return None
        text: dict[str, Any] = {k.decode(): v.decode() for k, v in fields.items()}
        return Delivery(
            id=job_id,
            state=DeliveryState(text["state"]),
            url=text["url"],
            attempt=int(text["attempt"]),
            tries=int(text["tries"]),
            reason=text.get("reason", ""),
            log=tuple(DeliveryAttempt(**json.loads(row)) for row in rows),
        )
