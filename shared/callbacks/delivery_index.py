"""Finds deliveries: by owner, state, time, host and tag. Entries leave with their delivery."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final
from urllib.parse import urlsplit

from shared.callbacks.delivery import Delivery, DeliveryState, from_hash, told_generation
from shared.codecs.place import Place
from shared.jobs.job import JobState
from shared.store import redis_keys as keys
from shared.store.base import Store
from shared.store.scripts import Call

#: Most deliveries looked at to answer one query that asks for more than state and time.
SCANNED: Final = 10_000
#: Deliveries read in one round trip.
_CHUNK: Final = 500
#: Most deliveries of one owner forgotten in one tick.
_FORGOTTEN: Final = 1000
_OF_JOB: Final = ("owner", "ref_id", "tag", "event", "state", "generation", "epoch")


@dataclass(frozen=True, slots=True)
class Query:
    """Which deliveries are wanted. Times are unix milliseconds of their creation, both inclusive.

    No owner means all owners, no states all states.
    """

    owner: str | None = None
    states: tuple[DeliveryState, ...] = ()
    from_ms: int = 0
    to_ms: int | None = None
    host: str = ""
    tag: str = ""
    ref_id: str = ""
    oldest_first: bool = False

    @property
    def looks_inside(self) -> bool:
        """Whether deliveries must be read to know if they are wanted."""
        return bool(self.host or self.tag or self.ref_id)


@dataclass(frozen=True, slots=True)
class Found:
    """A delivery, without its log, and whose it is."""

    delivery: Delivery
    owner: str
    ref_id: str
    tag: str
    #: What happened, if it tells a subscription.
    event: str = ""
    #: Which of its job's results it tells.
    generation: int = 0
    #: Of its job's id.
    epoch: str = ""

    @property
    def host(self) -> str:
        """The host that it goes to, without port."""
        return host_of(self.delivery.url)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of what was found; `total` counts all of it."""

    total: int
    results: list[Found]


@dataclass(frozen=True, slots=True)
class Part:
    """What was found behind a place, the oldest first."""

    results: list[Found]
    #: Of those that were looked at, how many are wanted.
    total: int
    #: How many at most stand behind these.
    left: int
    #: Where they begin; None when there are none.
    after: Place | None


def host_of(url: str) -> str:
    """Return the host of a URL, in lower case."""
    return urlsplit(url).hostname or ""


