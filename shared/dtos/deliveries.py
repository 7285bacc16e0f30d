"""DTOs to list callbacks' deliveries, read one with its log, send them again, end them."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator, Field, model_validator

from shared.callbacks.delivery import DeliveryState
from shared.codecs.moments import UnixMs
from shared.codecs.place import AFTER, STOPPED, After
from shared.dtos.base import Dto, ResponseStatus
from shared.dtos.fields import Text, one_of
from shared.dtos.jobs import ById
from shared.errors import ValidationFailed

_ORDERS: Final = ("id", "createddate")


def _order(value: object) -> object:
    if value is None or value == "":
        return None
    if str(value).lower() not in _ORDERS:
        raise ValueError("must be createdDate or id: deliveries are kept in that order")
    return value


State = Annotated[DeliveryState | None, one_of(DeliveryState)]
Order = Annotated[str | None, BeforeValidator(_order)]


class _Deliveries(Dto):
    """Which deliveries are meant."""

    state: State = Field(None, description="Pending, Delivered, Stopped, Exhausted or Cancelled.")
    host: Text = Field(None, description="The host of the ReplyTo URL, without port.")
    tag: Text = Field(None, description="The job's Tag.")
    from_: UnixMs = Field(
        None, alias="from", description="Created then or later: the time when the job had ended."
    )
    to: UnixMs = Field(None, description="Created at or before this time.")


class GetDeliveries(_Deliveries):
    """List deliveries, the newest first."""

    ref_id: Text = Field(None, description="The job's RefId.")
    skip: Annotated[int, Field(ge=0, le=100_000)] = Field(0, description="Leave so many out.")
    take: Annotated[int, Field(ge=1, le=1000)] = Field(100, description="At most so many.")
    order_by: Order = Field(None, description="createdDate: the oldest first.")
    order_by_desc: Order = Field(None, description="createdDate: the newest first.")


class GetDelivery(ById):
    """Read one delivery with the log of its attempts."""


class ReplayDelivery(ById):
    """Send a callback again, at once, whatever became of it; same webhook-id, same body."""


class CancelDelivery(ById):
    """Make no more attempts at a callback."""


class ReplayDeliveries(_Deliveries):
    """Send many callbacks again. Without a state: those that are Exhausted or Stopped."""

    after: After = Field(None, description=AFTER)
    dry_run: bool = Field(default=False, description="Only say how many there would be.")

    @model_validator(mode="after")
    def _one_is_given(self) -> ReplayDeliveries:
        if not (self.state or self.host or self.tag or self.from_ or self.to):
            raise ValidationFailed(
                "Say which deliveries: give a state, host, tag, from or to.", field="state"
            )
        return self


class DeliveryAttemptRow(Dto):
    """One attempt."""

    number: int
    trigger: str = Field(description="schedule, replay or test.")
    scheduled_date: str | None = None
    started_date: str
    duration_ms: int
    ip: str | None = Field(None, description="The address that was dialled.")
    status: int | None = Field(None, description="HTTP status of the answer, if one came.")
    error: str | None = Field(None, description="Class of the error: dns, tls, timeout, …")
    detail: str | None = Field(None, description="The error in words.")
    retry_after_secs: float | None = Field(None, description="What the receiver asked for.")
    response_head: str | None = Field(None, description="The beginning of the answer.")
    body_sha256: str = Field(description="Of the bytes that were sent.")
    key_ids: list[str] | None = Field(None, description="The keys that signed.")
    next_attempt_secs: float | None = Field(None, description="The pause that followed.")


class DeliveryRow(Dto):
    """A delivery: one job's callback."""

    id: int = Field(description="The job's id.")
    ref_id: str
    tag: str | None = None
    event: str | None = Field(None, description="What a subscription is told, if it is one's.")
    webhook_id: str = Field(description="What the receiver gets as webhook-id.")
    url: str
    state: str
    reason: str | None = Field(None, description="Why it stands so.")
    attempts: int = Field(description="Attempts made so far.")
    created_date: str
    next_attempt_date: str | None = Field(None, description="While Pending.")
    ended_date: str | None = None


class GetDeliveriesResponse(Dto):
    """A page of deliveries."""

    offset: int
    total: int
    results: list[DeliveryRow]
    response_status: ResponseStatus | None = None


class GetDeliveryResponse(Dto):
    """A delivery with its log, oldest attempt first."""

    result: DeliveryRow
    log: list[DeliveryAttemptRow]
    response_status: ResponseStatus | None = None


class ReplayDeliveryResponse(Dto):
    """What came of it: 'queued', or 'in_flight' when an attempt runs right now."""

    id: int
    ref_id: str
    status: str
    response_status: ResponseStatus | None = None


class CancelDeliveryResponse(Dto):
    """What came of it: 'cancelled', or 'ended' when it was over before."""

    id: int
    ref_id: str
    state: str
    status: str
    response_status: ResponseStatus | None = None


class ReplayDeliveriesResponse(Dto):
    """How many were meant and how many are sent again."""

    total: int = Field(description="Deliveries that match.")
    replayed: int
    in_flight: int = Field(description="Left alone: an attempt runs right now.")
    remaining: int = Field(
        description="Not reached by this call, at most: call again with `after`."
    )
    dry_run: bool
    after: str | None = Field(None, description=STOPPED)
    response_status: ResponseStatus | None = None
