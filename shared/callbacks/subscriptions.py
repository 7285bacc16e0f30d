"""Subscriptions: URLs that are told of an owner's events, whatever the single requests say."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Final, cast

from redis.client import Pipeline

from shared.callbacks.events import Event
from shared.codecs.rows import rows_of
from shared.errors import SubscriptionNotFound, TooManySubscriptions
from shared.store import redis_keys as keys
from shared.store.base import Store
from shared.store.scripts import Call

#: Most subscriptions of one owner: each is a callback more for every job.
_MOST: Final = 20
_ALL: Final = b"*"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A URL and the events it is told; none named means all. `created_ms`: unix milliseconds."""

    id: str
    url: str
    events: tuple[Event, ...]
    created_ms: int


class SubscriptionStore(Store):
    """Keeps subscriptions. Raises redis.RedisError."""

    def all_of(self, owner: str) -> list[Subscription]:
        """Return the owner's subscriptions, the oldest first."""
        rows: Any = self._client.hgetall(keys.callback_subscriptions(owner))
        found = rows_of(rows.items(), lambda row: _read(row[0].decode(), row[1]))
        return sorted(found, key=lambda one: (one.created_ms, one.id))

    def create(self, owner: str, url: str, events: tuple[Event, ...]) -> Subscription:
        """Add a subscription. Raises TooManySubscriptions."""
        one = f"sub_{secrets.token_hex(8)}"
        call = Call(
            "subscribe",
            [keys.callback_subscriptions(owner), keys.SUBSCRIBERS],
            [self._clock(), owner, one, _MOST, _named(events), url],
        )
        created_ms = self._scripts.run(call)
        if created_ms is None:
            raise TooManySubscriptions
        return Subscription(one, url, events, int(created_ms))

    def change(
        self, owner: str, one: str, url: str | None, events: tuple[Event, ...] | None
    ) -> Subscription:
        """Give a subscription another URL or other events. Raises SubscriptionNotFound."""
        name = keys.callback_subscriptions(owner)

        def move(pipe: Pipeline) -> Any:
            row: Any = pipe.hget(name, one)
            if row is None:
                raise SubscriptionNotFound(field="id")
            known = _read(one, row)
            told = known.events if events is None else events
            changed = Subscription(one, url or known.url, told, known.created_ms)
            pipe.multi()
            pipe.hset(name, one, _row(changed))
            return changed

        # Begins anew when somebody else changes the subscriptions in between.
        changed = self._client.transaction(move, name, value_from_callable=True)
        return cast("Subscription", changed)

    def delete(self, owner: str, one: str) -> None:
        """Tell its URL of no more events. Raises SubscriptionNotFound."""
        call = Call(
            "unsubscribe", [keys.callback_subscriptions(owner), keys.SUBSCRIBERS], [owner, one]
        )
        if not self._scripts.run(call):
            raise SubscriptionNotFound(field="id")


def _row(one: Subscription) -> bytes:
    """Return a subscription as `lua/includes/create_delivery.lua` reads it."""
    return b"%s %d %s" % (_named(one.events), one.created_ms, one.url.encode())


def _named(events: tuple[Event, ...]) -> bytes:
    return ",".join(events).encode() or _ALL


def _read(one: str, row: bytes) -> Subscription:
    events, created, url = row.split(b" ", 2)
    named = () if events == _ALL else tuple(Event(name) for name in events.decode().split(","))
    return Subscription(one, url.decode(), named, int(created))
