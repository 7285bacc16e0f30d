"""The job ledger: the moves of a job's life, each one atomic Lua script.

KEYS and ARGV of each move stand at the top of its script in `lua/`. Times are milliseconds; a
`now_ms` of 0 means Redis's own clock, the only one that all machines share.
"""

from __future__ import annotations

import json
import math
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import redis

from shared import gates, queue_keys, task_names
from shared import redis_keys as keys
from shared.api_keys.limits import Allowance, Charge, month_of
from shared.callback_body import thin_body
from shared.callback_events import job_event
from shared.candidates import PREFIXES, Candidate, slot_keys, to_json
from shared.errors import (
    InsufficientQuota,
    OwnerQueueFull,
    QueueFull,
    RateLimitExceeded,
    RefIdConflict,
    TokenRateExceeded,
    TooManyJobs,
    TooManyQueued,
)
from shared.job import (
    ATTEMPT_PREFIX,
    SUMMARY_FIELDS,
    Attempt,
    Job,
    JobState,
    NewJob,
    failure_body,
    from_hash,
)
from shared.moves import (
    CANCELLED,
    Accepted,
    Cancelled,
    Claim,
    Deferred,
    Executed,
    NoFailOver,
    Position,
    Renewal,
    Result,
    Retried,
)
from shared.operation import Operation
from shared.scripts import Argument, Call, ScriptRunner
from shared.settings import Settings

#: Returns unix milliseconds, or 0 for Redis's own clock.
Clock = Callable[[], int]

#: Most bytes of mailbox entries kept in one job.
_MAILBOX_BYTES: Final = 4096
#: Most owners looked at to tell a position.
_OWNERS_COUNTED: Final = 1000
#: When to come again to a full queue that has not moved yet (seconds).
_RETRY_AFTER_UNKNOWN_S: Final = 10
_FULL: Final = {"full": QueueFull, "owner_full": OwnerQueueFull}
#: Limits that find no room at a foreseeable time: when to come again (seconds).
_RETRY_AFTER_END_S: Final = 5
_LIMITED: Final = {
    "requests": RateLimitExceeded,
    "tokens": TokenRateExceeded,
    "concurrent": TooManyJobs,
    "queued": TooManyQueued,
    "budget": InsufficientQuota,
}
#: How long a key's sums of a month live after the last job (ms): a quota page may still ask.
_MONTH_LIVES_MS: Final = 62 * 86_400_000
_NO_CHARGE: Final = Charge()
#: Fields of a job that left the ledger, when it is put back.
_PUT_BACK: Final = (
    *("id", "ref_id", "owner", "model", "priority", "tag", "provider", "reply_to", "request"),
    *("created_ms", "generation", "attempt", "request_id"),
)
_SUMMARY_NAMES: Final = tuple(name.encode() for name in SUMMARY_FIELDS)


