"""What servers told of their own queues, in Redis: one process looks, all hear of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from shared.queues.server_queues import Reading
from shared.store import redis_keys as keys
from shared.store.base import Store

#: Between two looks at a server, over the whole cluster (ms).
_BETWEEN_MS: Final = 1000
#: How long a reading counts (ms): where nobody looks any more, nothing is known.
_COUNTS_MS: Final = 5000


class ServerQueueStore(Store):
    """Raises redis.RedisError."""

    def take_turns(self, providers: Sequence[str]) -> list[str]:
        """Return those of the providers that nobody has looked at within the last second."""
        pipe = self._client.pipeline(transaction=False)
        for name in providers:
            pipe.set(keys.server_turn(name), "1", nx=True, px=_BETWEEN_MS)
        return [name for name, won in zip(providers, pipe.execute(), strict=True) if won]

    def tell(self, provider: str, reading: Reading) -> None:
        """Let all know what was read."""
        text = json.dumps(asdict(reading))
        self._client.set(keys.server_queue(provider), text, px=_COUNTS_MS)

    def read(self, providers: Sequence[str]) -> dict[str, Reading | None]:
        """Return the last readings; None where there is none that counts."""
        if not providers:
            return {}
        rows: Any = self._client.mget([keys.server_queue(name) for name in providers])
        return {
            name: _reading(text) if text else None
            for name, text in zip(providers, rows, strict=True)
        }


def _reading(text: bytes) -> Reading | None:
    """Read a reading; one that nobody can read counts for none."""
    known = Reading.__dataclass_fields__
    try:
        return Reading(**{name: value for name, value in json.loads(text).items() if name in known})
    except (ValueError, TypeError, AttributeError):
        return None