class DeliveryIndex(Store):
    """Reads and tidies the lists that the delivery scripts keep. Raises redis.RedisError."""

    def find(self, query: Query, skip: int, take: int) -> Page:
        """Return the wanted deliveries by time, the newest first unless asked otherwise.

        A query that looks inside them considers `SCANNED` of those in its time and states.
        """
        lists = self._lists(query)
        if query.looks_inside:
            ids = self._ids(lists, query, SCANNED)
            wanted = [found for found in self._read(ids) if _is_wanted(found, query)]
            return Page(len(wanted), wanted[skip : skip + take])
        # Of one list Redis leaves out what comes before the page; of several it takes all of it.
        if len(lists) == 1:
            ids = self._ids(lists, query, take, skip)
        else:
            ids = self._ids(lists, query, skip + take)[skip:]
        return Page(self._count(lists, query), list(self._read(ids)))

    def behind(self, query: Query, after: Place, most: int) -> Part:
        """Return the first of those behind a place, which stay in their order whatever happens.

        A query that looks inside them considers `SCANNED` of them.
        """
        query = replace(query, from_ms=max(query.from_ms, after.created_ms), oldest_first=True)
        lists = self._lists(query)
        passed = self._passed(lists, query, after)
        there = self._count(lists, query) - sum(passed)
        looked = SCANNED if query.looks_inside else most
        places = self._places(lists, query, looked, passed)
        by_id = {one.id: one for one in places}
        found = [one for one in self._read(list(by_id)) if _is_wanted(one, query)]
        unseen = there - len(places)
        last = places[-1] if unseen > 0 and places else None
        if len(found) > most:
            last = by_id[found[most - 1].delivery.id]
        total = len(found) if query.looks_inside else there
        return Part(found[:most], total, unseen + len(found[most:]), last)

    def _passed(self, lists: Sequence[str], query: Query, after: Place) -> list[int]:
        """Return how many of each list stand at the moment of a place, and not behind it."""
        if query.from_ms > after.created_ms:
            return [0] * len(lists)
        pipe = self._client.pipeline(transaction=False)
        for name in lists:
            pipe.zrangebyscore(name, after.created_ms, after.created_ms)
        last = str(after.id).encode()
        return [sum(member <= last for member in members) for members in pipe.execute()]

    def forget(self) -> int:
        """Take deliveries that are gone off the lists; return how many."""
        now, states = self._clock(), [str(state) for state in DeliveryState]
        calls = [
            Call(
                "forget_deliveries",
                [keys.deliveries_of(owner), keys.DELIVERIES_OWNERS],
                [now, owner, _FORGOTTEN, *states],
            )
            for owner in self._owners()
        ]
        return sum(self._scripts.run_all(calls))

    def _owners(self) -> list[str]:
        owners: Any = self._client.smembers(keys.DELIVERIES_OWNERS)
        return [owner.decode() for owner in owners]

    def _lists(self, query: Query) -> list[str]:
        owners = self._owners() if query.owner is None else [query.owner]
        states = query.states or ("",)
        return [keys.deliveries_of(owner, state) for owner in owners for state in states]

    def _count(self, lists: Sequence[str], query: Query) -> int:
        pipe = self._client.pipeline(transaction=False)
        for name in lists:
            pipe.zcount(name, *_bounds(query))
        return sum(pipe.execute())

    def _ids(self, lists: Sequence[str], query: Query, most: int, skip: int = 0) -> list[int]:
        return [one.id for one in self._places(lists, query, most, [skip] * len(lists))]

    def _places(
        self, lists: Sequence[str], query: Query, most: int, skips: Sequence[int]
    ) -> list[Place]:
        """Return the first places of the lists together, without so many of each."""
        low, high = _bounds(query)
        pipe = self._client.pipeline(transaction=False)
        for name, skip in zip(lists, skips, strict=True):
            if query.oldest_first:
                pipe.zrangebyscore(name, low, high, start=skip, num=most, withscores=True)
            else:
                pipe.zrevrangebyscore(name, high, low, start=skip, num=most, withscores=True)
        # In the order of Redis, by time, then as texts: pages neither overlap nor leave gaps.
        rows = [[(created, member) for member, created in row] for row in pipe.execute()]
        merged = heapq.merge(*rows, reverse=not query.oldest_first)
        return [Place(int(created), int(member)) for created, member in islice(merged, most)]

    def _read(self, ids: Sequence[int]) -> Iterator[Found]:
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            pipe = self._client.pipeline(transaction=False)
            for delivery_id in chunk:
                pipe.hgetall(keys.delivery(delivery_id))
                pipe.hmget(keys.job(delivery_id), *_OF_JOB)
            rows = pipe.execute()
            for delivery_id, fields, job in zip(chunk, rows[::2], rows[1::2], strict=True):
                delivery = from_hash(delivery_id, fields, [])
                # What has just gone may still be listed, until the next tick.
                if delivery is not None and job[0] is not None:
                    yield _found(delivery, job)


def _found(delivery: Delivery, job: Sequence[bytes | None]) -> Found:
    texts = ((value or b"").decode() for value in job)
    owner, ref_id, tag, event, state, retries, epoch = texts
    told = told_generation(JobState(state), int(retries or 0))
    return Found(delivery, owner, ref_id, tag, event, told, epoch)


def _bounds(query: Query) -> tuple[int, int | str]:
    return query.from_ms, "+inf" if query.to_ms is None else query.to_ms


def _is_wanted(found: Found, query: Query) -> bool:
    return (
        (not query.host or found.host == query.host.lower())
        and (not query.tag or found.tag == query.tag)
        and (not query.ref_id or found.ref_id == query.ref_id)
    )
