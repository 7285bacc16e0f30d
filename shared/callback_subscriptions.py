"""Subscriptions: URLs that are told of an owner's events, whatever the single requests say."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Final, cast

import redis
from redis.client import Pipeline

from shared import redis_keys as keys
from shared.callback_events import Event
from shared.clock import Clock
from shared.errors import SubscriptionNotFound, TooManySubscriptions

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


class SubscriptionStore:
    """Keeps subscriptions. Raises redis.RedisError."""

    def __init__(self, client: redis.Redis, clock: Clock = lambda: 0) -> None:
        self._client = client
        self._clock = clock

    def all_of(self, owner: str) -> list[Subscription]:
        """Return the owner's subscriptions, the oldest first."""
        rows: Any = self._client.hgetall(keys.callback_subscriptions(owner))
        found = [_read(name.decode(), row) for name, row in rows.items()]
        return sorted(found, key=lambda one: (one.created_ms, one.id))

    def create(self, owner: str, url: str, events: tuple[Event, ...]) -> Subscription:
        """Add a subscription. Raises TooManySubscriptions."""
        name = keys.callback_subscriptions(owner)
        if self._client.hlen(name) >= _MOST:  # type: ignore[operator,unused-ignore]
            raise TooManySubscriptions
        made = Subscription(f"sub_{secrets.token_hex(8)}", url, events, self._now_ms())
        pipe = self._client.pipeline(transaction=True)
        pipe.sadd(keys.SUBSCRIBERS, owner)
        pipe.hset(name, made.id, _row(made))
        pipe.execute()
        return made

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
        if not self._client.hdel(keys.callback_subscriptions(owner), one):
            raise SubscriptionNotFound(field="id")

    def _now_ms(self) -> int:
        moment: Any = self._client.time()
        return self._clock() or moment[0] * 1000 + moment[1] // 1000


def _row(one: Subscription) -> bytes:
    """Return a subscription as `lua/includes/create_delivery.lua` reads it."""
    events = ",".join(one.events).encode() or _ALL
    return b"%s %d %s" % (events, one.created_ms, one.url.encode())


def _read(one: str, row: bytes) -> Subscription:
    events, created, url = row.split(b" ", 2)
    named = () if events == _ALL else tuple(Event(name) for name in events.decode().split(","))
    return Subscription(one, url.decode(), named, int(created))
