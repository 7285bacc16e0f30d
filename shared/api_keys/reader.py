"""What the book of issued keys says: to their admins, and to the gateways."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from shared.api_keys.issued import IssuedKey, KeyFilter
from shared.api_keys.limits import Limits
from shared.api_keys.record import ApiKey, known_scopes
from shared.api_keys.tables import api_key_secrets, api_keys
from shared.codecs.rows import rows_of
from shared.errors import ApiKeyNotFound


def find(connection: Connection, key_id: int) -> IssuedKey:
    """Return a key. Raises ApiKeyNotFound."""
    row = connection.execute(select(api_keys).where(api_keys.c.id == key_id)).one_or_none()
    if row is None:
        raise ApiKeyNotFound(f"There is no API key with the id {key_id}.", field="id")
    return _issued(row, _visible(connection, [key_id]))


def query(
    connection: Connection, wanted: KeyFilter, skip: int, take: int
) -> tuple[int, list[IssuedKey]]:
    """Return how many keys there are, and a page of them, newest first."""
    conditions = _conditions(wanted)
    total = connection.scalar(select(func.count()).select_from(api_keys).where(*conditions)) or 0
    rows = connection.execute(
        select(api_keys)
        .where(*conditions)
        .order_by(api_keys.c.created_ms.desc(), api_keys.c.id)
        .offset(skip)
        .limit(take)
    ).all()
    shown = _visible(connection, [row.id for row in rows])
    return total, rows_of(rows, lambda row: _issued(row, shown))


def records(
    connection: Connection, *, key_id: int | None = None, changed_since_ms: int = 0
) -> list[ApiKey]:
    """Return what gateways must know of each secret, of one key or of all that changed."""
    key, secret = api_keys.c, api_key_secrets.c
    wanted = select(api_keys, secret.digest, secret.expires_ms.label("secret_expires_ms")).join(
        api_key_secrets, secret.key_id == key.id
    )
    if key_id is not None:
        wanted = wanted.where(key.id == key_id)
    if changed_since_ms:
        wanted = wanted.where(key.revision >= changed_since_ms)
    return rows_of(connection.execute(wanted), _record)


def _conditions(wanted: KeyFilter) -> Sequence[ColumnElement[bool]]:
    equal = [
        api_keys.c[name] == value
        for name in ("id", "name", "user_id", "ref_id")
        if (value := getattr(wanted, name)) is not None
    ]
    return equal if wanted.with_cancelled else [*equal, api_keys.c.cancelled_ms == 0]


def _visible(connection: Connection, key_ids: Sequence[int]) -> dict[int, str]:
    """Return the beginning of each key's newest secret."""
    secret = api_key_secrets.c
    rows = connection.execute(
        select(secret.key_id, secret.visible)
        .where(secret.key_id.in_(key_ids))
        .order_by(secret.created_ms, secret.expires_ms.desc())
    )
    return {row.key_id: row.visible for row in rows}


def _issued(row: Row[Any], shown: Mapping[int, str]) -> IssuedKey:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's own name for it
    return IssuedKey(**{**values, **_parsed(row)}, visible=shown.get(row.id, ""))


def _parsed(row: Row[Any]) -> dict[str, Any]:
    return {
        "scopes": known_scopes(json.loads(row.scopes)),
        "models": tuple(json.loads(row.models)),
        "limits": Limits.from_mapping(json.loads(row.limits)),
        "meta": json.loads(row.meta),
    }


def _record(row: Row[Any]) -> ApiKey:
    parsed = _parsed(row)
    ends = [ms for ms in (row.expires_ms, row.secret_expires_ms) if ms]
    return ApiKey(
        id=row.id,
        digest=row.digest,
        owner=row.owner,
        revision=row.revision,
        scopes=parsed["scopes"],
        models=parsed["models"],
        limits=parsed["limits"],
        expires_ms=min(ends, default=0),
        revoked=bool(row.cancelled_ms),
    )
