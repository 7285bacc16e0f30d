"""Takes what a provider's own batch has come to: answers, their cost, and what is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

from shared.batches.batch import Batch
from shared.batches.lines import answer_line, failure_line, request_of
from shared.batches.parts import Part
from shared.batches.store import Line, Outcome
from shared.errors import ServiceError
from shared.history.rows import body_row, job_row
from shared.history.writer import Record
from shared.jobs.job import Attempt, Job, JobState, json_of
from shared.providers.prices import Prices
from shared.queues import names as task_names
from shared.telemetry.tally import Tallied
from shared.wire.chat_request import ChatCall
from shared.wire.usage import Usage
from workers.batches.desk import Desk
from workers.batches.own.calls import line_call
from workers.batches.reading import read_lines, ref_id_of
from workers.heavy import away
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.batches.base import Kind, OwnResult, Standing

#: Results that are noted in one transaction.
_PAGE: Final = 50
_OK: Final = 200


class Reduced(Prices):
    """Prices of a batch: a part of those of single calls."""

    def __init__(self, whole: Prices, part: float) -> None:
        self._whole = whole
        self._part = part

    def cost_nanos(self, provider: str, model: str, usage: Usage) -> int:
        """Return what this usage costs, in billionths."""
        return round(self._whole.cost_nanos(provider, model, usage) * self._part)


class _Answer(NamedTuple):
    line: Line
    asked: ChatCall
    body: bytes


def take(
    desk: Desk, batch: Batch, part: Part, call: ProviderCall, standing: Standing
) -> dict[int, str] | None:
    """Note all answers; return why there is none of other lines, by number, as far as it is told.

    None: these are the results of another batch. Noted twice is noted once. Raises ProviderError.
    """
    taking = _Taking(desk, batch, part, call)
    for page in _pages(taking.api.results(desk.own.session, call, standing)):
        if part.unsure and all(part.line_of(one.name) is None for one in page):
            return None
        taking.take(page)
        desk.rest()
    return taking.why


def _pages(results: Iterator[OwnResult]) -> Iterator[list[OwnResult]]:
    """Give results in pages; what came before a failure, too. Raises ProviderError."""
    page: list[OwnResult] = []
    try:
        for one in results:
            page.append(one)
            if len(page) == _PAGE:
                yield page
                page = []
    except ProviderError:
        if page:
            yield page
        raise
    if page:
        yield page


class _Taking:
    """What is taken of a part; `why` says of lines why they have no answer."""

    def __init__(self, desk: Desk, batch: Batch, part: Part, call: ProviderCall) -> None:
        self._desk = desk
        self._batch = batch
        self._part = part
        self._call = call
        self._left = {line.number: line for line in desk.batches.away(batch.id, part.number)}
        self.api = desk.own.apis[call.provider.type]
        self.why: dict[int, str] = {}

    def take(self, page: Sequence[OwnResult]) -> None:
        """Note the answers of some results."""
        found = sorted(self._known(page), key=lambda pair: pair[0].number)
        texts = read_lines(self._desk, self._batch, [line for line, _ in found])
        answers = []
        for (line, text), raw in zip(found, texts, strict=True):
            try:
                asked = away(len(raw), partial(request_of, self._batch.endpoint, raw))
                body = self.api.answer_of(line_call(self._call, self._part, asked), text)
            except (ProviderError, ServiceError) as exc:
                self.why[line.number] = str(exc)
            else:
                answers.append(_Answer(line, asked, body))
        # First what it cost: who dies in between notes the same rows again.
        self._keep(answers)
        self._desk.batches.note_outcomes(self._batch.id, map(self._outcome, answers))

    def _known(self, page: Sequence[OwnResult]) -> Iterator[tuple[Line, bytes]]:
        """Yield the answers of lines that wait for one, each once."""
        for one in page:
            number = self._part.line_of(one.name)
            if number is None or number not in self._left:
                continue
            if one.kind is Kind.ANSWERED:
                yield self._left.pop(number), one.text
            else:
                self.why[number] = one.why

    def _outcome(self, one: _Answer) -> Outcome:
        request_id = f"job_{self._part.first_job + one.line.number}"
        answer = answer_line(self._batch.id, one.line, _OK, request_id, one.body)
        return Outcome(one.line.number, is_answer=True, answer=answer)

    def _keep(self, answers: Sequence[_Answer]) -> None:
        """Put answers into the history as jobs that were answered in a batch, at its price."""
        own, process = self._desk.own, self._desk.process
        prices = Reduced(own.prices.current(), self._call.provider.batch_price)
        whole = process.settings.history_bodies == "all"
        now_ms = round(process.clock() * 1000)
        jobs = [_job(self._batch, self._part, one, now_ms) for one in answers]
        records = [Record(job_row(job, prices), body_row(job, with_contents=whole)) for job in jobs]
        if not records or own.history.store(records) < len(records):
            return
        for record in records:
            for kind in ("prompt", "completion"):
                names = self._part.model, self._part.provider, kind
                process.tally.add(Tallied.TOKENS, *names, number=record.row[f"{kind}_tokens"])


def _job(batch: Batch, part: Part, one: _Answer, now_ms: int) -> Job:
    created_ms = round(part.made_s * 1000)
    attempt = Attempt(
        number=1,
        provider=part.provider,
        started_ms=created_ms,
        duration_ms=now_ms - created_ms,
        outcome="answered",
        status=_OK,
        reason=f"the provider's own batch {part.upstream}",
    )
    return Job(
        id=part.first_job + one.line.number,
        ref_id=ref_id_of(batch, one.line),
        owner=batch.owner,
        model=part.model,
        state=JobState.COMPLETED,
        outcome=JobState.COMPLETED,
        status=_OK,
        priority=task_names.BULK,
        tag=one.asked.tag or "",
        provider=one.asked.provider or "",
        operation=part.operation,
        request=one.asked.chat.body.encode("utf-8"),
        response=one.body,
        created_ms=created_ms,
        deadline_ms=batch.expires_at * 1000,
        started_ms=created_ms,
        executed_ms=now_ms,
        completed_ms=now_ms,
        attempt=1,
        at=part.provider,
        attempts_json=json_of(attempt),
    )


def refuse(desk: Desk, batch: Batch, part: Part, why: dict[int, str], rest: str) -> None:
    """Give up the lines that have no answer: they are not to run as jobs of their own."""
    desk.batches.note_outcomes(
        batch.id,
        [
            Outcome(
                line.number,
                is_answer=False,
                answer=failure_line(
                    batch.id, line, "provider_batch_failed", why.get(line.number) or rest
                ),
            )
            for line in desk.batches.away(batch.id, part.number)
        ],
    )
