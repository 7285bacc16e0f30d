"""Tells who is calling, by issued key, bootstrap key or admin secret.

A key is looked up by its SHA-256. How long that takes depends on a digest that nobody can choose,
so it tells nothing about the keys there are; the last comparison takes the same time in any case.
"""

from __future__ import annotations

import hmac

from flask import Request

from gateway.auth.issued_keys import IssuedKeys
from gateway.auth.sessions import Sessions
from gateway.auth.wrong_keys import WrongKeys
from gateway.http.request import incoming
from gateway.server.client_network import network_of
from gateway.server.environment import KNOWN
from shared.api_keys.principal import ADMIN_OWNER, BOOTSTRAP_OWNER, Principal, principal_of
from shared.api_keys.record import digest as digest_of
from shared.api_keys.scopes import EVERYTHING, Scope
from shared.errors import InvalidApiKey, Unauthenticated
from shared.settings import Settings
from shared.store.clock import unix_ms

__all__ = ["ADMIN_OWNER", "BOOTSTRAP_OWNER", "Keys", "Principal"]


class Keys:
    """The keys this gateway knows: two of the settings, and those that were issued."""

    def __init__(self, settings: Settings, sessions: Sessions, issued: IssuedKeys | None) -> None:
        self._sessions = sessions
        self._issued = issued
        self._wrong = WrongKeys()
        self._built_in = (
            (digest_of(settings.api_key.get_secret_value()), Principal(BOOTSTRAP_OWNER)),
            (
                digest_of(settings.auth_secret.get_secret_value()),
                Principal(ADMIN_OWNER, is_admin=True, scopes=EVERYTHING),
            ),
        )

    def authenticate(self, request: Request, *any_of: Scope) -> Principal:
        """Return who calls, if that may do what one of these scopes names.

        Raises Unauthenticated, InvalidApiKey when the key is unknown or its time is over, and
        Forbidden.
        """
        try:
            principal = self.of_digest(self._digest(request))
        except InvalidApiKey:
            self._wrong.came_from(network_of(request.remote_addr or ""))
            raise
        principal.demand(*any_of)
        asked = incoming()
        asked.principal = principal
        asked.environ[KNOWN] = True
        return principal

    def of_digest(self, presented: str) -> Principal:
        """Return whose key has this SHA-256 (hex). Raises InvalidApiKey when nobody's has."""
        principal = self._find_built_in(presented) or self._find_issued(presented)
        if principal is None:
            raise InvalidApiKey
        return principal

    def take_uses(self) -> dict[int, int]:
        """Return when each issued key was last used (unix ms), since the last call."""
        return self._issued.take_uses() if self._issued else {}

    def _digest(self, request: Request) -> str:
        """Return the hash of the key that the request brings, or that its session stands for."""
        key = _presented(request)
        digest = digest_of(key) if key else self._sessions.key_digest(request)
        if digest is None:
            raise Unauthenticated
        return digest

    def _find_built_in(self, presented: str) -> Principal | None:
        found = None
        for digest, principal in self._built_in:
            # No early end: the time taken says nothing about which key came close.
            if hmac.compare_digest(digest, presented):
                found = principal
        return found

    def _find_issued(self, presented: str) -> Principal | None:
        if self._issued is None:
            return None
        key, now_ms = self._issued.find(presented), unix_ms()
        if key is None or not hmac.compare_digest(key.digest, presented):
            return None
        if not key.is_valid(now_ms):
            return None
        self._issued.note_use(key.id, now_ms)
        return principal_of(key)


def _presented(request: Request) -> str:
    """Return the key as sent: `Authorization: Bearer`, `X-Api-Key`, or `authsecret` for admins.

    Empty when there is none: then a session may stand for it.
    """
    headers = request.headers
    scheme, _, credentials = headers.get("Authorization", "").partition(" ")
    key = credentials.strip() if scheme.lower() == "bearer" else ""
    return key or headers.get("X-Api-Key", "") or headers.get("authsecret", "")
