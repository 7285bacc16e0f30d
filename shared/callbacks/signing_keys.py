"""The owners' signing secrets: sealed in Redis, rotated with an overlap, never shown twice."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from shared.security.sealing import NotSealedHere, Sealer
from shared.security.signing import SecretKey
from shared.settings import new_callback_secret
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.clock import milliseconds, redis_ms
from shared.store.scripts import Call

log = logging.getLogger(__name__)

#: How long the secret before the new one still signs too (seconds).
OVERLAP_S: Final = 86_400.0
#: Most secrets of one owner that sign at once.
_MOST_KEYS: Final = 5
_NOT_OURS: Final = "a callback secret was sealed with another REPLYTO_ENCRYPTION_KEY: not used"


@dataclass(frozen=True, slots=True)
class CallbackKey:
    """A secret that signs an owner's callbacks. Times are unix ms; 0 is 'not known' and 'never'."""

    key: SecretKey
    created_ms: int = 0
    expires_ms: int = 0


@dataclass(frozen=True, slots=True)
class NewSecret:
    """What a rotation gave. `secret` is not to be had again. Times are unix milliseconds."""

    secret: str
    key_id: str
    created_ms: int
    previous_expire_ms: int


class CallbackKeyStore(Ledger):
    """Reads and rotates signing secrets. Raises redis.RedisError.

    An owner without a secret of its own has the deployment's, `REPLYTO_CALLBACK_SECRET`: what a
    Redis that lost its data, or was sealed with another key, falls back to.
    """

    def of(self, owner: str) -> list[CallbackKey]:
        """Return the secrets that sign this owner's callbacks now, newest first."""
        pipe = self._client.pipeline(transaction=False)
        pipe.time()
        pipe.hgetall(keys.callback_keys(owner))
        moment, rows = pipe.execute()
        now_ms = self._clock() or redis_ms(moment)
        live = [key for row in rows.values() if (key := self._opened(row, now_ms))]
        live.sort(key=lambda key: -key.created_ms)
        return live or [CallbackKey(SecretKey(self._bootstrap))]

    def rotate(self, owner: str, overlap_s: float = OVERLAP_S) -> NewSecret:
        """Give the owner a new secret; the ones before it still sign for `overlap_s` seconds."""
        secret = new_callback_secret()
        key_id = SecretKey(secret).id
        call = Call(
            "rotate_callback_key",
            [keys.callback_keys(owner)],
            [
                self._clock(),
                key_id,
                self._sealer.seal(secret),
                milliseconds(overlap_s),
                _MOST_KEYS,
                SecretKey(self._bootstrap).id,
                self._sealer.seal(self._bootstrap),
            ],
        )
        now, previous_expire = (int(value) for value in self._scripts.run(call))
        return NewSecret(secret, key_id, now, previous_expire)

    def _opened(self, row: bytes, now_ms: int) -> CallbackKey | None:
        """Read a row; None when it has expired, or cannot be opened with this encryption key."""
        created, expires, sealed = row.split(b" ")
        if 0 < int(expires) <= now_ms:
            return None
        try:
            secret = self._sealer.open(sealed)
        except NotSealedHere:
            log.warning(_NOT_OURS)
            return None
        return CallbackKey(SecretKey(secret), int(created), int(expires))

    @property
    def _bootstrap(self) -> str:
        return self._settings.callback_secret.get_secret_value()

    @property
    def _sealer(self) -> Sealer:
        return Sealer(self._settings.encryption_key.get_secret_value())
