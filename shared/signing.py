"""Signs callbacks as the Standard Webhooks specification says."""

from __future__ import annotations

from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook


def message_id(job_id: int, generation: int = 0) -> str:
    """Return the `webhook-id` of a job's callback: the same for every attempt and replay.

    A job that was retried after its end has another result, so another id: never two bodies under
    one. No full stop: it separates what is signed.
    """
    return f"msg_{job_id}_{generation + 1}" if generation else f"msg_{job_id}"


def signature_headers(
    secret: str, webhook_id: str, timestamp_s: int, body: bytes
) -> dict[str, str]:
    """Return the three signature headers; `body` is UTF-8, `timestamp_s` is unix seconds.

    Source: Standard Webhooks specification, "Signature scheme".
    """
    moment = datetime.fromtimestamp(timestamp_s, tz=UTC)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": Webhook(secret).sign(webhook_id, moment, body.decode("utf-8")),
    }
