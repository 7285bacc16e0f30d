"""The book of issued keys: the truth about them, in the database.

Each function works inside its caller's transaction, so that the audit log's entry is in the same.
Times are unix milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from shared.api_keys.issued import IssuedKey, NewKey
from shared.api_keys.limits import Limits
from shared.api_keys.reader import find
from shared.api_keys.record import digest, new_key_id, owner_of, visible
from shared.api_keys.tables import api_key_secrets, api_keys
from shared.errors import ApiKeyNotFound, ValidationFailed


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


def note_uses(connection: Connection, used: Mapping[int, int]) -> None:
    """Write down when keys were last used."""
    for key_id, used_ms in used.items():
        connection.execute(
            update(api_keys)
            .where(api_keys.c.id == key_id, api_keys.c.last_used_ms < used_ms)
            .values(last_used_ms=used_ms)
        )


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
        name: value.to_dict() if isinstance(value, Limits) else value
        for name, value in values.items()
    }
    return {
        name: json.dumps(sorted(value) if isinstance(value, frozenset) else value)
        for name, value in plain.items()
    }
