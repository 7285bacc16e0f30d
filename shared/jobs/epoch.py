"""The epoch of the ledger's ids: an id and its epoch together never name two jobs.

A Redis that was emptied, put back from a backup or promoted while it lagged has forgotten ids that
it had given. So the ledger has an epoch, which it loses with its server's process; then it gives no
ids until somebody who can ask the history has given it a new one. See docs/adr/0022-epochs.md.
"""

from __future__ import annotations

import secrets
from typing import Final

from shared.store import redis_keys as keys
from shared.store.base import Store
from shared.store.scripts import Call

#: By how much ids go on above the highest that is known: more than Redis may have forgotten.
FORGOTTEN: Final = 100_000
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz"
_SIGNS: Final = _LETTERS + "23456789"
_LENGTH: Final = 8


class Epoch(Store):
    """Reads and makes it. Raises redis.RedisError."""

    def ensure(self, known_id: int) -> str:
        """Return the ledger's epoch; make one if it has none, or is behind the history.

        `known_id` is the highest id that the history knows.
        """
        call = Call("bear", [keys.JOB_ID], [new_epoch(), known_id, FORGOTTEN])
        return str(self._scripts.run(call).decode())


def new_epoch() -> str:
    """Return an epoch: short, no number, none that there was before."""
    more = (secrets.choice(_SIGNS) for _ in range(_LENGTH - 1))
    return secrets.choice(_LETTERS) + "".join(more)
