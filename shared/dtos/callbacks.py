"""DTOs of callbacks: what signs them, subscriptions to an owner's events, and samples."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from shared.callbacks.events import Event
from shared.dtos.base import Dto, ResponseStatus
from shared.dtos.deliveries import DeliveryAttemptRow


def _events(value: object) -> object:
    """Read a list, or names with commas between as query strings have them."""
    if value is None or value in ("", []):
        return None
    names = value.split(",") if isinstance(value, str) else value
    known = [str(event) for event in Event]
    if not isinstance(names, list) or any(name not in known for name in names):
        raise ValueError(f"must be a list of {', '.join(known)}")
    return tuple(Event(name) for name in dict.fromkeys(names))


Events = Annotated[tuple[Event, ...] | None, BeforeValidator(_events)]
Url = Annotated[str, Field(min_length=1, max_length=8192)]
Id = Annotated[str, Field(min_length=1, max_length=64)]


class CreateCallbackSubscription(Dto):
    """Have a URL told of all events of the caller's jobs."""

    url: Url = Field(description="The same URLs are refused as for ReplyTo.")
    events: Events = Field(None, description="Which events. Default: all.")


class UpdateCallbackSubscription(Dto):
    """Change a subscription; what is left out stays."""

    id: Id
    url: Url | None = None
    events: Events = None


class DeleteCallbackSubscription(Dto):
    """End a subscription. Events that are under way still arrive."""

    id: Id


class QueryCallbackSubscriptions(Dto):
    """List the caller's subscriptions."""

    skip: Annotated[int, Field(ge=0)] = 0
    take: Annotated[int, Field(ge=1, le=1000)] = 100


class CallbackSubscription(Dto):
    """A subscription."""

    id: str
    url: str
    events: list[str] = Field(description="The events that it is told.")
    created_date: str
    response_status: ResponseStatus | None = None


class QueryCallbackSubscriptionsResponse(Dto):
    """The caller's subscriptions, the oldest first."""

    offset: int
    total: int
    results: list[CallbackSubscription]
    response_status: ResponseStatus | None = None


class DeleteCallbackSubscriptionResponse(Dto):
    """The subscription has ended."""

    id: str
    response_status: ResponseStatus | None = None


class GetCallbackKeys(Dto):
    """List the keys that sign the caller's callbacks; never the secrets themselves."""


class RotateCallbackSecret(Dto):
    """Get a new signing secret; the one before it signs too until it expires."""

    overlap_secs: Annotated[int, Field(ge=0, le=604_800)] = Field(
        86_400, description="How long the old secret still signs; 0 when it has leaked."
    )


class CallbackKeyRow(Dto):
    """One key."""

    id: str = Field(description="What the log of deliveries calls it.")
    algorithm: str = Field(description="hmac-sha256 (v1), or ed25519 (v1a).")
    public_key: str | None = Field(None, description="Of ed25519: `whpk_` and base64.")
    created_date: str | None = Field(None, description="When it was made, if that is known.")
    expiry_date: str | None = Field(None, description="When it stops signing, if it does.")


class GetCallbackKeysResponse(Dto):
    """The keys, the newest first. Each adds a signature to the header."""

    results: list[CallbackKeyRow]
    response_status: ResponseStatus | None = None


class RotateCallbackSecretResponse(Dto):
    """The new secret: shown this once."""

    secret: str = Field(description="`whsec_` and base64. Keep it; it is not shown again.")
    key_id: str
    created_date: str
    previous_expiry_date: str = Field(description="When the secrets before it stop signing.")
    response_status: ResponseStatus | None = None


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
