"""Shows deliveries in the DTOs of the wire. Pure."""

from __future__ import annotations

from shared.callbacks.delivery import Delivery, DeliveryAttempt, DeliveryState
from shared.codecs.moments import iso_date
from shared.dtos.deliveries import DeliveryAttemptRow, DeliveryRow
from shared.security.signing import message_id

#: A job's generation and epoch: which of its results a delivery tells.
Told = tuple[int, str]


def delivery_row(delivery: Delivery, ref_id: str, tag: str, event: str, told: Told) -> DeliveryRow:
    """Return where the delivery stands of the result that it tells."""
    is_pending = delivery.state is DeliveryState.PENDING
    return DeliveryRow(
        id=delivery.id,
        ref_id=ref_id,
        tag=tag or None,
        event=event or None,
        webhook_id=message_id(delivery.id, *told),
        url=delivery.url,
        state=delivery.state,
        reason=delivery.reason or None,
        attempts=delivery.attempts,
        created_date=iso_date(delivery.created_ms),
        next_attempt_date=_date_or_none(delivery.due_ms) if is_pending else None,
        ended_date=_date_or_none(delivery.ended_ms),
    )


def attempt_row(attempt: DeliveryAttempt, before: int = 0) -> DeliveryAttemptRow:
    """Return one row of a delivery's log. `before`: numbers that went to earlier deliveries."""
    return DeliveryAttemptRow(
        number=attempt.number - before,
        trigger=attempt.trigger,
        scheduled_date=_date_or_none(attempt.scheduled_ms),
        started_date=iso_date(attempt.started_ms),
        duration_ms=attempt.duration_ms,
        ip=attempt.ip or None,
        status=attempt.status,
        error=attempt.error or None,
        detail=attempt.detail or None,
        retry_after_secs=attempt.retry_after_s,
        response_head=attempt.response_head or None,
        body_sha256=attempt.body_sha256,
        key_ids=list(attempt.key_ids) or None,
        next_attempt_secs=attempt.next_attempt_in_s,
    )


def _date_or_none(moment_ms: int) -> str | None:
    return iso_date(moment_ms) if moment_ms else None
