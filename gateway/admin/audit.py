"""The audit log: every action of an admin is written down before it changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from gateway.http.binding import bind
from gateway.http.routes import dto_route
from gateway.http.rows import rows_of
from gateway.request_id import request_id
from gateway.services import services
from shared.api_keys.principal import Principal
from shared.api_keys.scopes import Scope
from shared.audit import log
from shared.dtos.api_keys import AuditRow, QueryAuditLog, QueryAuditLogResponse
from shared.dtos.moments import iso_date
from shared.store.clock import unix_ms

blueprint = Blueprint("audit", __name__)


def record(
    principal: Principal, action: str, target: str, changes: Mapping[str, Any] | None = None
) -> None:
    """Write down that an admin does something. Call it before doing it.

    Raises DatabaseUnavailable: what cannot be written down is not done. An action that changes the
    database itself writes `entry_of` in the same transaction instead.
    """
    entry = entry_of(principal, action, target, changes or {})
    services().database.write(lambda connection: log.write(connection, entry))


def entry_of(
    principal: Principal, action: str, target: str, changes: Mapping[str, Any]
) -> log.Entry:
    """Return the entry for an action of the request under way."""
    return log.Entry(
        at_ms=unix_ms(),
        actor=principal.actor,
        action=action,
        target=target,
        changes=changes,
        request_id=request_id(),
        address=request.remote_addr or "",
    )


@dto_route(blueprint, "QueryAuditLog", "GET")
def query() -> Response:
    """List what admins did."""
    services().keys.authenticate_admin(request, Scope.ADMIN_READ)
    wanted = bind(QueryAuditLog)
    which = log.Wanted(wanted.actor, wanted.action, wanted.target, wanted.from_, wanted.to)
    total, entries = services().database.read(
        lambda connection: log.query(connection, which, wanted.skip, wanted.take)
    )
    rows = rows_of(entries, _row)
    body = QueryAuditLogResponse(offset=wanted.skip, total=total, results=rows)
    return Response(body.to_json(), mimetype="application/json")


def _row(entry: log.Entry) -> AuditRow:
    return AuditRow(
        id=entry.id,
        date=iso_date(entry.at_ms),
        actor=entry.actor,
        action=entry.action,
        target=entry.target,
        changes=dict(entry.changes),
        request_id=entry.request_id,
        address=entry.address,
    )
