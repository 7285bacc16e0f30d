"""Deliveries: list them, read one with its log, send them again, end them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Blueprint

from gateway.auth.authenticator import Principal
from gateway.callbacks.forms import attempt_row, delivery_row
from gateway.http.routes import Call, route
from gateway.jobs.lookup import find_sent
from gateway.services import Services
from shared.callbacks.delivery import Delivery, DeliveryState, Replay, told_generation
from shared.callbacks.delivery_index import Found, Query
from shared.codecs.place import place_of
from shared.dtos import catalog
from shared.dtos.deliveries import (
    CancelDelivery,
    CancelDeliveryResponse,
    GetDeliveries,
    GetDeliveriesResponse,
    GetDelivery,
    GetDeliveryResponse,
    ReplayDeliveries,
    ReplayDeliveriesResponse,
    ReplayDelivery,
    ReplayDeliveryResponse,
)
from shared.errors import DeliveryNotFound
from shared.jobs.job import Job

blueprint = Blueprint("deliveries", __name__)

#: Most deliveries replayed by one call: some seconds' work.
_MOST_REPLAYED: Final = 1000
#: What is replayed when no state is named: what the receiver did not get.
_FAILED: Final = (DeliveryState.EXHAUSTED, DeliveryState.STOPPED)


@route(blueprint, catalog.GET_DELIVERIES)
def find(call: Call[GetDeliveries]) -> GetDeliveriesResponse:
    """List the caller's deliveries; the admin's are everybody's."""
    gateway, principal, wanted = call.services, call.principal, call.request
    states = (wanted.state,) if wanted.state else ()
    query = _query(principal, wanted, states)
    page = gateway.callbacks.index.find(query, wanted.skip, wanted.take)
    rows = [
        delivery_row(
            found.delivery, found.ref_id, found.tag, found.event, (found.generation, found.epoch)
        )
        for found in page.results
    ]
    return GetDeliveriesResponse(offset=wanted.skip, total=page.total, results=rows)


@route(blueprint, catalog.GET_DELIVERY)
def read(call: Call[GetDelivery]) -> GetDeliveryResponse:
    """Show one delivery with every attempt at it."""
    gateway, principal, wanted = call.services, call.principal, call.request
    job = find_sent(gateway.jobs, principal, wanted.id, wanted.ref_id)
    delivery = _delivery_of(gateway, job)
    return GetDeliveryResponse(
        result=delivery_row(
            delivery,
            job.ref_id,
            job.tag,
            job.event,
            (told_generation(job.state, job.generation), job.epoch),
        ),
        log=[attempt_row(attempt, delivery.attempts_before) for attempt in delivery.log],
    )


@route(blueprint, catalog.REPLAY_DELIVERY)
def replay(call: Call[ReplayDelivery]) -> ReplayDeliveryResponse:
    """Send one callback again."""
    gateway, principal, wanted = call.services, call.principal, call.request
    job = find_sent(gateway.jobs, principal, wanted.id, wanted.ref_id)
    became = gateway.callbacks.deliveries.replay(job)
    if became is Replay.UNKNOWN:
        raise DeliveryNotFound
    return ReplayDeliveryResponse(id=job.id, ref_id=job.ref_id, status=became)


@route(blueprint, catalog.CANCEL_DELIVERY)
def cancel(call: Call[CancelDelivery]) -> CancelDeliveryResponse:
    """Make no more attempts at one callback."""
    gateway, principal, wanted = call.services, call.principal, call.request
    job = find_sent(gateway.jobs, principal, wanted.id, wanted.ref_id)
    was_pending = gateway.callbacks.deliveries.cancel(job)
    return CancelDeliveryResponse(
        id=job.id,
        ref_id=job.ref_id,
        state=_delivery_of(gateway, job).state,
        status="cancelled" if was_pending else "ended",
    )


@route(blueprint, catalog.REPLAY_DELIVERIES)
def replay_many(call: Call[ReplayDeliveries]) -> ReplayDeliveriesResponse:
    """Send all callbacks again that match, the oldest first; or only count them."""
    gateway, principal, wanted = call.services, call.principal, call.request
    query = _query(principal, wanted, (wanted.state,) if wanted.state else _FAILED)
    part = gateway.callbacks.index.behind(query, place_of(wanted.after), _MOST_REPLAYED)
    became = [] if wanted.dry_run else _replay_all(gateway, part.results)
    return ReplayDeliveriesResponse(
        total=part.total,
        replayed=became.count(Replay.QUEUED),
        in_flight=became.count(Replay.IN_FLIGHT),
        remaining=0 if wanted.dry_run else part.left,
        dry_run=wanted.dry_run,
        after=None if wanted.dry_run or part.after is None else str(part.after),
    )


def _replay_all(gateway: Services, found: Sequence[Found]) -> list[Replay]:
    jobs = gateway.jobs.summaries([one.delivery.id for one in found])
    return [gateway.callbacks.deliveries.replay(job) for job in jobs if job is not None]


def _query(
    principal: Principal,
    wanted: GetDeliveries | ReplayDeliveries,
    states: tuple[DeliveryState, ...],
) -> Query:
    listing = wanted if isinstance(wanted, GetDeliveries) else None
    return Query(
        owner=None if principal.is_admin else principal.owner,
        states=states,
        from_ms=wanted.from_ or 0,
        to_ms=wanted.to,
        host=wanted.host or "",
        tag=wanted.tag or "",
        ref_id=(listing.ref_id or "") if listing else "",
        oldest_first=bool(listing.order_by) if listing else True,
    )


def _delivery_of(gateway: Services, job: Job) -> Delivery:
    delivery = gateway.callbacks.deliveries.get(job.id)
    if delivery is None:
        raise DeliveryNotFound
    return delivery
