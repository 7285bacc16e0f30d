"""Many requests become jobs at once: a few round trips, and what they have in common said once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

import redis

from shared.jobs.job import NewJob
from shared.jobs.moves import Accepted
from shared.ledger.acceptance import Acceptance, fields_of
from shared.ledger.key_limits import KeyLimits
from shared.queues import names as task_names
from shared.queues import queue_keys
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.clock import Clock, milliseconds, redis_clock
from shared.store.scripts import Argument, Call

#: Most jobs and bytes of one run of the script, in which Redis serves nobody else: some
#: milliseconds.
_MOST_JOBS: Final = 100
_MOST_BYTES: Final = 1_048_576


class BulkAcceptance(Ledger):
    """Accepts jobs in their order, each by itself, up to the first that is refused."""

    def __init__(
        self,
        client: redis.Redis,
        settings: Settings,
        clock: Clock = redis_clock,
        *,
        single: Acceptance,
    ) -> None:
        """`single` accepts one job, and says what an answer of the script means."""
        super().__init__(client, settings, clock)
        self._limits = KeyLimits(clock)
        self._single = single

    def accept_all(self, news: Sequence[NewJob]) -> Iterator[Accepted]:
        """Make the jobs and put them in line, or find those that their RefIds made before.

        They are one owner's. Each is told once it is there; raises what `accept` raises for the
        first that is refused, behind which none was made.
        """
        for _, alike in groupby(news, key=_common):
            for chunk in _chunks(alike):
                yield from self._accept_chunk(chunk)

    def _accept_chunk(self, news: Sequence[NewJob]) -> Iterator[Accepted]:
        call = self._bulk_call(news)
        told = self._scripts.run(call)
        if told[0][0] == b"unborn":
            self._single.begin_epoch()
            told = self._scripts.run(call)
        self._single.confirm()
        for new, answer in zip(news, told, strict=False):
            yield self._single.accepted(new, answer)

    def _bulk_call(self, news: Sequence[NewJob]) -> Call:
        first, settings = news[0], self._settings
        common: list[Argument] = [
            self._clock(),
            keys.JOB_PREFIX,
            first.model,
            task_names.chat_queue(first.model),
            first.priority,
            settings.queue_window,
            settings.queue_limit,
            settings.owner_queue_limit,
            first.owner,
            first.allowance.to_json() if first.allowance else "",
            settings.owner_queue_bytes,
            len(news),
            settings.owner_delayed_limit,
        ]
        for new in news:
            common += _own_args(new)
        return Call("accept_all", self._bulk_keys(news), common)

    def _bulk_keys(self, news: Sequence[NewJob]) -> list[str]:
        first = news[0]
        of_queue = queue_keys.of_accept(
            first.model, first.priority, first.owner, first.provider, first.operation
        )
        limits = self._limits.keys_of(first.allowance.key_id) if first.allowance else ()
        refs = (keys.ref(new.owner, new.ref_id) for new in news)
        return [keys.JOB_ID, *of_queue, *limits, *refs]


def _common(new: NewJob) -> tuple[object, ...]:
    """Return what the jobs of one run of the script have in common."""
    key_id = new.allowance.key_id if new.allowance else ""
    return new.owner, new.model, new.priority, new.provider, new.operation, key_id


def _chunks(news: Iterator[NewJob]) -> Iterator[list[NewJob]]:
    chunk: list[NewJob] = []
    room = _MOST_BYTES
    for new in news:
        if chunk and (len(chunk) == _MOST_JOBS or len(new.request) > room):
            yield chunk
            chunk, room = [], _MOST_BYTES
        chunk.append(new)
        room -= len(new.request)
    if chunk:
        yield chunk


def _own_args(new: NewJob) -> list[Argument]:
    fields = fields_of(new)
    own: list[Argument] = [
        milliseconds(new.timeout_s),
        new.fingerprint,
        new.tag,
        len(new.request),
        new.allowance.tokens if new.allowance else 0,
        new.run_after,
        2 * len(fields),
    ]
    for pair in fields.items():
        own += pair
    return own
