"""The audit log: every action of an admin is written down before it changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request

from gateway.http.routes import Call, route
from gateway.request_id import request_id
from shared.audit import log
from shared.codecs.moments import iso_date
from shared.codecs.rows import rows_of
from shared.dtos import catalog
from shared.dtos.api_keys import AuditRow, QueryAuditLog, QueryAuditLogResponse
from shared.store.clock import unix_ms

blueprint = Blueprint("audit", __name__)


def record(call: Call[Any], target: str, changes: Mapping[str, Any] | None = None) -> None:
    """Write down that an admin does this. Call it before doing it.

    Raises DatabaseUnavailable: what cannot be written down is not done. An action that changes the
    database itself writes `entry_of` in the same transaction instead.
    """
    entry = entry_of(call, target, changes or {})
    call.services.database.write(lambda connection: log.write(connection, entry))


def entry_of(call: Call[Any], target: str, changes: Mapping[str, Any]) -> log.Entry:
    """Return the entry for an action: it has the name of its endpoint."""
    return log.Entry(
        at_ms=unix_ms(),
        actor=call.principal.actor,
        action=call.endpoint.name,
        target=target,
        changes=changes,
        request_id=request_id(),
        address=request.remote_addr or "",
    )


@route(blueprint, catalog.AUDIT_LOG)
def query(call: Call[QueryAuditLog]) -> QueryAuditLogResponse:
    """List what admins did."""
    wanted = call.request
    which = log.EntryFilter(wanted.actor, wanted.action, wanted.target, wanted.from_, wanted.to)
    total, entries = call.services.database.search(
        lambda connection: log.query(connection, which, wanted.skip, wanted.take)
    )
    rows = rows_of(entries, _row)
    return QueryAuditLogResponse(offset=wanted.skip, total=total, results=rows)


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
