"""DTOs to try a receiver out."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.dtos.base import Dto, ResponseStatus
from shared.dtos.deliveries import DeliveryAttemptRow


class TestCallback(Dto):
    """Send a signed sample to a URL now, and show what came of it."""

    #: It is no class of tests, whatever pytest thinks of its name.
    __test__ = False

    url: Annotated[str, Field(min_length=1, max_length=8192)] = Field(
        description="Where to; the same URLs are refused as for ReplyTo."
    )


class TestCallbackResponse(Dto):
    """What came of the sample."""

    __test__ = False

    delivered: bool = Field(description="Whether a callback would count as delivered.")
    reason: str = Field(description="Why it would, or would not.")
    webhook_id: str
    result: DeliveryAttemptRow
    response_status: ResponseStatus | None = None
