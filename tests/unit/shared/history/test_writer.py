"""The history's rows: once each, with sums that are always those of the rows."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DataError

from shared.database.database import Database
from shared.history.rows import day_of, from_row
from shared.history.tables import (
    LATENCY_BOUNDS_MS,
    LATENCY_COLUMNS,
    SUMS,
    job_bodies,
    jobs,
    usage_daily,
    usage_key_daily,
    usage_tag_daily,
)
from shared.history.writer import HistoryWriter
from shared.jobs.failures import CANCELLED
from shared.jobs.job import Job, JobState, failure_body
from shared.providers.prices import Price, Prices
from tests.support.factories import START_MS
from tests.support.history import ended_job, record


@pytest.fixture
def writer(database: Database) -> HistoryWriter:
    return HistoryWriter(database)


def rows(database: Database) -> list[dict[str, Any]]:
    query = select(jobs).order_by(jobs.c.id, jobs.c.created_ms)
    return database.read(lambda c: [dict(row) for row in c.execute(query).mappings()])


def sums(database: Database, table: Any) -> dict[tuple[Any, ...], dict[str, int]]:
    names = [column.name for column in table.primary_key]
    found = database.read(lambda c: [dict(row) for row in c.execute(select(table)).mappings()])
    return {tuple(row.pop(name) for name in names): row for row in found if row["total"]}


def recomputed(database: Database, *names: str) -> dict[tuple[Any, ...], dict[str, int]]:
    """Return what the sums must be, from the rows."""
    numbers = (*SUMS, *LATENCY_COLUMNS) if "model" in names else SUMS
    result: Any = defaultdict(lambda: dict.fromkeys(numbers, 0))
    for row in rows(database):
        mine = result[day_of(row["created_ms"]), *(row[name] for name in names)]
        for name in SUMS:
            mine[name] += row[name] if name in row else name in ("total", row["state"].lower())
        if "model" in names and row["state"] == "Completed":
            mine[latency_column(row["duration_ms"])] += 1
    return dict(result)


def latency_column(duration_ms: int) -> str:
    within = [bound for bound in LATENCY_BOUNDS_MS if duration_ms <= bound]
    return f"within_{within[0]}_ms" if within else "slower"


def assert_sums_are_those_of_the_rows(database: Database) -> None:
    assert sums(database, usage_daily) == recomputed(database, "model", "provider")
    assert sums(database, usage_key_daily) == recomputed(database, "owner", "model", "provider")
    assert sums(database, usage_tag_daily) == recomputed(database, "owner", "tag")


def a_few() -> list[Job]:
    return [
        ended_job(1, tag="a"),
        ended_job(2, tag="b", model="n", after_s=90_000),
        ended_job(3, owner="key2", state=JobState.FAILED, tag="a"),
        ended_job(4, state=JobState.CANCELLED, started_ms=0, attempts_json="[]"),
        ended_job(5, executed_ms=START_MS + 10_000_000),
    ]


def test_store_keeps_all_that_the_job_says(database: Database, writer: HistoryWriter) -> None:
    job = ended_job(
        7, tag="night", reply_to="https://example.com/cb", streamed="1", provider="acme"
    )
    assert writer.store([record(job)]) == 1
    joined = select(jobs, job_bodies.c.request, job_bodies.c.response, job_bodies.c.error).join(
        job_bodies, (jobs.c.id == job_bodies.c.id) & (jobs.c.created_ms == job_bodies.c.created_ms)
    )
    row = database.read(lambda c: c.execute(joined).mappings().one())
    assert from_row(row) == job


def test_store_writes_each_job_once_however_often_it_comes(
    database: Database, writer: HistoryWriter
) -> None:
    records = [record(job) for job in a_few()]
    assert [writer.store(records[:3]), writer.store(records), writer.store(records)] == [3, 2, 0]
    assert [row["id"] for row in rows(database)] == [1, 2, 3, 4, 5]
    assert_sums_are_those_of_the_rows(database)


def test_store_writes_each_job_once_when_two_store_at_the_same_moment(
    database: Database, writer: HistoryWriter
) -> None:
    records = [record(ended_job(n, tag=f"t{n % 3}")) for n in range(1, 400)]
    with ThreadPoolExecutor(4) as pool:
        stored = list(pool.map(lambda _: writer.store(records), range(4)))
    assert sorted(stored) == [0, 0, 0, 399]
    assert_sums_are_those_of_the_rows(database)


def test_store_keeps_both_jobs_when_ids_began_again(
    database: Database, writer: HistoryWriter
) -> None:
    writer.store([record(ended_job(1))])
    assert writer.store([record(ended_job(1, after_s=99, owner="key2"))]) == 1
    assert [(row["id"], row["owner"]) for row in rows(database)] == [(1, "key1"), (1, "key2")]
    assert_sums_are_those_of_the_rows(database)


def test_store_replaces_a_job_by_its_later_generation_only(
    database: Database, writer: HistoryWriter
) -> None:
    failed = ended_job(1, state=JobState.FAILED, tag="a")
    again = replace(ended_job(1, tag="a"), generation=1, completed_ms=failed.completed_ms + 5000)
    writer.store([record(failed), record(ended_job(2, tag="a"))])
    assert [writer.store([record(again)]), writer.store([record(failed)])] == [1, 0]
    assert [(row["id"], row["state"]) for row in rows(database)] == [
        (1, "Completed"),
        (2, "Completed"),
    ]
    assert_sums_are_those_of_the_rows(database)


def test_row_states_tokens_and_what_they_cost(database: Database, writer: HistoryWriter) -> None:
    prices = Prices({"m": Price(input=1.0, output=2.5)})
    writer.store([record(ended_job(1), prices)])
    (row,) = rows(database)
    assert (row["prompt_tokens"], row["completion_tokens"], row["total_tokens"]) == (10, 20, 30)
    # 10 at 1.00 and 20 at 2.50 a million, in billionths.
    assert row["cost_nanos"] == 60_000
    assert (row["waited_ms"], row["duration_ms"], row["provider"]) == (50, 100, "acme")


def test_row_takes_what_postgresql_does_not(database: Database, writer: HistoryWriter) -> None:
    failure = failure_body(replace(CANCELLED, message="half a \ud83d character"))
    job = ended_job(1, tag="a\x00b", request=b"\x00\xff", response=b"\x00\xfe", error=failure)
    writer.store([record(job)])
    (row,) = rows(database)
    assert (row["tag"], row["error_message"]) == ("a\ufffdb", "half a ? character")
    body = database.read(lambda c: c.execute(select(job_bodies)).mappings().one())
    assert (bytes(body["request"]), bytes(body["response"])) == (b"\x00\xff", b"\x00\xfe")


@pytest.mark.parametrize("count", [1, 3, 341, 2 * 256 + 3 * 64 + 15])
def test_store_takes_batches_of_any_length(
    database: Database, writer: HistoryWriter, count: int
) -> None:
    assert writer.store([record(ended_job(n, tag=f"t{n}")) for n in range(1, count + 1)]) == count
    found = [(row["id"], row["tag"]) for row in rows(database)]
    assert found == [(n, f"t{n}") for n in range(1, count + 1)]
    bodies = database.read(lambda c: c.execute(select(job_bodies.c.id, job_bodies.c.request)).all())
    assert sorted(body.id for body in bodies) == list(range(1, count + 1))
    assert {bytes(body.request) for body in bodies} == {ended_job(1).request}


def test_store_keeps_texts_that_mean_something_to_the_database(
    database: Database, writer: HistoryWriter
) -> None:
    odd = "\\N\t'%s'\n\\.\r\\x00 ä€😀"
    writer.store([record(ended_job(1, tag=odd, ref_id="", model="%(id)s"))])
    (row,) = rows(database)
    assert (row["tag"], row["ref_id"], row["model"]) == (odd, "", "%(id)s")


def test_store_refuses_a_number_that_is_too_large_and_goes_on(
    database: Database, writer: HistoryWriter
) -> None:
    with pytest.raises((DataError, OverflowError)):
        writer.store([record(ended_job(1)), record(ended_job(2, executed_ms=2**70))])
    assert rows(database) == []
    assert writer.store([record(ended_job(1))]) == 1


def test_prune_deletes_the_oldest_first_and_keeps_the_sums(
    database: Database, writer: HistoryWriter
) -> None:
    writer.store([record(ended_job(n)) for n in range(1, 8)])
    before = sums(database, usage_daily)
    cut = START_MS + 5500
    assert [writer.prune(cut, 3), writer.prune(cut, 3), writer.prune(cut, 3)] == [3, 2, 0]
    assert [row["id"] for row in rows(database)] == [6, 7]
    assert database.read(lambda c: c.scalar(select(func.count()).select_from(job_bodies))) == 2
    assert sums(database, usage_daily) == before


def test_last_id_is_the_highest(writer: HistoryWriter) -> None:
    assert writer.last_id() == 0
    writer.store([record(ended_job(n)) for n in (3, 12, 5)])
    assert writer.last_id() == 12


def test_what_was_made_is_in_the_row_and_in_the_sums(
    writer: HistoryWriter, database: Database
) -> None:
    made = b'{"text":"a","$usage":{"images":2,"characters":30,"audio_ms":1500}}'
    prices = Prices({"m": Price(image=0.5, characters=100, audio_minute=4)})
    jobs_ = [replace(ended_job(number, tag="a"), response=made) for number in (1, 2)]
    writer.store([record(job, prices) for job in jobs_])
    told = [
        {name: row[name] for name in ("images", "characters", "audio_ms")} for row in rows(database)
    ]
    assert told == [{"images": 2, "characters": 30, "audio_ms": 1500}] * 2
    assert {row["cost_nanos"] for row in rows(database)} == {1_103_000_000}
    assert_sums_are_those_of_the_rows(database)
