"""What somebody's own key may do, and what it has taken of its limits."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from gateway.admin.api_key_forms import key_row
from gateway.http.routes import Call, route
from gateway.services import Services
from shared.api_keys import reader
from shared.api_keys.limits import NANOS, month_of
from shared.api_keys.principal import Principal
from shared.dtos import catalog
from shared.dtos.api_keys import GetMyKey, GetMyKeyResponse, KeyTaken
from shared.history.rows import day_of
from shared.history.statistics import GroupBy, Span
from shared.store import redis_keys
from shared.store.clock import unix_ms

blueprint = Blueprint("own_key", __name__)


@route(blueprint, catalog.MY_KEY)
def my_key(call: Call[GetMyKey]) -> GetMyKeyResponse:
    """Tell the caller of its key."""
    services, principal = call.services, call.principal
    taken = _taken(services, principal)
    common = {"scopes": sorted(principal.scopes), "taken": taken}
    if not principal.key_id:
        # One of the settings: it has no limits.
        return GetMyKeyResponse(name=principal.owner, owner=principal.owner, **common)
    number = int(principal.key_id.removeprefix("key_"))
    row = key_row(services.database.read(lambda connection: reader.find(connection, number)))
    names = (*GetMyKeyResponse.model_fields.keys() & row.model_fields_set,)
    told = {name: getattr(row, name) for name in names if name not in common}
    return GetMyKeyResponse(**told, **common)


def _taken(services: Services, principal: Principal) -> KeyTaken:
    if not (principal.limits and principal.key_id):
        return _taken_by_owner(services, principal.owner)
    key_id, now_ms = principal.key_id, unix_ms()
    minute = services.auth.key_store.taken(key_id)
    pipe = services.redis.pipeline(transaction=False)
    pipe.zcard(redis_keys.live(key_id))
    pipe.hmget(redis_keys.month_of(key_id, month_of(now_ms)), "tokens", "cost_nanos")
    live, (tokens, nanos) = pipe.execute()
    return KeyTaken(
        requests=minute.requests,
        tokens=minute.tokens,
        live_jobs=live,
        month_tokens=int(tokens or 0),
        month_cost=int(nanos or 0) / NANOS,
    )


def _taken_by_owner(services: Services, owner: str) -> KeyTaken:
    """Return this month's sums: of a key without limits nothing else is counted."""
    now_ms = unix_ms()
    this_month = month_of(now_ms)
    today = day_of(now_ms)
    months: Any = services.lists.statistics.by(
        GroupBy.MONTH, Span(owner=owner, from_day=today - 31)
    )
    sums = next((one.sums for one in months if one.name == this_month), None)
    if sums is None:
        return KeyTaken()
    return KeyTaken(month_tokens=sums["total_tokens"], month_cost=sums["cost_nanos"] / NANOS)
