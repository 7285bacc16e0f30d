"""Tells who is calling, by API key or admin secret, comparing hashes in constant time."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from flask import Request

from gateway.sessions import Sessions
from shared.errors import Forbidden, InvalidApiKey, Unauthenticated
from shared.settings import Settings

#: Owner of the jobs made with the bootstrap key, whatever its value is today.
BOOTSTRAP_OWNER: Final = "bootstrap"
ADMIN_OWNER: Final = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling. `owner` is the name under which jobs are kept."""

    owner: str
    is_admin: bool = False


class Keys:
    """The keys this gateway knows, as hashes."""

    def __init__(self, settings: Settings, sessions: Sessions) -> None:
        self._sessions = sessions
        self._known = (
            (digest_of(settings.api_key.get_secret_value()), Principal(BOOTSTRAP_OWNER)),
            (digest_of(settings.auth_secret.get_secret_value()), Principal(ADMIN_OWNER, True)),  # noqa: FBT003
        )

    def authenticate_admin(self, request: Request) -> Principal:
        """Return the admin who calls. Raises Forbidden too, for a key that is no admin's."""
        principal = self.authenticate(request)
        if not principal.is_admin:
            raise Forbidden("Only the admin may do that: send the admin secret.")
        return principal

    def authenticate(self, request: Request) -> Principal:
        """Return who calls. Raises Unauthenticated, or InvalidApiKey when the key is unknown."""
        key = _presented(request)
        digest = digest_of(key) if key else self._sessions.key_digest(request)
        if digest is None:
            raise Unauthenticated
        return self.of_digest(digest)

    def of_digest(self, presented: bytes) -> Principal:
        """Return whose key has this SHA-256. Raises InvalidApiKey when nobody's has."""
        found = None
        for digest, principal in self._known:
            # No early end: the time taken says nothing about which key came close.
            if hmac.compare_digest(digest, presented):
                found = principal
        if found is None:
            raise InvalidApiKey
        return found


def _presented(request: Request) -> str:
    """Return the key as sent: `Authorization: Bearer`, `X-Api-Key`, or `authsecret` for admins.

    Empty when there is none: then a session may stand for it.
    """
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    key = credentials.strip() if scheme.lower() == "bearer" else ""
    return key or request.headers.get("X-Api-Key", "") or request.headers.get("authsecret", "")


def digest_of(secret: str) -> bytes:
    """Return what stands for a key in memory and in the ledger: its SHA-256."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
