"""An issued API key as a gateway must know it to judge a request. Pure.

Keys are 256 random bits, so their SHA-256 says nothing about them and cannot be searched: a slow
hash, which is for passwords that people choose, would protect nothing more and cost each request.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from shared.api_keys.limits import Limits
from shared.api_keys.scopes import DEFAULT, Scope

#: How many characters of a key may be shown, to tell keys apart.
_VISIBLE: Final = 8


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What one secret of a key opens. `models` are patterns, none of them means every model.

    `revision` grows with every change, so that an older record never replaces a newer one.
    `expires_ms` (unix) is the key's or, if earlier, that of this secret; 0 is never.
    """

    id: int
    digest: str
    owner: str
    revision: int = 0
    scopes: frozenset[Scope] = DEFAULT
    models: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    expires_ms: int = 0
    revoked: bool = False

    def is_valid(self, now_ms: int) -> bool:
        """Whether it opens anything at all."""
        return not self.revoked and (not self.expires_ms or now_ms < self.expires_ms)

    def to_json(self) -> str:
        """Return the record as Redis keeps it."""
        values = {**asdict(self), "scopes": sorted(self.scopes), "limits": self.limits.to_dict()}
        return json.dumps(values, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: bytes | str) -> ApiKey:
        """Read what `to_json` wrote. A scope of another version is left out."""
        row = json.loads(text)
        return cls(
            id=row["id"],
            digest=row["digest"],
            owner=row["owner"],
            revision=row["revision"],
            scopes=known_scopes(row["scopes"]),
            models=tuple(row["models"]),
            limits=Limits.from_mapping(row["limits"]),
            expires_ms=row["expires_ms"],
            revoked=row["revoked"],
        )


def known_scopes(names: list[str]) -> frozenset[Scope]:
    """Return the scopes of these names, without those that there are not."""
    return frozenset(Scope(name) for name in names if name in set(Scope))


def may_use(models: tuple[str, ...], model: str) -> bool:
    """Whether patterns allow a model; `*` stands for any characters, `?` for one."""
    return not models or any(fnmatchcase(model, p.replace("[", "[[]")) for p in models)


def owner_of(key_id: int, user_id: str | None) -> str:
    """Return the owner of a key's jobs: its user, whose keys share them, else the key alone.

    The prefixes keep users apart from keys and from the built-in `bootstrap` and `admin`.
    """
    return f"user_{user_id}" if user_id else f"key_{key_id}"


def new_key_id() -> int:
    """Return a random id of 31 bits: never that of an earlier key, also of a lost database."""
    return secrets.randbelow(2**31 - 1) + 1


def digest(secret: str) -> str:
    """Return what is kept of a key."""
    try:
        octets = secret.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # JSON can hold any half of a character; nobody's key has one.
        octets = secret.encode("utf-8", "surrogatepass")
    return hashlib.sha256(octets).hexdigest()


def visible(secret: str) -> str:
    """Return the beginning of a key, by which people tell it from others."""
    return f"{secret[:_VISIBLE]}…"