class JobStore:
    """Issues every job move. Raises redis.RedisError when the ledger cannot be reached."""

    def __init__(self, client: redis.Redis, settings: Settings, clock: Clock = lambda: 0) -> None:
        self._client = client
        self._scripts = ScriptRunner(client)
        self._settings = settings
        self._clock = clock

    @property
    def client(self) -> redis.Redis:
        """The connection to the ledger, for those who only read."""
        return self._client

    # --- the gateway's moves ------------------------------------------------------------------

    def accept(self, new: NewJob) -> Accepted:
        """Make the job and put it in line, or find the one its RefId made before.

        Raises RefIdConflict (same RefId, other request), QueueFull, OwnerQueueFull, and
        RateLimitExceeded and its kin when the key's limits have no room for it.
        """
        accept_keys = _accept_keys(new)
        if new.allowance:
            accept_keys += self._limit_keys(new.allowance.key_id)
        answer = self._scripts.run(Call("accept", accept_keys, self._accept_args(new)))
        verdict, value = answer[0].decode(), int(answer[1])
        if verdict == "conflict":
            raise RefIdConflict(field="refId")
        if verdict in _FULL:
            raise _FULL[verdict](retry_after_s=retry_after_s(value, float(answer[2])))
        if verdict == "limited":
            raise _over_limit(answer[2].decode(), value)
        return Accepted(value, is_new=verdict == "accepted")

    def _limit_keys(self, key_id: str) -> list[str]:
        return [
            keys.requests_of(key_id),
            keys.tokens_of(key_id),
            keys.live(key_id),
            self._month_key(key_id),
        ]

    def _month_key(self, key_id: str) -> str:
        return keys.month_of(key_id, month_of(self._clock() or round(time.time() * 1000)))

    def _accept_args(self, new: NewJob) -> list[Argument]:
        settings = self._settings
        fields: dict[str, str | bytes] = {
            "ref_id": new.ref_id,
            "provider": new.provider,
            "reply_to": new.reply_to,
            "request": new.request,
        }
        if new.mailbox:
            fields["mailboxes"] = new.mailbox
        if new.streamed:
            fields["streamed"] = "1"
        if new.reply_to and new.base_url:
            fields["base_url"] = new.base_url
        if new.request_id:
            fields["request_id"] = new.request_id
        if new.operation is not Operation.CHAT:
            fields["operation"] = new.operation
        if new.forced:
            fields["forced"] = "1"
        if new.allowance:
            fields["key_id"] = new.allowance.key_id
            fields["reserved"] = str(new.allowance.tokens)
        return [
            self._clock(),
            keys.JOB_PREFIX,
            new.model,
            task_names.chat_queue(new.model),
            new.priority,
            settings.queue_window,
            settings.queue_limit,
            settings.owner_queue_limit,
            milliseconds(new.timeout_s),
            new.fingerprint,
            new.tag,
            milliseconds(settings.job_timeout_s + settings.result_ttl_s),
            new.owner,
            new.allowance.to_json() if new.allowance else "",
            *(part for pair in fields.items() for part in pair),
        ]

    def cancel(self, job: Job) -> Cancelled:
        """End the job if it waits, ask its attempt to abort if it runs."""
        call = Call(
            "cancel",
            [
                *queue_keys.move_keys(job.id),
                *queue_keys.everywhere(
                    task_names.chat_queue(job.model), job.owner, job.provider, job.operation
                ),
            ],
            [
                self._clock(),
                job.id,
                failure_body(CANCELLED),
                CANCELLED.status,
                keys.abort_channel(""),
            ],
        )
        return Cancelled(self._scripts.run(call).decode())

    def retry(
        self, job: Job, *, put_back: bool = False, allowance: Allowance | None = None
    ) -> Retried:
        """Queue a job again that Failed or was Cancelled, with attempts and time anew.

        `put_back` when it has left the ledger, as the history knows it. Raises RateLimitExceeded
        and its kin when the limits of the caller's key have no room for it.
        """
        queue = task_names.chat_queue(job.model)
        call = Call(
            "retry",
            [
                *queue_keys.move_keys(job.id),
                keys.UNSTORED,
                keys.ref(job.owner, job.ref_id),
                keys.delivery(job.id),
                keys.DELIVERIES_DELAYED,
                keys.MODELS,
                keys.drain(queue),
                *queue_keys.window(queue, job.priority),
                keys.waiting_of(queue, job.priority, job.owner),
                keys.DELIVERIES_LEASES,
                keys.line(task_names.CALLBACKS_QUEUE, 0),
                keys.missing(task_names.CALLBACKS_QUEUE, 0),
                keys.RECEIVER_PREFIX,
                *(self._limit_keys(allowance.key_id) if allowance else ()),
            ],
            [
                self._clock(),
                job.id,
                queue,
                job.priority,
                self._settings.queue_window,
                milliseconds(self._settings.job_timeout_s),
                job.owner,
                job.model,
                allowance.to_json() if allowance else "",
                allowance.key_id if allowance else "",
                keys.JOB_PREFIX,
                *(_hash_of(job) if put_back else ()),
            ],
        )
        answer = self._scripts.run(call)
        if isinstance(answer, list):
            raise _over_limit(answer[2].decode(), int(answer[1]))
        return Retried(answer.decode())

    def position(self, job: Job) -> Position | None:
        """Return where a Queued job stands in line; None when it does not (it is due later)."""
        queue = task_names.chat_queue(job.model)
        call = Call(
            "position",
            [
                keys.drain(queue),
                *queue_keys.lines(queue),
                *queue_keys.waiting(queue),
                keys.turns(queue, job.priority),
                keys.waiting_of(queue, job.priority, job.owner),
            ],
            [
                self._clock(),
                job.id,
                task_names.PRIORITIES.index(job.priority) + 1,
                job.owner,
                _OWNERS_COUNTED,
            ],
        )
        row = self._scripts.run(call)
        return Position(before=int(row[0]), per_second=float(row[1])) if row else None

    def watch(self, job_id: int, mailbox: str) -> JobState | None:
        """Ask to be told at `mailbox` when the job moves; return its state now, None if gone."""
        call = Call("watch", [keys.job(job_id)], [mailbox, _MAILBOX_BYTES])
        state = self._scripts.run(call)
        return JobState(state.decode()) if state else None

    def get(self, job_id: int) -> Job | None:
        """Read a job; None when there is none with this id."""
        fields: Any = self._client.hgetall(keys.job(job_id))
        return from_hash(fields)

    def summaries(self, job_ids: Sequence[int]) -> list[Job | None]:
        """Read jobs in one round trip, without their contents and attempts."""
        pipe = self._client.pipeline(transaction=False)
        for job_id in job_ids:
            pipe.hmget(keys.job(job_id), *SUMMARY_FIELDS)
        return [
            from_hash({n: v for n, v in zip(_SUMMARY_NAMES, row, strict=True) if v is not None})
            for row in pipe.execute()
        ]

    def queued(self, models: Sequence[str]) -> dict[str, int]:
        """Return how many jobs wait for each of these models, by queue."""
        queues = [task_names.chat_queue(model) for model in models]
        pipe = self._client.pipeline(transaction=False)
        for queue in queues:
            for line in (*queue_keys.lines(queue), *queue_keys.waiting(queue)):
                pipe.zcard(line)
        sizes = pipe.execute()
        step = 2 * len(task_names.PRIORITIES)
        return {queue: sum(sizes[i * step : (i + 1) * step]) for i, queue in enumerate(queues)}

    def provider_of(self, job_id: int) -> str:
        """Return the provider of the job's present attempt, or of its last; empty for none."""
        value: Any = self._client.hget(keys.job(job_id), "at")
        return (value or b"").decode()

    def find_id(self, owner: str, ref_id: str) -> int | None:
        """Return the id of the owner's job with this RefId."""
        value: Any = self._client.get(keys.ref(owner, ref_id))
        return int(value) if value else None

    def ping(self) -> None:
        """Raise unless the ledger answers and takes writes."""
        # PING answers on a full Redis and on a replica too. This is a write that changes nothing.
        self._client.incrby(keys.JOB_ID, 0)

    # --- the chat worker's moves --------------------------------------------------------------

    def claim(
        self,
        job_id: int,
        queue: str,
        priority: int,
        worker: str,
        candidates: Sequence[Candidate] = (),
    ) -> Claim | None:
        """Start an attempt at the first candidate that has room.

        None when the message that led here is stale, or the job waits until one has room.
        `queue` and `priority` are the message's: the next job in turn takes its place.
        """
        call = Call(
            "claim",
            [
                *queue_keys.move_keys(job_id),
                *queue_keys.lines(queue),
                *queue_keys.missing(queue),
                *queue_keys.window(queue, priority),
                keys.drain(queue),
                keys.GATES,
                *slot_keys(candidates),
            ],
            [
                self._clock(),
                job_id,
                self._lease_ms,
                worker,
                queue,
                priority,
                self._settings.queue_window,
                uuid.uuid4().hex,
                to_json(candidates),
                PREFIXES,
                keys.LIVE_PREFIX,
            ],
        )
        row = self._scripts.run(call)
        if not row:
            return None
        now_ms, attempt, request, job_model, provider, deadline_ms, ref_id, *how = row
        streamed, operation, chosen, failed, before = how
        return Claim(
            id=job_id,
            attempt=int(attempt),
            ref_id=ref_id.decode(),
            model=job_model.decode(),
            provider=provider.decode(),
            request=request,
            now_ms=int(now_ms),
            deadline_ms=int(deadline_ms),
            streamed=streamed == b"1",
            operation=Operation(operation.decode()) if operation else Operation.CHAT,
            attempts_before=int(before or 0),
            chosen=chosen.decode(),
            failed=_names(failed),
        )

    def fail_over(
        self, claim: Claim, candidates: Sequence[Candidate], record: Attempt
    ) -> Claim | NoFailOver:
        """Begin the next attempt at once, at a candidate that has not failed this job."""
        call = Call(
            "fail_over",
            [keys.job(claim.id), *slot_keys(candidates)],
            [
                self._clock(),
                claim.id,
                claim.attempt,
                uuid.uuid4().hex,
                self._lease_ms,
                to_json(candidates),
                claim.chosen,
                *_attempt_fields(record),
            ],
        )
        row = self._scripts.run(call)
        if isinstance(row, bytes):
            return NoFailOver(row.decode())
        attempt, provider, now_ms = row
        return replace(
            claim,
            attempt=int(attempt),
            chosen=provider.decode(),
            now_ms=int(now_ms),
            failed=(*claim.failed, claim.chosen),
        )

    def renew(self, attempts: Sequence[tuple[int, int]]) -> list[Renewal]:
        """Renew the leases of (id, attempt) pairs in one round trip."""
        now = self._clock()
        calls = [
            Call("renew", [keys.job(job_id), keys.LEASES], [now, job_id, attempt, self._lease_ms])
            for job_id, attempt in attempts
        ]
        return [Renewal(answer.decode()) for answer in self._scripts.run_all(calls)]

    def execute(
        self,
        job_id: int,
        attempt: int,
        result: Result,
        record: Attempt | None = None,
        along: Sequence[Call] = (),
    ) -> Executed:
        """Store the job's one result and hand it to completion; send other calls along."""
        field = "response" if result.outcome is JobState.COMPLETED else "error"
        call = Call(
            "execute",
            queue_keys.move_keys(job_id),
            [
                self._clock(),
                job_id,
                attempt,
                result.outcome,
                result.status,
                field,
                result.body,
                *_attempt_fields(record),
            ],
        )
        return Executed(self._run_along(call, along).decode())

    def defer(
        self,
        job_id: int,
        attempt: int,
        delay_s: float,
        record: Attempt | None = None,
        *,
        failed: Sequence[str] = (),
        along: Sequence[Call] = (),
    ) -> Deferred:
        """Queue the job again, due in `delay_s` seconds; send other calls along.

        `failed` names the providers that have failed it so far.
        """
        call = Call(
            "defer",
            queue_keys.move_keys(job_id),
            [
                self._clock(),
                job_id,
                attempt,
                milliseconds(delay_s),
                "due_in_ms",
                milliseconds(delay_s),
                *(("failed", _joined(failed)) if failed else ()),
                *_attempt_fields(record),
            ],
        )
        return Deferred(self._run_along(call, along).decode())

    def _run_along(self, call: Call, along: Sequence[Call]) -> Any:
        return self._scripts.run_all([call, *along])[0] if along else self._scripts.run(call)

    # --- the completion worker's moves --------------------------------------------------------

    def enter_completion(self, token: str, lease_s: float) -> bool:
        """Become the one who completes; renew with the same token. False: somebody else is."""
        lease_ms = milliseconds(lease_s)
        if self._client.set(keys.COMPLETION_LEASE, token, nx=True, px=lease_ms):
            return True
        if self._client.get(keys.COMPLETION_LEASE) != token.encode():
            return False
        return bool(self._client.set(keys.COMPLETION_LEASE, token, xx=True, px=lease_ms))

    def leave_completion(self, token: str) -> bool:
        """Stop completing; False when more jobs were executed in the meantime."""
        call = Call("leave_completion", [keys.EXECUTED, keys.COMPLETION_LEASE], [token])
        return bool(self._scripts.run(call))

    def executed(self, most: int) -> list[int]:
        """Return the ids that wait for completion, oldest first."""
        ids: Any = self._client.zrange(keys.EXECUTED, 0, most - 1)
        return [int(job_id) for job_id in ids]

    def complete(
        self, jobs: Sequence[Job], charges: Mapping[int, Charge] | None = None
    ) -> list[JobState | None]:
        """Make Executed jobs final, with their deliveries; None where a job was not Executed.

        The keys of those that have limits are charged, in the same step.
        """
        charges = charges or {}
        now, ttl_ms = self._clock(), milliseconds(self._settings.result_ttl_s)
        subscribers = self._subscribers()
        # Without its job nobody could ask for them.
        chunks_ttl_ms = min(ttl_ms, milliseconds(self._settings.stream_ttl_s))
        calls = [
            Call(
                "complete",
                [
                    keys.job(job.id),
                    keys.EXECUTED,
                    keys.ref(job.owner, job.ref_id),
                    keys.delivery(job.id),
                    keys.message_list(task_names.CALLBACKS_QUEUE, 0),
                    keys.line(task_names.CALLBACKS_QUEUE, 0),
                    keys.QUEUE_PLACE,
                    keys.deliveries_of(job.owner),
                    keys.DELIVERIES_OWNERS,
                    keys.callback_subscriptions(job.owner),
                    keys.JOB_ID,
                    keys.JOB_PREFIX,
                    keys.DELIVERY_PREFIX,
                    keys.UNSTORED,
                    *self._charge_keys(job),
                ],
                [
                    now,
                    job.id,
                    ttl_ms,
                    self._settings.callback_body_limit_bytes,
                    thin_body(self._settings, job) if job.reply_to else b"",
                    job.owner,
                    job_event(self._settings, job) if job.owner in subscribers else b"",
                    chunks_ttl_ms,
                    *_charge_args(charges.get(job.id, _NO_CHARGE)),
                ],
            )
            for job in jobs
        ]
        states = self._scripts.run_all(calls)
        return [JobState(state.decode()) if state else None for state in states]

    def _charge_keys(self, job: Job) -> list[str]:
        if not job.key_id:
            return []
        return [keys.live(job.key_id), keys.tokens_of(job.key_id), self._month_key(job.key_id)]

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

    def _subscribers(self) -> set[str]:
        owners: Any = self._client.smembers(keys.SUBSCRIBERS)
        return {owner.decode() for owner in owners}

    def drop_executed(self, job_ids: Sequence[int]) -> None:
        """Take ids off the pending list whose jobs do not exist any more."""
        if job_ids:
            self._client.zrem(keys.EXECUTED, *job_ids)

    @property
    def _lease_ms(self) -> int:
        return milliseconds(self._settings.lease_s)


