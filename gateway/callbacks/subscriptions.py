"""Subscriptions: URLs that are told of all of the caller's events."""

from __future__ import annotations

from flask import Blueprint

from gateway.callbacks.samples import check_url
from gateway.http.routes import Call, route
from shared.callbacks.events import Event
from shared.callbacks.subscriptions import Subscription
from shared.codecs.moments import iso_date
from shared.dtos import catalog
from shared.dtos.callbacks import (
    CallbackSubscription,
    CreateCallbackSubscription,
    DeleteCallbackSubscription,
    DeleteCallbackSubscriptionResponse,
    QueryCallbackSubscriptions,
    QueryCallbackSubscriptionsResponse,
    UpdateCallbackSubscription,
)

blueprint = Blueprint("callback_subscriptions", __name__)


@route(blueprint, catalog.CREATE_SUBSCRIPTION)
def create(call: Call[CreateCallbackSubscription]) -> CallbackSubscription:
    """Add a subscription."""
    gateway, principal, wanted = call.services, call.principal, call.request
    check_url(gateway, wanted.url)
    made = gateway.callbacks.subscriptions.create(principal.owner, wanted.url, wanted.events or ())
    return _shown(made)


@route(blueprint, catalog.UPDATE_SUBSCRIPTION)
def update(call: Call[UpdateCallbackSubscription]) -> CallbackSubscription:
    """Change a subscription."""
    gateway, principal, wanted = call.services, call.principal, call.request
    if wanted.url is not None:
        check_url(gateway, wanted.url)
    changed = gateway.callbacks.subscriptions.change(
        principal.owner, wanted.id, wanted.url, wanted.events
    )
    return _shown(changed)


@route(blueprint, catalog.DELETE_SUBSCRIPTION)
def delete(call: Call[DeleteCallbackSubscription]) -> DeleteCallbackSubscriptionResponse:
    """End a subscription."""
    gateway, principal, wanted = call.services, call.principal, call.request
    gateway.callbacks.subscriptions.delete(principal.owner, wanted.id)
    return DeleteCallbackSubscriptionResponse(id=wanted.id)


@route(blueprint, catalog.QUERY_SUBSCRIPTIONS)
def find(call: Call[QueryCallbackSubscriptions]) -> QueryCallbackSubscriptionsResponse:
    """List the caller's subscriptions."""
    gateway, principal, wanted = call.services, call.principal, call.request
    found = gateway.callbacks.subscriptions.all_of(principal.owner)
    page = found[wanted.skip : wanted.skip + wanted.take]
    return QueryCallbackSubscriptionsResponse(
        offset=wanted.skip, total=len(found), results=[_shown(one) for one in page]
    )


def _shown(one: Subscription) -> CallbackSubscription:
    return CallbackSubscription(
        id=one.id,
        url=one.url,
        events=[str(event) for event in one.events or Event],
        created_date=iso_date(one.created_ms),
    )
