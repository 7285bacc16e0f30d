"""API keys: issue them, change, revoke, rotate and list them. For admins."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

from flask import Blueprint
from redis.exceptions import RedisError
from sqlalchemy import Connection

from gateway.admin.api_key_forms import changed_fields, given_fields, key_row, new_key
from gateway.admin.audit import entry_of
from gateway.http.routes import Call, route
from gateway.services import services
from shared.api_keys import book, reader
from shared.api_keys.issued import IssuedKey, KeyFilter
from shared.api_keys.principal import Principal
from shared.api_keys.record import ApiKey
from shared.api_keys.scopes import DEFAULT, Scope
from shared.audit import log as audit
from shared.codecs.rows import rows_of
from shared.dtos import catalog
from shared.dtos.api_keys import (
    ApiKeyResponse,
    CreateApiKey,
    CreateApiKeyResponse,
    QueryApiKeys,
    QueryApiKeysResponse,
    RevokeApiKey,
    RotateApiKey,
    UpdateApiKey,
)
from shared.named_error import named
from shared.settings import new_api_key
from shared.store.clock import unix_ms

log = logging.getLogger(__name__)

blueprint = Blueprint("keys", __name__)


@route(blueprint, catalog.CREATE_KEY)
def create(call: Call[CreateApiKey]) -> CreateApiKeyResponse:
    """Issue a key; its secret is in the answer and nowhere else."""
    principal, wanted = call.principal, call.request
    secret, now_ms = wanted.key or new_api_key(), unix_ms()
    new = new_key(wanted, now_ms)
    _demand_all(principal, new.scopes)
    entry = entry_of(call, "", given_fields(wanted))

    def issue(connection: Connection) -> IssuedKey:
        return book.issue(connection, new, secret, now_ms)

    # Whatever comes after it, the secret must be told: nobody could find it out later.
    key = _change(issue, entry, must_be_told=False)
    return CreateApiKeyResponse.of(key_row(key), secret)


@route(blueprint, catalog.UPDATE_KEY)
def update(call: Call[UpdateApiKey]) -> ApiKeyResponse:
    """Change a key."""
    principal, wanted = call.principal, call.request
    now_ms = unix_ms()
    entry = entry_of(call, f"key_{wanted.id}", given_fields(wanted))
    _demand_all(principal, wanted.scopes or ())

    def change(connection: Connection) -> IssuedKey:
        before = _find(connection, principal, wanted.id)
        return book.change(connection, wanted.id, changed_fields(wanted, before), now_ms)

    return ApiKeyResponse(result=key_row(_change(change, entry)))


@route(blueprint, catalog.REVOKE_KEY)
def revoke(call: Call[RevokeApiKey]) -> ApiKeyResponse:
    """End a key; when this is answered no gateway takes it any more, a second at most."""
    principal, wanted = call.principal, call.request
    now_ms = unix_ms()
    entry = entry_of(call, f"key_{wanted.id}", {})

    def end(connection: Connection) -> IssuedKey:
        _find(connection, principal, wanted.id)
        return book.revoke(connection, wanted.id, now_ms)

    return ApiKeyResponse(result=key_row(_change(end, entry)))


@route(blueprint, catalog.ROTATE_KEY)
def rotate(call: Call[RotateApiKey]) -> CreateApiKeyResponse:
    """Give a key another secret, which is in the answer and nowhere else."""
    principal, wanted = call.principal, call.request
    secret, now_ms = new_api_key(), unix_ms()
    entry = entry_of(call, f"key_{wanted.id}", given_fields(wanted))

    def turn(connection: Connection) -> IssuedKey:
        _find(connection, principal, wanted.id)
        return book.rotate(connection, wanted.id, secret, wanted.grace_secs * 1000, now_ms)

    key = _change(turn, entry, must_be_told=False)
    return CreateApiKeyResponse.of(key_row(key), secret)


@route(blueprint, catalog.QUERY_KEYS)
def query(call: Call[QueryApiKeys]) -> QueryApiKeysResponse:
    """List keys."""
    wanted = call.request
    which = KeyFilter(
        wanted.id, wanted.name, wanted.user_id, wanted.ref_id, wanted.include_cancelled
    )
    total, found = call.services.database.read(
        lambda connection: reader.query(connection, which, wanted.skip, wanted.take)
    )
    rows = rows_of(found, key_row)
    return QueryApiKeysResponse(offset=wanted.skip, total=total, results=rows)


def _change(
    work: Callable[[Connection], IssuedKey], entry: audit.Entry, *, must_be_told: bool = True
) -> IssuedKey:
    """Change the book with its entry in the audit log, then tell all gateways.

    Raises DatabaseUnavailable when nothing was changed, and redis.RedisError when the gateways
    could not be told but must be: the call may be repeated. They find out by themselves, too.
    """

    def transaction(connection: Connection) -> tuple[IssuedKey, list[ApiKey]]:
        key = work(connection)
        audit.write(connection, entry.on(f"key_{key.id}"))
        return key, reader.records(connection, key_id=key.id)

    key, records = services().database.write(transaction)
    try:
        services().auth.key_keeper.publish(records)
    except RedisError as exc:
        if must_be_told:
            raise
        log.warning("key_%s: gateways not notified yet: %s", key.id, named(exc))
    return key


def _find(connection: Connection, principal: Principal, key_id: int) -> IssuedKey:
    """Return the key, if the caller may have its power. Raises ApiKeyNotFound, Forbidden."""
    key = reader.find(connection, key_id)
    _demand_all(principal, key.scopes)
    return key


def _demand_all(principal: Principal, scopes: Collection[Scope]) -> None:
    """Let nobody give away, or take over, what goes beyond their own scopes."""
    for scope in sorted(set(scopes) - DEFAULT):
        principal.demand(scope)
