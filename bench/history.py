"""Benchmark `history`: a million jobs in the history, and how fast lists and sums answer.

`python -m bench.history [--jobs N] [--url URL]` prints a table. It fills an empty database, SQLite
in a temporary directory by default, and measures through the same code as the gateway. A database
that has jobs is measured as it is: fill one, and keep it while you tune.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from bench.terminal import Progress
from shared.database.database import Database
from shared.history.query import JobFilter, JobQueries
from shared.history.reader import HistoryReader
from shared.history.rows import body_row, job_row
from shared.history.statistics import GroupBy, Span, Statistics
from shared.history.writer import HistoryWriter, Record
from shared.jobs.failures import CANCELLED
from shared.jobs.job import Attempt, Job, JobState, failure_body, json_of
from shared.providers.prices import Price, Prices

_DAY_MS = 86_400_000
#: 2026-08-01T00:00:00Z (unix milliseconds).
_START_MS = 1_785_542_400_000
_DAYS, _OWNERS, _TAGS_OF_EACH = 90, 50, 20
_MODELS = {f"model-{n}": f"provider-{n % 4}" for n in range(8)}
_PRICES = Prices({model: Price(input=0.5, output=1.5) for model in _MODELS})
_BATCH = 1000
_ROUNDS = 60
#: What each must answer within, 95 of 100 times (milliseconds).
_GOAL_MS = 100
_REQUEST = b'{"model":"m","messages":[{"role":"user","content":"%s"}]}' % (b"word " * 40)
_RESPONSE = (
    b'{"id":"x","choices":[{"message":{"content":"%s"}}],"usage":{"prompt_tokens":%d,'
    b'"completion_tokens":%d}}'
)


@click.command()
@click.option("--jobs", default=1_000_000, show_default=True, help="How many to fill in.")
@click.option(
    "--url",
    default="",
    help="An empty database, or one filled before. Default: SQLite, deleted at the end.",
)
def main(jobs: int, url: str) -> None:
    """Fill the history, then time lists and sums."""
    with tempfile.TemporaryDirectory(prefix="replyto-bench-") as folder:
        database = Database(url or f"sqlite:///{folder}/history.db")
        database.migrate()
        if not HistoryWriter(database).last_id():
            seconds = _fill(database, jobs, Progress("history"))
            click.echo(f"\n{database.dialect}: {jobs:,} jobs stored in {seconds:.0f} s", nl=False)
            click.echo(f", {jobs / seconds:,.0f}/s{_size(Path(folder))}")
        slow = _measure(database, random.Random(1))
        database.close()
    if slow:
        raise click.ClickException(f"slower than {_GOAL_MS} ms: {', '.join(slow)}")


def _fill(database: Database, count: int, progress: Progress) -> float:
    writer, began = HistoryWriter(database), time.monotonic()
    batch: list[Record] = []
    for number, job in enumerate(_jobs(count), 1):
        batch.append(Record(job_row(job, _PRICES), body_row(job, with_contents=True)))
        if len(batch) == _BATCH or number == count:
            writer.store(batch)
            batch = []
        if number % 100_000 == 0:
            progress.say(f"{number:,} jobs after {time.monotonic() - began:.0f} s")
    progress.done()
    return time.monotonic() - began


def _jobs(count: int) -> Iterator[Job]:
    chance = random.Random(7)
    for number in range(1, count + 1):
        owner, model = f"key-{chance.randrange(_OWNERS)}", chance.choice(list(_MODELS))
        created = _START_MS + number * _DAYS * _DAY_MS // count
        took_ms = round(chance.lognormvariate(7, 1))
        failed = chance.random() < 0.02
        answer = _RESPONSE % (b"word " * 60, chance.randrange(2000), chance.randrange(800))
        yield Job(
            id=number,
            ref_id=f"{chance.getrandbits(128):032x}",
            owner=owner,
            tag=f"{owner}-tag-{chance.randrange(_TAGS_OF_EACH)}",
            model=model,
            state=JobState.FAILED if failed else JobState.COMPLETED,
            request=_REQUEST,
            created_ms=created,
            started_ms=created + 50,
            executed_ms=created + 50 + took_ms,
            completed_ms=created + 60 + took_ms,
            deadline_ms=created + _DAY_MS,
            attempt=1,
            status=500 if failed else 200,
            response=None if failed else answer,
            error=failure_body(CANCELLED) if failed else None,
            attempts_json=json_of(
                Attempt(1, _MODELS[model], created + 50, took_ms, "answered", 200)
            ),
        )


def _measure(database: Database, chance: random.Random) -> list[str]:
    """Time each question; return those that are too slow."""
    slow = []
    click.echo(f"\n  {'question':<58}{'p50 ms':>9}{'p95 ms':>9}")
    for name, ask in _questions(database, chance).items():
        ask()
        times = []
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            ask()
            times.append((time.perf_counter() - began) * 1000)
        times.sort()
        p50, p95 = times[_ROUNDS // 2], times[_ROUNDS * 95 // 100]
        click.echo(f"  {name:<58}{p50:>9.1f}{p95:>9.1f}")
        if p95 > _GOAL_MS:
            slow.append(name)
    return slow


def _questions(database: Database, chance: random.Random) -> dict[str, Callable[[], object]]:
    queries, sums, reader = JobQueries(database), Statistics(database), HistoryReader(database)

    def owner() -> str:
        return f"key-{chance.randrange(_OWNERS)}"

    def page(skip: int = 0, **wanted: object) -> object:
        return queries.page(JobFilter(**wanted), skip=skip, take=100)  # type: ignore[arg-type]

    def week() -> dict[str, int]:
        first = _START_MS + chance.randrange(_DAYS - 7) * _DAY_MS
        return {"from_ms": first, "to_ms": first + 7 * _DAY_MS}

    def month() -> Span:
        return Span.of(None, _START_MS + 30 * _DAY_MS, _START_MS + 60 * _DAY_MS)

    return {
        "QueryJobs, 100 by tag": lambda: page(tag=f"{owner()}-tag-{chance.randrange(20)}"),
        "QueryJobs, 100 of a key in a week": lambda: page(owner=owner(), **week()),
        "QueryJobs, 100 of a key, skip 10,000": lambda: page(10_000, owner=owner()),
        "QueryJobs, 100 of a model in a state": lambda: page(
            model="model-3", state=JobState.FAILED
        ),
        "QueryJobs, 100 by text in the error": lambda: page(error="cancel"),
        "QueryJobs, 100 newest": page,
        "QueryJobs, count of a key in a week": lambda: queries.count(
            JobFilter(owner=owner(), **week())  # type: ignore[arg-type]
        ),
        "QueryJobs, count of a tag": lambda: queries.count(JobFilter(tag=f"{owner()}-tag-1")),
        "GetOpenAiChat by id": lambda: reader.get(1 + chance.randrange(900_000)),
        "GetSummaryStats, everybody, all 90 days": lambda: [
            sums.by(group, Span()) for group in (GroupBy.PROVIDER, GroupBy.MODEL, GroupBy.MONTH)
        ],
        "GetSummaryStats, one key": lambda: [
            sums.by(group, Span(owner=owner()))
            for group in (GroupBy.PROVIDER, GroupBy.MODEL, GroupBy.MONTH)
        ],
        "GetUsage by model, 30 days, with percentiles": lambda: sums.by(GroupBy.MODEL, month()),
        "GetUsage by key, 30 days, with percentiles": lambda: sums.by(GroupBy.OWNER, month()),
        "GetUsage by tag, 30 days": lambda: sums.by(GroupBy.TAG, month()),
        "GetUsage by day, all 90 days": lambda: sums.by(GroupBy.DAY, Span()),
    }


def _size(folder: Path) -> str:
    size = sum(file.stat().st_size for file in folder.iterdir())
    return f", {size / 2**20:,.0f} MB" if size else ""


if __name__ == "__main__":
    main()
