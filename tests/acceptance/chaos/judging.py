"""Tells what is wrong with one job of a run. Pure.

`lost`: accepted, and then never final, never answered, or its callback never came. `doubled`: two
jobs for one RefId, two results of one job, two bodies or ids of its callback, a result that the
LLM did not give to this job, or work on a job that was refused. `wrong`: everything else that is
not as documented.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tests.acceptance.chaos.ledgers import COMPLETED, CallbackSeen, Kind, Told
from tests.acceptance.chaos.records import Records

#: The documented ends of jobs that were not answered, by what their messages say: those that
#: any job may have, those of models on which the LLM fails, and those of jobs that were cancelled.
_ANY = {"worker_lost": "workers that ran this job died"}
_LLM_FAILED = {
    "provider_timeout": "did not answer",
    "provider_unreachable": "could not be reached",
    "provider_garbage": "no JSON object",
    "provider_error": "fails with",
}
_CANCELLED = {"cancelled": "The job was cancelled"}
_UNDOCUMENTED = "undocumented"


class Finding(StrEnum):
    """How bad it is."""

    LOST = "lost"
    DOUBLED = "doubled"
    WRONG = "wrong"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is not as promised."""

    finding: Finding
    marker: str
    what: str


def reason_of(told: Told) -> str:
    """Return the documented reason of a job that was not answered, or `undocumented`."""
    message = told.result.decode("utf-8", "replace")
    able = {
        **_ANY,
        **(_LLM_FAILED if told.may_fail else {}),
        **(_CANCELLED if told.cancels else {}),
    }
    return next((reason for reason, said in able.items() if said in message), _UNDOCUMENTED)


class Judged(Records):
    """One job, and what is wrong with it."""

    __slots__ = ()

    def findings(self) -> Iterator[Found]:
        """Yield what is wrong with it."""
        if self.told.refused:
            yield from self._of_refused()
            return
        for look in (self._lost, self._one_job, self._one_result, self._one_callback):
            yield from look()
        yield from self._from_the_llm()
        yield from self._end_is_documented()
        for callback in self.callbacks:
            if not callback.valid:
                yield self._found(Finding.WRONG, "a callback's signature does not verify")

    def _found(self, finding: Finding, what: str) -> Found:
        return Found(finding, self.told.marker, what)

    def _of_refused(self) -> Iterator[Found]:
        if self.told.refused != "queue_full":
            yield self._found(Finding.WRONG, f"refused with {self.told.refused}")
        if self.calls or self.callbacks:
            yield self._found(Finding.DOUBLED, "the client was told no, and it was done")

    def _lost(self) -> Iterator[Found]:
        told = self.told
        if told.gave_up:
            yield self._found(Finding.LOST, "its client never got to know anything")
        elif not told.readings:
            yield self._found(Finding.LOST, f"accepted as {told.ids}, never final")
        elif told.wants_callback and not any(self._delivered()):
            seen = [callback.status for callback in self.callbacks]
            yield self._found(Finding.LOST, f"{told.state}, callback never delivered: {seen}")
        elif told.kind is Kind.SYNC and not told.answers:
            yield self._found(Finding.LOST, "its waiting client was never answered")

    def _delivered(self) -> Iterator[CallbackSeen]:
        return (c for c in self.callbacks if c.answered_at is not None and c.status < 300)

    def _one_job(self) -> Iterator[Found]:
        ids = {str(job_id) for job_id in self.told.ids}
        ids |= {callback.job_id for callback in self.callbacks}
        if len(ids) > 1:
            yield self._found(Finding.DOUBLED, f"jobs {sorted(ids)} for one RefId")

    def _one_result(self) -> Iterator[Found]:
        if len(set(self.told.readings)) > 1:
            yield self._found(Finding.DOUBLED, "its result changed after its end")
        if len(set(self.told.answers)) > 1:
            yield self._found(Finding.DOUBLED, "two clients got different answers")
        for status, body in self.told.answers:
            if self.told.readings and not self._agrees(status == 200, body):
                yield self._found(Finding.DOUBLED, f"answered {status}, stored {self.told.state}")

    def _one_callback(self) -> Iterator[Found]:
        if len({callback.webhook_id for callback in self.callbacks}) > 1:
            yield self._found(Finding.DOUBLED, "callbacks under different webhook-ids")
        if len({(callback.body, callback.job_state) for callback in self.callbacks}) > 1:
            yield self._found(Finding.DOUBLED, "different callbacks of one job")
        for callback in self.callbacks:
            told = self.told
            if told.readings and not (
                callback.job_state == told.state
                and self._agrees(callback.job_state == COMPLETED, callback.body)
            ):
                yield self._found(Finding.DOUBLED, "its callback is not what is stored")

    def _agrees(self, went_well: bool, body: bytes) -> bool:
        """Whether what was sent is what is stored: the same bytes, or the same error."""
        if (self.told.state == COMPLETED) != went_well:
            return False
        return body == self.told.result if went_well else _message(body) == self.told.result

    def _from_the_llm(self) -> Iterator[Found]:
        if self.told.state == COMPLETED and self.winner() is None:
            yield self._found(Finding.DOUBLED, "its result is not what the LLM answered it")

    def _end_is_documented(self) -> Iterator[Found]:
        told = self.told
        if told.state and told.state != COMPLETED and reason_of(told) == _UNDOCUMENTED:
            yield self._found(Finding.WRONG, f"{told.state}: {told.result.decode()}")


def _message(body: bytes) -> bytes:
    try:
        return str(json.loads(body)["error"]["message"]).encode()
    except (ValueError, KeyError, TypeError):
        return b""
