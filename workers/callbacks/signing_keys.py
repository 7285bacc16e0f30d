"""The keys that sign an owner's callbacks, read anew at most once a second."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from shared.callbacks.signing_keys import CallbackKeyStore
from shared.security.signing import PrivateKey, SigningKey

#: How long a rotation may go unnoticed (seconds).
_FRESH_S: Final = 1.0
#: Owners whose keys are remembered.
_KEPT: Final = 1000


class SigningKeys:
    """What a callback is signed with: the owner's secrets, the deployment's key pairs, or both."""

    def __init__(
        self,
        store: CallbackKeyStore,
        private_keys: list[PrivateKey],
        monotonic: Callable[[], float],
        *,
        with_secrets: bool,
    ) -> None:
        self._store = store
        self._private_keys = private_keys
        self._monotonic = monotonic
        self._with_secrets = with_secrets
        self._known: OrderedDict[str, tuple[float, list[SigningKey]]] = OrderedDict()

    def of(self, owner: str) -> list[SigningKey]:
        """Return the keys, newest first. Raises redis.RedisError."""
        if not self._with_secrets:
            return [*self._private_keys]
        now = self._monotonic()
        read_at, keys = self._known.get(owner, (now - _FRESH_S, []))
        if now - read_at >= _FRESH_S:
            keys = [*(known.key for known in self._store.of(owner)), *self._private_keys]
            self._known[owner] = (now, keys)
            self._known.move_to_end(owner)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return keys
