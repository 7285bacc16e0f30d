"""Subscriptions: URLs that are told of all of the caller's events."""

from __future__ import annotations

from flask import Blueprint, Response, request

from gateway.callbacks.samples import check_url
from gateway.http.binding import bind
from gateway.http.routes import dto_response, dto_route
from gateway.services import services
from shared.callbacks.events import Event
from shared.callbacks.subscriptions import Subscription
from shared.dtos.callback_subscriptions import (
    CallbackSubscription,
    CreateCallbackSubscription,
    DeleteCallbackSubscription,
    DeleteCallbackSubscriptionResponse,
    QueryCallbackSubscriptions,
    QueryCallbackSubscriptionsResponse,
    UpdateCallbackSubscription,
)
from shared.dtos.moments import iso_date

blueprint = Blueprint("callback_subscriptions", __name__)


@dto_route(blueprint, "CreateCallbackSubscription", "POST")
def create() -> Response:
    """Add a subscription."""
    gateway, principal = services(), services().keys.authenticate(request)
    wanted = bind(CreateCallbackSubscription)
    check_url(gateway, wanted.url)
    made = gateway.subscriptions.create(principal.owner, wanted.url, wanted.events or ())
    return dto_response(_shown(made))


@dto_route(blueprint, "UpdateCallbackSubscription", "POST")
def update() -> Response:
    """Change a subscription."""
    gateway, principal = services(), services().keys.authenticate(request)
    wanted = bind(UpdateCallbackSubscription)
    if wanted.url is not None:
        check_url(gateway, wanted.url)
    changed = gateway.subscriptions.change(principal.owner, wanted.id, wanted.url, wanted.events)
    return dto_response(_shown(changed))


@dto_route(blueprint, "DeleteCallbackSubscription", "POST")
def delete() -> Response:
    """End a subscription."""
    gateway, principal = services(), services().keys.authenticate(request)
    wanted = bind(DeleteCallbackSubscription)
    gateway.subscriptions.delete(principal.owner, wanted.id)
    return dto_response(DeleteCallbackSubscriptionResponse(id=wanted.id))


@dto_route(blueprint, "QueryCallbackSubscriptions", "GET")
def find() -> Response:
    """List the caller's subscriptions."""
    gateway, principal = services(), services().keys.authenticate(request)
    wanted = bind(QueryCallbackSubscriptions)
    found = gateway.subscriptions.all_of(principal.owner)
    page = found[wanted.skip : wanted.skip + wanted.take]
    return dto_response(
        QueryCallbackSubscriptionsResponse(
            offset=wanted.skip, total=len(found), results=[_shown(one) for one in page]
        )
    )


def _shown(one: Subscription) -> CallbackSubscription:
    return CallbackSubscription(
        id=one.id,
        url=one.url,
        events=[str(event) for event in one.events or Event],
        created_date=iso_date(one.created_ms),
    )
