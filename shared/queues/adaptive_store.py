"""Learned limits in the ledger: what was seen of providers, and what was learned of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from shared.queues.adaptive import FIRST, Adaptive, Seen
from shared.store import redis_keys as keys
from shared.store.base import Store

#: What is counted, by every process that calls.
COUNTED: Final = ("answers", "answers_ms", "answers_ms2", "refused")
#: How long what was learned is kept when nobody calls the provider, and what was counted (seconds).
_KEPT_S: Final = 7 * 86_400
_COUNTED_S: Final = 60


class AdaptiveStore(Store):
    """Raises redis.RedisError."""

    def exchange(self, seen: Mapping[str, Seen], names: Sequence[str]) -> dict[str, int]:
        """Add what this process has seen of providers; return the limits of these."""
        pipe = self._client.pipeline(transaction=False)
        for name in names:
            pipe.get(keys.adaptive(name))
        for name, one in seen.items():
            for field in COUNTED:
                if number := getattr(one, field):
                    pipe.hincrby(keys.seen(name), field, number)
            pipe.expire(keys.seen(name), _COUNTED_S)
        found = pipe.execute()[: len(names)]
        return {
            name: _read(text).limit if text else FIRST
            for name, text in zip(names, found, strict=True)
        }

    def take(self, name: str) -> tuple[Adaptive, Seen]:
        """Return what is known of a provider, and what was seen since this was last asked."""
        pipe = self._client.pipeline(transaction=True)
        pipe.get(keys.adaptive(name))
        pipe.hgetall(keys.seen(name))
        pipe.delete(keys.seen(name))
        pipe.zcard(keys.slots(name))
        pipe.zcard(keys.gates_of(name))
        row: Any = pipe.execute()
        counted = {field.decode(): int(value) for field, value in row[1].items()}
        counts = {field: counted.get(field, 0) for field in COUNTED}
        return _read(row[0]), Seen(**counts, held=int(row[3]), wanted=bool(row[4]))

    def put(self, name: str, known: Adaptive) -> None:
        """Keep what is known of a provider."""
        self._client.set(keys.adaptive(name), json.dumps(asdict(known)), ex=_KEPT_S)


def _read(text: bytes | None) -> Adaptive:
    """Read what is known, as far as this version knows it; else it is learned anew."""
    try:
        known = json.loads(text or b"{}")
        seen = Seen(**_named(Seen, known.get("seen", {})))
        return Adaptive(**{**_named(Adaptive, known), "seen": seen})
    except (ValueError, TypeError, AttributeError):
        return Adaptive()


def _named(kind: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in kind.__dataclass_fields__ if name in values}
