"""Sums of what jobs took."""

from __future__ import annotations

from flask import Blueprint, Response, request

from gateway.auth.authenticator import Principal
from gateway.http.binding import bind
from gateway.http.routes import dto_response, dto_route
from gateway.jobs.rows import summary_stats, usage
from gateway.services import services
from shared.dtos.history import (
    GetSummaryStats,
    GetSummaryStatsResponse,
    GetUsage,
    GetUsageResponse,
)
from shared.history.statistics import GroupBy, Span

blueprint = Blueprint("statistics", __name__)


@dto_route(blueprint, "GetSummaryStats", "GET")
def summary() -> Response:
    """Sum up by provider, model and month."""
    gateway, principal = services(), services().keys.authenticate_onlooker(request)
    span = _span(principal, bind(GetSummaryStats))
    provider, model, month = (
        [summary_stats(found) for found in gateway.statistics.by(group, span)]
        for group in (GroupBy.PROVIDER, GroupBy.MODEL, GroupBy.MONTH)
    )
    return dto_response(
        GetSummaryStatsResponse(provider_stats=provider, model_stats=model, month_stats=month)
    )


@dto_route(blueprint, "GetUsage", "GET")
def detailed() -> Response:
    """Sum up in detail, by what the caller chooses."""
    gateway, principal = services(), services().keys.authenticate_onlooker(request)
    wanted = bind(GetUsage)
    found = gateway.statistics.by(wanted.group_by, _span(principal, wanted))
    return dto_response(GetUsageResponse(results=[usage(one) for one in found]))


def _span(principal: Principal, wanted: GetSummaryStats) -> Span:
    """Return the days; but for who looks after all, of the caller's own jobs only."""
    owner = None if principal.sees_all else principal.owner
    return Span.of(owner, wanted.from_, wanted.to)
