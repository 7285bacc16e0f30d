"""What a job is: its states and its fields as they are read from the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final, NamedTuple

from shared.api_keys.limits import Allowance
from shared.codecs.json_bytes import to_json_bytes
from shared.errors import Failure
from shared.operation import Operation
from shared.wire.queueing.flow_control import Flow


class JobState(StrEnum):
    """AI Server's states: its clients know no other names."""

    QUEUED = "Queued"
    STARTED = "Started"
    EXECUTED = "Executed"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"

    @property
    def has_result(self) -> bool:
        """Whether the response or the error is stored."""
        return self not in (JobState.QUEUED, JobState.STARTED)

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self.has_result and self is not JobState.EXECUTED


class NewJob(NamedTuple):
    """What a client asked for, before it is a job. Texts are as the client gave them.

    A named tuple, for each call makes one: that takes a quarter of what a frozen dataclass takes.
    """

    owner: str
    ref_id: str
    model: str
    request: bytes
    fingerprint: str
    priority: int
    timeout_s: float
    tag: str = ""
    provider: str = ""
    reply_to: str = ""
    mailbox: str = ""
    streamed: bool = False
    operation: Operation = Operation.CHAT
    #: An operator's try of one provider: it is called also when it is offline.
    forced: bool = False
    #: Set when the key that made it has limits.
    allowance: Allowance | None = None
    #: Where the client reached the gateway; kept for links in the callback.
    base_url: str = ""
    #: The `x-request-id` of the request that made it.
    request_id: str = ""
    #: Not to run before, as `shared/wire/run_after.py` writes it; empty for at once.
    run_after: str = ""
    #: The group that it joins; empty for none.
    group: str = ""
    flow: Flow | None = None
    #: The rank of its tier, and its owner's turns in a row.
    tier: int = 0
    weight: int = 1
    #: Marks how its prompt begins, for one of many that may begin alike; empty for none.
    beginning: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at calling an LLM, as it is kept in the job. Times are unix milliseconds."""

    number: int
    provider: str
    started_ms: int
    duration_ms: int
    outcome: str
    status: int | None = None
    detail: str = ""
    #: Why this provider.
    reason: str = ""

    def to_json(self) -> str:
        """Return the row as it is stored."""
        return _encode({name: getattr(self, name) for name in _ATTEMPT})


_encode: Final = json.JSONEncoder(separators=(",", ":")).encode
_ATTEMPT: Final = tuple(field.name for field in fields(Attempt))


def json_of(*attempts: Attempt) -> str:
    """Return attempts as a job has them."""
    return f"[{','.join(attempt.to_json() for attempt in attempts)}]"


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the ledger holds it. Times are unix milliseconds, 0 for not yet."""

    id: int
    ref_id: str
    owner: str
    model: str
    state: JobState
    priority: int = 0
    tag: str = ""
    provider: str = ""
    reply_to: str = ""
    request: bytes = b""
    created_ms: int = 0
    deadline_ms: int = 0
    started_ms: int = 0
    executed_ms: int = 0
    completed_ms: int = 0
    notified_ms: int = 0
    #: It was not to run before; 0 for at once.
    run_after_ms: int = 0
    #: When its key's limits have room for it, if that was to be waited for; 0 if not.
    accepted_ms: int = 0
    #: Its flow key, and where it stands or is to stand by it: the list of a gate.
    flow: str = ""
    flow_place: str = ""
    attempt: int = 0
    crashes: int = 0
    worker: str = ""
    cancel: str = ""
    #: The provider of the present attempt, or of the last one.
    at: str = ""
    streamed: str = ""
    operation: Operation = Operation.CHAT
    #: The key that made it, if that has limits.
    key_id: str = ""
    outcome: str = ""
    status: int = 0
    #: How often the job was queued again after it had ended.
    generation: int = 0
    response: bytes | None = None
    error: bytes | None = None
    base_url: str = ""
    #: Of its id; empty when it was accepted by a version that knew none.
    epoch: str = ""
    #: The `x-request-id` of the request that made it.
    request_id: str = ""
    #: The group that it is in.
    group: str = ""
    #: Of the record of an event: what happened.
    event: str = ""
    #: What the callback posts instead of the result.
    callback_body: bytes | None = None
    #: A JSON array of its attempts, as they were written down: few who read a job look at them.
    attempts_json: str = "[]"

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The attempts that ended, oldest first."""
        return tuple(Attempt(**row) for row in json.loads(self.attempts_json))

    @property
    def waits_for_limits(self) -> bool:
        """Whether it was put off to when its key's limits by the minute have room for it."""
        return bool(self.accepted_ms) and self.accepted_ms == self.run_after_ms

    @property
    def ended_well(self) -> bool:
        """Whether there is a response to give."""
        return self.response is not None


#: Fields that are whole numbers, and those that are kept as the bytes they came as.
_NUMBERS: Final = (
    *("id", "priority", "attempt", "crashes", "status", "generation"),
    *("created_ms", "deadline_ms", "started_ms", "executed_ms", "completed_ms", "notified_ms"),
    *("run_after_ms", "accepted_ms"),
)
_BYTES: Final = ("request", "response", "error", "callback_body")
#: Prefix of the hash fields that hold one attempt each.
ATTEMPT_PREFIX: Final = "attempt:"
_ATTEMPT_PREFIX: Final = ATTEMPT_PREFIX.encode()

_Reader = Callable[[bytes], Any]
#: How each kind of field is read; all others are text.
_READERS_BY_NAME: Final[Mapping[str, _Reader]] = {
    **dict.fromkeys(_NUMBERS, int),
    **dict.fromkeys(_BYTES, bytes),
    "state": {state.encode(): state for state in JobState}.__getitem__,
    "operation": {operation.encode(): operation for operation in Operation}.__getitem__,
}
_NAMES: Final = tuple(name for name in Job.__dataclass_fields__ if name != "attempts_json")
#: By a field's name in the hash: its name in the job, and how it is read. One look-up a field, for
#: the history reads every job whole.
_READERS: Final[Mapping[bytes, tuple[str, _Reader]]] = {
    name.encode(): (name, _READERS_BY_NAME.get(name, bytes.decode)) for name in _NAMES
}

#: The fields that say all about a job but its contents, which may be large.
SUMMARY_FIELDS: Final = tuple(sorted(set(_NAMES) - set(_BYTES)))


def from_hash(fields: Mapping[bytes, bytes]) -> Job | None:
    """Read a job from its hash; None when the hash is empty."""
    if b"id" not in fields:
        return None
    values: dict[str, Any] = {}
    attempts: list[tuple[int, bytes]] = []
    for key, raw in fields.items():
        known = _READERS.get(key)
        if known is not None:
            name, read = known
            values[name] = read(raw)
        elif key.startswith(_ATTEMPT_PREFIX):
            attempts.append((int(key[len(_ATTEMPT_PREFIX) :]), raw))
    if attempts:
        attempts.sort()
        values["attempts_json"] = f"[{b','.join(raw for _, raw in attempts).decode()}]"
    return Job(**values)


def failure_body(failure: Failure, **extra: object) -> bytes:
    """Return the one error body of both wires: OpenAI's `error` and `responseStatus`."""
    status: dict[str, Any] = {"errorCode": failure.error_code, "message": failure.message}
    if failure.param:
        row = {
            "errorCode": failure.error_code,
            "fieldName": failure.param,
            "message": failure.message,
        }
        status["errors"] = [row]
    body = {
        "error": {
            "message": failure.message,
            "type": failure.type,
            "param": failure.param,
            "code": failure.code,
        },
        "responseStatus": status,
        **extra,
    }
    return to_json_bytes(body)
