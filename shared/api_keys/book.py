"""The book of issued keys: the truth about them, in the database.

Each function works inside its caller's transaction, so that the audit log's entry is in the same.
Times are unix milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from shared.api_keys.limits import Limits
from shared.api_keys.record import ApiKey, digest, known_scopes, new_key_id, owner_of, visible
from shared.api_keys.scopes import DEFAULT, Scope
from shared.api_keys.tables import api_key_secrets, api_keys
from shared.errors import ApiKeyNotFound, ValidationFailed


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a key is to be."""

    name: str
    user_id: str = ""
    user_name: str = ""
    scopes: frozenset[Scope] = DEFAULT
    models: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    notes: str = ""
    ref_id: str = ""
    meta: Mapping[str, str] = field(default_factory=dict)
    expires_ms: int = 0


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key as its admins see it. `visible` is the beginning of its current secret."""

    id: int
    name: str
    owner: str
    user_id: str
    user_name: str
    notes: str
    ref_id: str
    scopes: frozenset[Scope]
    models: tuple[str, ...]
    limits: Limits
    meta: Mapping[str, str]
    created_ms: int
    expires_ms: int
    cancelled_ms: int
    last_used_ms: int
    revision: int
    visible: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which keys: None is any."""

    id: int | None = None
    name: str | None = None
    user_id: str | None = None
    ref_id: str | None = None
    with_cancelled: bool = False


def issue(connection: Connection, new: NewKey, secret: str, now_ms: int) -> IssuedKey:
    """Enter a key. Raises ValidationFailed when this secret is in the book already."""
    if connection.scalar(
        select(api_key_secrets.c.key_id).where(api_key_secrets.c.digest == digest(secret))
    ):
        raise ValidationFailed("key: this key exists already; use another.", field="key")
    key_id = _unused_id(connection)
    values = {
        **{name: getattr(new, name) for name in ("name", "user_id", "user_name", "notes")},
        "ref_id": new.ref_id,
        "owner": owner_of(key_id, new.user_id),
        "expires_ms": new.expires_ms,
        **_as_json(scopes=new.scopes, models=new.models, limits=new.limits, meta=new.meta),
    }
    connection.execute(
        insert(api_keys).values(id=key_id, created_ms=now_ms, revision=now_ms, **values)
    )
    _add_secret(connection, key_id, secret, now_ms)
    return find(connection, key_id)


def change(
    connection: Connection, key_id: int, values: Mapping[str, Any], now_ms: int
) -> IssuedKey:
    """Give fields of a key new values. Raises ApiKeyNotFound."""
    lists = {n: v for n, v in values.items() if n in {"scopes", "models", "limits", "meta"}}
    plain = {name: value for name, value in values.items() if name not in lists}
    _touch(connection, key_id, now_ms, **plain, **_as_json(**lists))
    return find(connection, key_id)


def revoke(connection: Connection, key_id: int, now_ms: int) -> IssuedKey:
    """End a key for good; once is as good as twice. Raises ApiKeyNotFound."""
    before = find(connection, key_id)
    # Also when it was revoked before: the revision makes every gateway take the record again.
    _touch(connection, key_id, now_ms, cancelled_ms=before.cancelled_ms or now_ms)
    return find(connection, key_id)


def rotate(
    connection: Connection, key_id: int, secret: str, grace_ms: int, now_ms: int
) -> IssuedKey:
    """Give a key another secret; the ones it has end after the grace. Raises ApiKeyNotFound."""
    if find(connection, key_id).cancelled_ms:
        raise ValidationFailed("id: this key is revoked; create another.", field="id")
    ends_ms = now_ms + grace_ms
    secrets = api_key_secrets
    connection.execute(
        update(secrets)
        .where(secrets.c.key_id == key_id)
        .where((secrets.c.expires_ms == 0) | (secrets.c.expires_ms > ends_ms))
        .values(expires_ms=ends_ms)
    )
    _add_secret(connection, key_id, secret, now_ms)
    _touch(connection, key_id, now_ms)
    return find(connection, key_id)


def find(connection: Connection, key_id: int) -> IssuedKey:
    """Return a key. Raises ApiKeyNotFound."""
    row = connection.execute(select(api_keys).where(api_keys.c.id == key_id)).one_or_none()
    if row is None:
        raise ApiKeyNotFound(f"There is no API key with the id {key_id}.", field="id")
    return _issued(row, _visible(connection, [key_id]))


def query(
    connection: Connection, wanted: Wanted, skip: int, take: int
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
    return total, [_issued(row, shown) for row in rows]


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
    return [_record(row) for row in connection.execute(wanted)]


def note_uses(connection: Connection, used: Mapping[int, int]) -> None:
    """Write down when keys were last used."""
    for key_id, used_ms in used.items():
        connection.execute(
            update(api_keys)
            .where(api_keys.c.id == key_id, api_keys.c.last_used_ms < used_ms)
            .values(last_used_ms=used_ms)
        )


# --- parts ----------------------------------------------------------------------------------------


def _unused_id(connection: Connection) -> int:
    while True:
        key_id = new_key_id()
        if connection.scalar(select(api_keys.c.id).where(api_keys.c.id == key_id)) is None:
            return key_id


def _add_secret(connection: Connection, key_id: int, secret: str, now_ms: int) -> None:
    connection.execute(
        insert(api_key_secrets).values(
            digest=digest(secret), key_id=key_id, visible=visible(secret), created_ms=now_ms
        )
    )


def _touch(connection: Connection, key_id: int, now_ms: int, **values: Any) -> None:
    """Change a key's row. Its revision grows even where clocks differ."""
    held = connection.scalar(
        select(api_keys.c.revision).where(api_keys.c.id == key_id).with_for_update()
    )
    if held is None:
        raise ApiKeyNotFound(f"There is no API key with the id {key_id}.", field="id")
    connection.execute(
        update(api_keys)
        .where(api_keys.c.id == key_id)
        .values(revision=max(now_ms, held + 1), **values)
    )


def _as_json(**values: Any) -> dict[str, str]:
    plain = {
        name: value.said() if isinstance(value, Limits) else value for name, value in values.items()
    }
    return {
        name: json.dumps(sorted(value) if isinstance(value, frozenset) else value)
        for name, value in plain.items()
    }


def _conditions(wanted: Wanted) -> Sequence[ColumnElement[bool]]:
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
