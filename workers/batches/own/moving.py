"""Moves the parts of batches on that providers' own batches have: submitted, followed, taken.

What if the process dies here? A part is changed only by who has seen it as it is, and is marked as
being submitted before it is: whoever comes next looks whether the provider has it. What is taken
twice is noted once. See docs/adr/0069-providers-own-batches.md.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Final

import redis

from shared.batches.batch import Batch, Wish
from shared.batches.parts import Part, Step
from shared.errors import DatabaseUnavailable
from shared.named_error import named
from shared.store.complaints import concerns_all
from workers.batches import problems
from workers.batches.desk import Desk
from workers.batches.own.calls import call_of, requests_of
from workers.batches.own.choosing import ends_s, wish_of
from workers.batches.own.deciding import ALL
from workers.batches.own.taking import refuse, take
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.batches.base import Standing, Wanted

log = logging.getLogger(__name__)

#: How long nobody else takes over what another process is submitting (seconds): longer than that
#: may take.
_GRACE_S: Final = 150.0
#: How often a batch is looked at that is being cancelled (seconds), and how long it may take.
_CANCELLING_S: Final = 2.0
_GIVE_UP_S: Final = 1800.0
#: The pause after a failure doubles up to so much (seconds).
_PAUSE_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 600.0
#: Failures in a row after which a part that the provider does not have is given back.
_MOST_FAILURES: Final = 12
_NOT_EXECUTED: Final = "The provider did not execute this request in its batch."


def move(desk: Desk, batch: Batch, *, stops: bool = False) -> None:
    """Let the parts of a batch go on beside. `stops`: no more of it is wanted."""
    if batch.singly == ALL:
        return
    now_s = desk.process.clock()
    ends = stops or now_s >= ends_s(batch)
    for part in desk.own.parts.of(batch.id):
        key = (part.batch, part.number)
        is_to_end = ends and not part.cancelled_s and not part.failures
        if key not in desk.own.busy and (is_to_end or now_s >= part.next_s):
            desk.own.busy.add(key)
            desk.own.spawn(partial(_worked_on, desk, batch, part, stops=stops, ends=ends))


def _worked_on(desk: Desk, batch: Batch, part: Part, *, stops: bool, ends: bool) -> None:
    mover = _Mover(desk, batch, part, stops=stops, ends=ends)
    try:
        # Others may go on, whatever is wrong with this one; it is tried again.
        with desk.own.complaints.about(f"{batch.id}, {part.number}"):
            mover.move()
    except (redis.RedisError, DatabaseUnavailable) as exc:
        log.debug("batch %s: part %s: not moved on: %s", batch.id, part.number, named(exc))
    finally:
        desk.own.busy.discard((part.batch, part.number))


class _Mover:
    """One step of one part."""

    def __init__(self, desk: Desk, batch: Batch, part: Part, *, stops: bool, ends: bool) -> None:
        self._desk = desk
        self._batch = batch
        self._part = part
        self._stops = stops
        self._ends = ends
        self._now_s = desk.process.clock()

    def move(self) -> None:
        """Make it, and tell in the batch how it goes. Raises DatabaseUnavailable.

        What nobody has foreseen is raised again when it is put off.
        """
        failed_before = self._part.failures
        try:
            self._step()
        except Exception as exc:
            if not concerns_all(exc):
                self._put_off_or_end(_NOT_EXECUTED, problems.failing(exc))
            raise
        if failed_before and not self._part.failures:
            problems.tell_progress(self._desk, self._batch.id)

    def _step(self) -> None:
        provider = self._desk.registry.named(self._part.provider)
        if provider is None or provider.type not in self._desk.own.apis:
            self._end({}, "The provider is not there any more.")
            return
        steps = {
            Step.PLANNED: self._submit,
            Step.SUBMITTING: self._find,
            Step.SUBMITTED: self._follow,
        }
        try:
            call = call_of(self._desk, self._part, provider)
            self._api = self._desk.own.apis[provider.type]
            steps[self._part.step](call)
        except ProviderError as exc:
            self._failed(exc)

    # --- submitted --------------------------------------------------------------------------

    def _submit(self, call: ProviderCall) -> None:
        if self._ends or not call.provider.batch or not call.provider.enabled:
            self._end({}, _NOT_EXECUTED)
            return
        part, own = self._part, self._desk.own
        lines = self._desk.batches.away(part.batch, part.number)
        requests, unable = requests_of(self._desk, self._batch, part, call, lines)
        own.parts.release(part, unable)
        if not requests:
            self._end({}, _NOT_EXECUTED)
            return
        since_s = self._desk.process.clock()
        if self._saved(
            step=Step.SUBMITTING, since_s=since_s, by=own.token, count=len(requests), next_s=since_s
        ):
            name = self._api.submit(own.session, call, part.marker, requests)
            self._saved(step=Step.SUBMITTED, upstream=name, failures=0, next_s=self._next_look_s())
            log.info("batch %s: %s requests are batch %s", part.batch, len(requests), name)

    def _find(self, call: ProviderCall) -> None:
        """Find out whether the provider has it: who submitted it did not come to say so."""
        part, own = self._part, self._desk.own
        if part.by != own.token and self._now_s < part.since_s + _GRACE_S:
            return
        others = {one.upstream for one in own.parts.of(part.batch)} | {*part.others}
        wanted = Wanted(part.since_s, part.count, others)
        name = self._api.find(own.session, call, part.marker, wanted)
        if name is None:
            self._saved(step=Step.PLANNED, next_s=self._pause_until_s())
        else:
            log.info("batch %s: part %s is batch %s", part.batch, part.number, name)
            unsure = not self._api.finds_for_certain
            self._saved(step=Step.SUBMITTED, upstream=name, unsure=unsure, failures=0, next_s=0.0)

    # --- followed and taken -----------------------------------------------------------------

    def _follow(self, call: ProviderCall) -> None:
        part, session = self._part, self._desk.own.session
        standing = self._api.look(session, call, part.upstream)
        if standing.has_ended:
            self._take(call, standing)
        elif self._ends and part.unsure:
            # It may be somebody else's: it is left alone, and what is not known to be ours with it.
            self._end({}, _NOT_EXECUTED)
        elif self._ends and not part.cancelled_s:
            self._api.cancel(session, call, part.upstream)
            self._saved(cancelled_s=self._now_s, next_s=self._now_s + _CANCELLING_S)
        elif part.cancelled_s and self._now_s > part.cancelled_s + _GIVE_UP_S:
            self._end({}, _NOT_EXECUTED)
        else:
            self._saved(failures=0, next_s=self._next_look_s())

    def _take(self, call: ProviderCall, standing: Standing) -> None:
        part = self._part
        if standing.failure:
            log.warning(
                "batch %s: its batch %s failed: %s", part.batch, standing.id, standing.failure
            )
        why = take(self._desk, self._batch, part, call, standing)
        if why is None:
            others = (*part.others, part.upstream)
            fields = {"by": self._desk.own.token, "others": others, "upstream": "", "next_s": 0.0}
            self._saved(step=Step.SUBMITTING, unsure=False, **fields)
            return
        self._end(why, standing.failure or _NOT_EXECUTED)
        try:
            self._api.forget(self._desk.own.session, call, standing)
        except ProviderError as exc:
            log.info("batch %s: batch %s stays at its provider: %s", part.batch, standing.id, exc)

    # --- parts ------------------------------------------------------------------------------

    def _end(self, why: dict[int, str], rest: str) -> None:
        """Forget the part; lines without an answer run singly, if that is not against the wish."""
        if wish_of(self._batch) is Wish.PROVIDER and not self._stops:
            refuse(self._desk, self._batch, self._part, why, rest)
        self._desk.own.parts.end(self._part)
        if self._part.failures:
            problems.tell_progress(self._desk, self._batch.id)

    def _failed(self, error: ProviderError) -> None:
        """Decide what a failure means: the part is over, or it is tried again."""
        part, told = self._part, f"Its batch at {self._part.provider} is tried again: {error}"
        log.warning("batch %s: part %s: %s", part.batch, part.number, error)
        is_refused = error.status is not None and error.status < HTTPStatus.INTERNAL_SERVER_ERROR
        is_over = is_refused and not error.transient
        if part.step is Step.SUBMITTED:
            # What is paid is not given up for a key that is refused today.
            is_over = error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
        if part.step is Step.SUBMITTING and is_refused and not is_over:
            # It was not taken for now.
            self._saved(step=Step.PLANNED, **self._after_failure())
            problems.tell_no_progress(self._desk, part.batch, told)
        elif is_over:
            self._end({}, str(error))
        else:
            self._put_off_or_end(str(error), told)

    def _put_off_or_end(self, why: str, told: str) -> None:
        """Try the part again later, and tell why; or give it up, where that was tried enough."""
        if self._has_failed_enough():
            self._end({}, why)
            return
        self._saved(**self._after_failure())
        problems.tell_no_progress(self._desk, self._batch.id, told)

    def _has_failed_enough(self) -> bool:
        part = self._part
        if part.step is Step.PLANNED:
            return self._ends or part.failures >= _MOST_FAILURES
        stopped_s = self._batch.times.get("cancelling", ends_s(self._batch))
        return self._ends and self._now_s > stopped_s + _GIVE_UP_S

    def _after_failure(self) -> dict[str, float | int]:
        return {"failures": self._part.failures + 1, "next_s": self._pause_until_s()}

    def _pause_until_s(self) -> float:
        pause_s = min(_LONGEST_PAUSE_S, _PAUSE_S * (1 << min(self._part.failures, 10)))
        return self._desk.process.clock() + pause_s

    def _next_look_s(self) -> float:
        poll_s = self._desk.process.settings.batch_poll_s
        return self._desk.process.clock() + (
            min(poll_s, _CANCELLING_S) if self._part.cancelled_s else poll_s
        )

    def _saved(self, **fields: object) -> bool:
        """Keep the part as it becomes; False when somebody else has changed it meanwhile."""
        saved = self._desk.own.parts.save(replace(self._part, **fields))  # type: ignore[arg-type]
        if saved is not None:
            self._part = saved
        return saved is not None
