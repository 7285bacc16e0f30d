"""The tables of issued keys. `shared/database/migrations` makes them; a test compares the two.

Times are unix milliseconds, 0 for not at all.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, MetaData, String, Table, Text

metadata: Final = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


#: One row a key. `revision` is when it was last changed, and grows with every change. Lists and
#: objects are JSON.
api_keys: Final = Table(
    "api_keys",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    *map(_text, ("name", "owner", "user_id", "user_name", "notes", "ref_id")),
    *map(_text, ("scopes", "models", "limits", "meta")),
    *map(_number, ("created_ms", "expires_ms", "cancelled_ms", "last_used_ms", "revision")),
    Index("api_keys_by_revision", "revision"),
    Index("api_keys_by_user", "user_id"),
)

#: One row a secret of a key: the current one, and those that a rotation has left some time.
#: `digest` is the secret's SHA-256 in hex; the secret itself is nowhere.
api_key_secrets: Final = Table(
    "api_key_secrets",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("key_id", BigInteger, nullable=False),
    _text("visible"),
    *map(_number, ("created_ms", "expires_ms")),
    Index("api_key_secrets_by_key", "key_id"),
)
