"""Sign-in of browsers: a session cookie that stands for an API key, guarded against forgery.

The ledger holds the hash of the cookie and the hash of the key, neither of the two. A session has
exactly its key's rights: a key that is revoked ends its sessions with it. The admin pages have a
session of their own, so that who signs in there is still who they are in the chat.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

from flask import Request
from redis import Redis

from gateway.auth.open_sessions import OpenSessions, is_open
from gateway.http.local_request import is_local
from shared.errors import CsrfFailed, TooManySignIns
from shared.store import redis_keys as keys

COOKIE: Final = "replyto_session"
ADMIN_COOKIE: Final = "replyto_admin_session"
#: Which page sends a request. No form of another site can, and CORS asks before a script does.
PAGE_HEADER: Final = "x-replyto-page"
CSRF_HEADER: Final = "x-csrf-token"
#: How long a session lasts after its last use (seconds).
SESSION_S: Final = 7 * 86_400
#: Failed sign-ins that one address may make in a window of so many seconds.
MOST_FAILURES: Final = 10
FAILURE_WINDOW_S: Final = 60
#: A session's life is prolonged once less than this is left (seconds): not with each request.
_PROLONG_S: Final = SESSION_S - 3600
#: Most characters of all cookies; browsers send 4096 for each.
_MOST_COOKIES: Final = 16_384
_is_token = re.compile(r"[A-Za-z0-9._-]{20,200}").fullmatch
#: Methods that change nothing, so need no token (RFC 9110 §9.2.1).
_SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS"))


@dataclass(frozen=True, slots=True)
class Session:
    """What a browser gets: `token` in its cookie, `csrf_token` for its scripts."""

    token: str

    @property
    def csrf_token(self) -> str:
        """Return what a request that changes something must carry: follows from the cookie."""
        return hashlib.sha256(f"csrf:{self.token}".encode()).hexdigest()


class Sessions:
    """The sessions of all gateways."""

    def __init__(self, client: Redis, open_sessions: OpenSessions | None = None) -> None:
        self._client = client
        #: Where the pages are open: sessions of those that did not sign in.
        self._open = open_sessions

    def begin(self, key_digest: str) -> Session:
        """Begin a session for the key with this SHA-256 (hex)."""
        session = Session(secrets.token_urlsafe(32))
        self._client.set(_key(session.token), key_digest, ex=SESSION_S)
        return session

    def begin_open(self) -> Session:
        """Begin a session without a sign-in, of which nothing is kept."""
        assert self._open is not None  # noqa: S101 - the pages are open
        return Session(self._open.begin(SESSION_S))

    def end(self, request: Request) -> None:
        """End the session of a request, if it has one."""
        token = token_of(request)
        if token and not is_open(token):
            self._client.delete(_key(token))

    def key_digest(self, request: Request) -> str | None:
        """Return the SHA-256 (hex) of the key that the request's session stands for, if any.

        Raises CsrfFailed when the request could change something and does not prove that a page
        of ours sent it.
        """
        token = token_of(request)
        if not token:
            return None
        if is_open(token):
            return self._open_digest(request, token)
        pipe = self._client.pipeline(transaction=False)
        pipe.get(_key(token))
        pipe.ttl(_key(token))
        digest, left_s = pipe.execute()
        if digest is None:
            return None
        self._check_origin(request, token)
        if left_s < _PROLONG_S:
            self._client.expire(_key(token), SESSION_S)
        found: str = digest.decode()
        return found

    def _open_digest(self, request: Request, token: str) -> str | None:
        digest = self._open.key_digest(token) if self._open and is_local(request) else None
        if digest is not None:
            self._check_origin(request, token)
        return digest

    def check_throttle(self, address: str) -> None:
        """Raise TooManySignIns while this address has failed too often."""
        failures = self._client.get(keys.sign_in_failures(address))
        if failures is not None and int(failures) >= MOST_FAILURES:
            raise TooManySignIns(retry_after_s=FAILURE_WINDOW_S)

    def note_failure(self, address: str) -> None:
        """Count a failed sign-in of this address."""
        pipe = self._client.pipeline(transaction=True)
        pipe.set(keys.sign_in_failures(address), 0, ex=FAILURE_WINDOW_S, nx=True)
        pipe.incr(keys.sign_in_failures(address))
        pipe.execute()

    def _check_origin(self, request: Request, token: str) -> None:
        if request.method in _SAFE:
            return
        sent = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(sent.encode(), Session(token).csrf_token.encode()):
            raise CsrfFailed


def cookie_of(request: Request) -> str:
    """Return the name of the cookie that a sign-in on the page which asks is kept in."""
    return ADMIN_COOKIE if request.headers.get(PAGE_HEADER) == "admin" else COOKIE


def token_of(request: Request) -> str | None:
    """Return the token in a request's cookie, unless it cannot be one: then Redis is not asked.

    On the admin pages who is signed in to the chat counts until somebody signs in there.
    """
    # Thousands of other cookies would take their time.
    sent = request.headers.get("Cookie", "")
    if len(sent) > _MOST_COOKIES:
        return None
    for name in dict.fromkeys((cookie_of(request), COOKIE)):
        token = request.cookies.get(name, "") if name in sent else ""
        if _is_token(token):
            return token
    return None


def _key(token: str) -> str:
    return keys.session(hashlib.sha256(token.encode()).hexdigest())
