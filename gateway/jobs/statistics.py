"""Sums of what jobs took."""

from __future__ import annotations

from flask import Blueprint

from gateway.auth.authenticator import Principal
from gateway.http.routes import Call, route
from gateway.jobs.rows import summary_stats, usage
from shared.dtos import catalog
from shared.dtos.history import (
    GetSummaryStats,
    GetSummaryStatsResponse,
    GetUsage,
    GetUsageResponse,
)
from shared.history.statistics import GroupBy, Span

blueprint = Blueprint("statistics", __name__)


@route(blueprint, catalog.SUMMARY_STATS)
def summary(call: Call[GetSummaryStats]) -> GetSummaryStatsResponse:
    """Sum up by provider, model and month."""
    gateway, principal = call.services, call.principal
    span = _span(principal, call.request)
    provider, model, month = (
        [summary_stats(found) for found in gateway.lists.statistics.by(group, span)]
        for group in (GroupBy.PROVIDER, GroupBy.MODEL, GroupBy.MONTH)
    )
    return GetSummaryStatsResponse(provider_stats=provider, model_stats=model, month_stats=month)


@route(blueprint, catalog.USAGE)
def detailed(call: Call[GetUsage]) -> GetUsageResponse:
    """Sum up in detail, by what the caller chooses."""
    gateway, principal, wanted = call.services, call.principal, call.request
    found = gateway.lists.statistics.by(wanted.group_by, _span(principal, wanted))
    prices = gateway.prices.current()
    return GetUsageResponse(results=[usage(one, wanted.group_by, prices) for one in found])


def _span(principal: Principal, wanted: GetSummaryStats) -> Span:
    """Return the days; but for who looks after all, of the caller's own jobs only."""
    owner = None if principal.sees_all else principal.owner
    return Span.of(owner, wanted.from_, wanted.to)
