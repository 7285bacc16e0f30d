"""What processes have to complain of, for the admin pages, in each one's own words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import redis

from shared.store import redis_keys as keys
from shared.store.clock import Clock, milliseconds, redis_clock, redis_ms

#: Who said nothing for so long complains no more: it has ended (seconds).
_HOLDS_S: Final = 30.0
#: Most notices that are told of.
MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Notice:
    """One complaint of a process, and when it was last made (unix milliseconds)."""

    process: str
    text: str
    at_ms: int


class Notices:
    """Writes and reads them. Raises redis.RedisError."""

    def __init__(self, client: redis.Redis, clock: Clock = redis_clock) -> None:
        self._client = client
        self._clock = clock

    def tell(self, process: str, texts: Sequence[str], now_ms: int) -> None:
        """Say what this process has to complain of now; nothing takes back what it said."""
        pipe = self._client.pipeline(transaction=False)
        if texts:
            row = json.dumps({"at_ms": now_ms, "texts": list(texts)})
            pipe.hset(keys.NOTICES, process, row)
            pipe.pexpire(keys.NOTICES, milliseconds(_HOLDS_S) * 2)
        else:
            pipe.hdel(keys.NOTICES, process)
        pipe.execute()

    def read(self) -> list[Notice]:
        """Return what holds now, by process."""
        pipe = self._client.pipeline(transaction=False)
        pipe.time()
        pipe.hgetall(keys.NOTICES)
        moment, rows = pipe.execute()
        since_ms = (self._clock() or redis_ms(moment)) - milliseconds(_HOLDS_S)
        found = [(name.decode(), json.loads(row)) for name, row in sorted(rows.items())]
        return [one for name, row in found for one in _of(name, row) if one.at_ms >= since_ms][
            :MOST
        ]


def _of(process: str, row: dict[str, Any]) -> list[Notice]:
    return [Notice(process, text, row["at_ms"]) for text in row["texts"]]
