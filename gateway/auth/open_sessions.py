"""Sessions without a sign-in, where the pages are open: proven by a signature, kept nowhere.

Who asks for one needs no key, so they must cost nothing: asked for without end, they would fill
Redis. They count only for requests from this machine.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import Final

from shared.api_keys.record import digest
from shared.settings import Settings

_PREFIX: Final = "open"


class OpenSessions:
    """Makes tokens and knows its own; all gateways of one API key know each other's."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        key = settings.api_key.get_secret_value()
        self._key_digest = digest(key)
        self._secret = hashlib.sha256(f"open session:{key}".encode()).digest()
        self._clock = clock

    def begin(self, life_s: int) -> str:
        """Return a token that is good for so long."""
        told = f"{_PREFIX}.{int(self._clock()) + life_s}.{secrets.token_urlsafe(16)}"
        return f"{told}.{self._signature(told)}"

    def key_digest(self, token: str) -> str | None:
        """Return the SHA-256 (hex) of the key that a token stands for; None when it is not ours."""
        told, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(told).encode()):
            return None
        expires = int(told.split(".")[1])
        return self._key_digest if self._clock() < expires else None

    def _signature(self, told: str) -> str:
        return hmac.new(self._secret, told.encode(), hashlib.sha256).hexdigest()


def is_open(token: str) -> bool:
    """Whether a token says that it is one of these."""
    return token.startswith(f"{_PREFIX}.")
