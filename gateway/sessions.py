"""Sign-in of browsers: a session cookie that stands for an API key, guarded against forgery.

The ledger holds the hash of the cookie and the hash of the key, neither of the two. A session has
exactly its key's rights: a key that is revoked ends its sessions with it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from flask import Request
from redis import Redis

from shared import redis_keys as keys
from shared.errors import CsrfFailed, TooManySignIns

COOKIE: Final = "replyto_session"
CSRF_HEADER: Final = "x-csrf-token"
#: How long a session lasts after its last use (seconds).
SESSION_S: Final = 7 * 86_400
#: Failed sign-ins that one address may make in a window of so many seconds.
MOST_FAILURES: Final = 10
FAILURE_WINDOW_S: Final = 60
#: A session's life is prolonged once less than this is left (seconds): not with each request.
_PROLONG_S: Final = SESSION_S - 3600
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

    def __init__(self, client: Redis) -> None:
        self._client = client

    def begin(self, key_digest: str) -> Session:
        """Begin a session for the key with this SHA-256 (hex)."""
        session = Session(secrets.token_urlsafe(32))
        self._client.set(_key(session.token), key_digest, ex=SESSION_S)
        return session

    def end(self, request: Request) -> None:
        """End the session of a request, if it has one."""
        token = request.cookies.get(COOKIE)
        if token:
            self._client.delete(_key(token))

    def key_digest(self, request: Request) -> str | None:
        """Return the SHA-256 (hex) of the key that the request's session stands for, if any.

        Raises CsrfFailed when the request could change something and does not prove that a page
        of ours sent it.
        """
        token = request.cookies.get(COOKIE)
        if not token:
            return None
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


def _key(token: str) -> str:
    return keys.session(hashlib.sha256(token.encode()).hexdigest())
