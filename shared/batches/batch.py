"""What a batch is, and the states that it goes through. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from shared.wire.naming import fold
from shared.wire.queueing.flow_control import KEY, LIMITS, Flow, read_flow


class Status(StrEnum):
    """OpenAI's states of a batch."""

    VALIDATING = "validating"
    FAILED = "failed"
    IN_PROGRESS = "in_progress"
    FINALIZING = "finalizing"
    COMPLETED = "completed"
    EXPIRED = "expired"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self in _FINAL


_FINAL: Final = (Status.FAILED, Status.COMPLETED, Status.EXPIRED, Status.CANCELLED)
ACTIVE: Final = tuple(status for status in Status if not status.is_final)


#: The code of the problem that its API key opens nothing any more; told of it also at its end.
KEY_LOST: Final = "key_lost"
#: The name in a batch's metadata that says how its lines are to be run.
WISH: Final = "replyto_batch"


class Wish(StrEnum):
    """How the lines of a batch are to be run."""

    #: By the provider that goes first, as a batch of its own if it has some; the rest singly.
    AUTO = "auto"
    #: In providers' own batches alone.
    PROVIDER = "provider"
    #: Each as a job of its own.
    SINGLE = "single"


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch. Times are unix seconds; `times` says when each state began.

    `models`, `key_id` and `limits` are those of the key that made it, as it was; `ends_as` is the
    state that follows when its files are written.
    """

    id: str
    owner: str
    status: Status
    created: float
    endpoint: str
    input_file_id: str
    expires_at: int
    completion_window: str = "24h"
    reply_to: str = ""
    output_expires_s: int | None = None
    metadata: Mapping[str, str] | None = None
    models: tuple[str, ...] = ()
    key_id: str = ""
    limits: Mapping[str, int] | None = None
    times: Mapping[str, int] = field(default_factory=dict)
    ends_as: str = ""
    #: What was decided of its lines: `all` run as jobs of their own, or `some` do, and providers'
    #: own batches have the others; empty while it is open.
    singly: str = ""
    errors: tuple[Mapping[str, Any], ...] = ()
    output_file_id: str = ""
    error_file_id: str = ""
    total: int = 0
    completed: int = 0
    failed: int = 0
    #: What its answers took, once it has ended.
    usage: Mapping[str, Any] | None = None
    version: int = 0
    #: Whether its end is still to be told.
    to_tell: bool = False

    def at(self, status: Status, now_s: float, **more: Any) -> Batch:
        """Return it in another state, which begins now."""
        times = {**self.times, status.value: int(now_s)}
        return replace(self, status=status, times=times, **more)

    def to_document(self) -> str:
        """Return what of it is kept as JSON."""
        values = asdict(self)
        for column in ("id", "owner", "status", "created", "version", "to_tell"):
            del values[column]
        return json.dumps(values)

    @classmethod
    def from_document(cls, document: str, **columns: Any) -> Batch:
        """Read what `to_document` returned; names of another version are left out."""
        values = json.loads(document)
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        known["models"] = tuple(known.get("models", ()))
        known["errors"] = tuple(known.get("errors", ()))
        return cls(**{**known, **columns})

    @classmethod
    def unreadable(cls, **columns: Any) -> Batch:
        """Return what is shown of one whose document nobody can read."""
        told = "What is kept of this batch cannot be read: cancel it."
        row = {"code": "unreadable", "message": told, "param": None, "line": None}
        return cls(endpoint="", input_file_id="", expires_at=0, errors=(row,), **columns)

    @property
    def is_readable(self) -> bool:
        """Whether it is known what it asks for."""
        return bool(self.endpoint)

    def with_problem(self, code: str, message: str) -> Batch:
        """Return it as it is when it says why it does not go on."""
        row = {"code": code, "message": message, "param": None, "line": None}
        return self if self.errors == (row,) else replace(self, errors=(row,))

    def without_problem(self, *codes: str) -> Batch:
        """Return it without what it said, if that had one of these codes."""
        is_over = any(row.get("code") in codes for row in self.errors)
        return replace(self, errors=()) if is_over else self


def flow_of(metadata: Mapping[str, str] | None) -> Flow | None:
    """Return the flow of the lines that name none: `flow_key` and its limits among the metadata.

    Raises ValidationFailed.
    """
    given = {fold(name): value for name, value in (metadata or {}).items()}
    return read_flow({name: given.get(fold(name)) for name in (KEY, *LIMITS)})
