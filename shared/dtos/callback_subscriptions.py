"""DTOs of subscriptions: URLs that are told of all of an owner's events."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from shared.callbacks.events import Event
from shared.dtos.base import Dto, ResponseStatus


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
