"""Lists and sums of the history, on both databases."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.dialects import sqlite

from shared.database.database import Database
from shared.history.query import JobFilter, JobQueries, page_statement
from shared.history.statistics import GroupBy, Span, Statistics, percentile_ms, sums_statement
from shared.history.tables import LATENCY_COLUMNS
from shared.history.writer import HistoryWriter
from shared.jobs.job import JobState
from shared.providers.prices import Price, Prices
from tests.support.factories import START_MS, new_database
from tests.support.history import ended_job, record
from tests.support.servers.postgres import PostgresServer

DAY_S = 86_400


@pytest.fixture
def filled(database: Database) -> Database:
    """A history of seven jobs: `after_s` is the number of seconds to the start."""
    prices = Prices({"m": Price(input=1, output=1), "acme/n": Price(input=1_000_000)})
    jobs = [
        ended_job(1, tag="a"),
        ended_job(2, tag="a", model="n"),
        ended_job(3, owner="key2", tag="a"),
        ended_job(4, state=JobState.FAILED, tag="b"),
        ended_job(5, after_s=DAY_S, executed_ms=START_MS + DAY_S * 1000 + 4050),
        ended_job(
            6, after_s=40 * DAY_S, state=JobState.CANCELLED, attempts_json="[]", started_ms=0
        ),
        ended_job(7, after_s=40 * DAY_S + 1, ref_id="100%_sure"),
    ]
    HistoryWriter(database).store([record(job, prices) for job in jobs])
    return database


@pytest.mark.parametrize(
    ("filter_", "ids"),
    [
        pytest.param({}, [7, 6, 5, 4, 3, 2, 1], id="all, the newest first"),
        pytest.param({"owner": "key2"}, [3], id="of a key"),
        pytest.param({"owner": "key1", "tag": "a"}, [2, 1], id="of a key with a tag"),
        pytest.param({"tag": "a"}, [3, 2, 1], id="with a tag"),
        pytest.param({"tag": ""}, [7, 6, 5], id="with none"),
        pytest.param({"model": "n"}, [2], id="of a model"),
        pytest.param({"provider": "acme", "tag": "b"}, [4], id="of a provider"),
        pytest.param({"state": JobState.FAILED}, [4], id="in a state"),
        pytest.param({"ref_id": "100%_sure"}, [7], id="of a RefId"),
        pytest.param({"from_ms": START_MS + 2000, "to_ms": START_MS + 4000}, [4, 3, 2], id="range"),
        pytest.param({"error": "CANCELLED"}, [6, 4], id="with a text in the error"),
        pytest.param({"error": "%"}, [], id="a text, no pattern"),
        pytest.param({"error": "cancel", "state": JobState.FAILED}, [4], id="error and state"),
    ],
)
def test_page_holds_the_jobs_that_match(
    filled: Database, filter_: dict[str, Any], ids: list[int]
) -> None:
    queries, wanted = JobQueries(filled), JobFilter(**filter_)
    assert [row["id"] for row in queries.page(wanted, skip=0, take=10)] == ids
    upwards = queries.page(wanted, skip=0, take=10, newest_first=False)
    assert [row["id"] for row in upwards] == ids[::-1]
    assert queries.count(wanted) == len(ids)


def test_page_skips_and_takes(filled: Database) -> None:
    rows = JobQueries(filled).page(JobFilter(), skip=2, take=3)
    assert [row["id"] for row in rows] == [5, 4, 3]


def names_and_totals(database: Database, group: GroupBy, **span: Any) -> dict[str, int]:
    found = Statistics(database).by(group, Span(**span))
    return {one.name: one.sums["total"] for one in found}


def test_sums_are_of_what_they_are_grouped_by(filled: Database) -> None:
    assert names_and_totals(filled, GroupBy.MODEL) == {"m": 6, "n": 1}
    assert names_and_totals(filled, GroupBy.PROVIDER) == {"": 1, "acme": 6}
    assert names_and_totals(filled, GroupBy.TAG) == {"": 3, "a": 3, "b": 1}
    assert names_and_totals(filled, GroupBy.OWNER) == {"key1": 6, "key2": 1}
    days = {"2023-11-14": 4, "2023-11-15": 1, "2023-12-24": 2}
    assert names_and_totals(filled, GroupBy.DAY) == days
    assert names_and_totals(filled, GroupBy.MONTH) == {"2023-11": 5, "2023-12": 2}


def test_sums_are_of_a_key_and_of_some_days(filled: Database) -> None:
    first = START_MS // (DAY_S * 1000)
    assert names_and_totals(filled, GroupBy.OWNER, owner="key2") == {"key2": 1}
    assert names_and_totals(filled, GroupBy.TAG, owner="key1") == {"": 3, "a": 2, "b": 1}
    some = names_and_totals(filled, GroupBy.DAY, from_day=first + 1, to_day=first + 39)
    assert some == {"2023-11-15": 1}
    assert Span.of("k", START_MS, None) == Span("k", first, None)


def test_sum_holds_states_tokens_cost_and_latencies(filled: Database) -> None:
    (m, n) = Statistics(filled).by(GroupBy.MODEL, Span())
    assert [m.sums[state] for state in ("completed", "failed", "cancelled")] == [4, 1, 1]
    assert (m.sums["prompt_tokens"], m.sums["completion_tokens"]) == (40, 80)
    assert (m.sums["cost_nanos"], n.sums["cost_nanos"]) == (4 * 30_000, 10 * 10**9)
    # Three answers in 100 ms, one in 4,000, and a failure after 100.
    assert m.sums["duration_ms"] == 4400
    assert m.tokens_per_second == pytest.approx(80 / 4.4)
    assert dict(zip(LATENCY_COLUMNS, m.latencies, strict=True))["within_5000_ms"] == 1
    assert sum(m.latencies) == 4
    assert (m.percentile_ms(0.5), n.percentile_ms(0.99)) == (83, 100)


@pytest.mark.parametrize(
    ("counts", "share", "expected"),
    [
        pytest.param({}, 0.5, None, id="no answers"),
        pytest.param({"within_50_ms": 10}, 0.5, 25, id="half of those within 50 ms"),
        pytest.param({"within_100_ms": 50, "within_1500_ms": 50}, 0.95, 1450, id="95 %"),
        pytest.param({"within_50_ms": 1, "slower": 9}, 0.5, 600_000, id="slower than all bounds"),
    ],
)
def test_percentile_is_estimated_from_counts(
    counts: dict[str, int], share: float, expected: int | None
) -> None:
    assert percentile_ms([counts.get(name, 0) for name in LATENCY_COLUMNS], share) == expected


@pytest.mark.parametrize(
    ("filter_", "index"),
    [
        pytest.param({"tag": "a"}, "jobs_by_tag", id="tag"),
        pytest.param({"owner": "k", "from_ms": 1}, "jobs_by_owner", id="key and range"),
        pytest.param({"owner": "k", "tag": "a"}, "jobs_by_owner_tag", id="key and tag"),
        pytest.param({"model": "m"}, "jobs_by_model", id="model"),
        pytest.param({"state": JobState.FAILED}, "jobs_by_state", id="state"),
        pytest.param({"provider": "p"}, "jobs_by_provider", id="provider"),
        pytest.param({"ref_id": "r", "owner": "k"}, "jobs_by_ref_id", id="RefId"),
        pytest.param({}, "jobs_by_created", id="nothing"),
    ],
)
def test_page_is_read_by_an_index_and_not_sorted(filter_: dict[str, Any], index: str) -> None:
    plan = explain(page_statement(JobFilter(**filter_), skip=0, take=100))
    assert f"USING INDEX {index} " in f"{plan} "
    assert "SCAN jobs" not in plan or not filter_
    assert "TEMP B-TREE" not in plan


def test_jobs_without_a_tag_are_in_no_index_by_tag(database: Database) -> None:
    found = database.read(lambda c: inspect(c).get_indexes("jobs"))
    where = f"{database.dialect}_where"
    partial = [index["name"] for index in found if where in index.get("dialect_options", {})]
    assert sorted(map(str, partial)) == ["jobs_by_owner_tag", "jobs_by_tag"]


#: 5,000 jobs of 50 keys, of which every 500th has a tag.
_MANY = """
INSERT INTO jobs (id, created_ms, owner, state, tag)
SELECT n, n, 'key' || n % 50, 'Completed', CASE WHEN n % 500 = 0 THEN 'a' ELSE '' END
FROM generate_series(1, 5000) n
"""


@pytest.mark.integration
@pytest.mark.parametrize(
    ("filter_", "index"),
    [
        pytest.param({"tag": "a"}, "jobs_by_tag", id="tag"),
        pytest.param({"owner": "key1", "tag": "a"}, "jobs_by_owner_tag", id="key and tag"),
    ],
)
def test_postgresql_reads_a_page_by_tag_by_the_index_of_jobs_with_a_tag(
    postgres_server: PostgresServer, migrated_postgres: str, filter_: dict[str, Any], index: str
) -> None:
    database = Database(postgres_server.new_database("plans", like=migrated_postgres))
    database.write(lambda c: c.execute(text(f"{_MANY}; ANALYZE jobs")))
    statement = page_statement(JobFilter(**filter_), skip=0, take=100)

    def plan(connection: Connection) -> str:
        compiled = statement.compile(connection, compile_kwargs={"literal_binds": True})
        return "\n".join(connection.exec_driver_sql(f"EXPLAIN {compiled}").scalars())

    assert re.search(rf"Index Scan.* {index}\b", database.read(plan))
    database.close()


@pytest.mark.parametrize("group", list(GroupBy))
def test_sums_of_a_key_are_read_by_an_index(group: GroupBy) -> None:
    plan = explain(sums_statement(group, Span(owner="k", from_day=1)))
    assert "USING INDEX usage" in plan
    assert "_by_owner" in plan


def explain(statement: Any) -> str:
    """Return SQLite's plan; PostgreSQL's depends on how many rows it has seen."""
    sql = str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    rows = new_database().read(lambda c: c.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}").all())
    return "\n".join(row[3] for row in rows)