def milliseconds(seconds: float) -> int:
    """Return whole milliseconds."""
    return round(seconds * 1000)


def retry_after_s(waiting: int, per_second: float) -> int:
    """Return when a refused client should come again (seconds): when a twentieth has drained.

    At most 120: OpenAI's SDK gives up at more.
    """
    if per_second <= 0:
        return _RETRY_AFTER_UNKNOWN_S
    return max(1, min(120, math.ceil(waiting / 20 / per_second)))


def _over_limit(limit: str, room_in_ms: int) -> RateLimitExceeded:
    if limit == "budget":
        # Its end may be weeks away, and an SDK that is told a time comes again.
        return InsufficientQuota()
    wait_s = math.ceil(room_in_ms / 1000) if room_in_ms else _RETRY_AFTER_END_S
    return _LIMITED[limit](retry_after_s=max(1, min(120, wait_s)))


def _charge_args(charge: Charge) -> list[Argument]:
    return [charge.tokens, charge.cost_nanos, _MONTH_LIVES_MS]


def _accept_keys(new: NewJob) -> list[str]:
    queue = task_names.chat_queue(new.model)
    gate = gates.gate(queue, new.provider, new.operation)
    return [
        keys.JOB_ID,
        keys.ref(new.owner, new.ref_id),
        keys.tag(new.owner, new.tag),
        keys.MODELS,
        keys.DEADLINES,
        keys.drain(queue),
        *queue_keys.window(queue, new.priority),
        keys.QUEUE_PLACE,
        keys.waiting_of(queue, new.priority, new.owner),
        *queue_keys.lines(queue),
        *queue_keys.waiting(queue),
        *queue_keys.waiting_of(queue, new.owner),
        keys.GATES,
        *(queue_keys.waiting(gate) if gate != queue else ()),
    ]


def _hash_of(job: Job) -> list[str | bytes | int]:
    """Return the fields of a job that was in the ledger before, as it was accepted."""
    fields: dict[str, str | bytes | int] = {
        **{name: getattr(job, name) for name in _PUT_BACK},
        **{f"{ATTEMPT_PREFIX}{attempt.number}": attempt.to_json() for attempt in job.attempts},
        "state": str(job.state),
        "fingerprint": "",
        "crashes": 0,
    }
    if job.operation is not Operation.CHAT:
        fields["operation"] = str(job.operation)
    if job.streamed:
        fields["streamed"] = job.streamed
    return [part for pair in fields.items() for part in pair]


def _joined(names: Sequence[str]) -> str:
    return "".join(["\x1f", *(f"{name}\x1f" for name in names)])


def _names(joined: bytes | None) -> tuple[str, ...]:
    return tuple(name for name in joined.decode().split("\x1f") if name) if joined else ()


def _attempt_fields(record: Attempt | None) -> list[str]:
    return [f"{ATTEMPT_PREFIX}{record.number}", record.to_json()] if record else []
