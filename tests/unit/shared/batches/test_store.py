"""Batches and their lines in the database, on both kinds of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from shared.batches import room
from shared.batches.batch import Batch, Status
from shared.batches.changes import many
from shared.batches.store import BatchStore, Line, Outcome
from shared.batches.tables import ANSWERED, AWAY, FAILED, RUNNING, WAITING, batches
from shared.database.database import Database
from shared.errors import TooManyBatches


@pytest.fixture
def store(database: Database) -> BatchStore:
    return BatchStore(database)


def kept(store: BatchStore, name: str = "batch_1", created: float = 1.0) -> Batch:
    batch = Batch(
        id=name,
        owner="a",
        status=Status.VALIDATING,
        created=created,
        endpoint="/v1/embeddings",
        input_file_id="file-1",
        expires_at=9,
        metadata={"k": "v"},
        models=("m",),
    )
    store.create(batch)
    return batch


def test_who_has_not_seen_the_last_version_changes_nothing(store: BatchStore) -> None:
    batch = kept(store)
    assert store.find("batch_1", "a") == batch
    assert store.find("batch_1", "b") is None
    cancelling = store.save(batch.at(Status.CANCELLING, 5.5))
    assert cancelling is not None
    assert store.begin(batch.at(Status.IN_PROGRESS, 6), [Line(1, 0, 5, "x")]) is None
    assert store.counts("batch_1")[WAITING] == 0
    assert store.save(batch.at(Status.IN_PROGRESS, 6)) is None
    assert store.find("batch_1", "a") == cancelling
    assert cancelling.times == {"cancelling": 5}


def test_oldest_batch_that_is_over_gives_way_to_a_new_one(
    store: BatchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_MOST", 3)
    first, second, _ = (kept(store, f"batch_{n}", float(n)) for n in (1, 2, 3))
    with pytest.raises(TooManyBatches):
        kept(store, "batch_4", 4.0)
    # One that ended is kept until that was told.
    assert store.save(first.at(Status.COMPLETED, 5, to_tell=True))
    with pytest.raises(TooManyBatches):
        kept(store, "batch_4", 4.0)
    assert store.save(second.at(Status.FAILED, 5))
    kept(store, "batch_4", 4.0)
    assert [one.id for one in store.page("a", None, 9)] == ["batch_4", "batch_3", "batch_1"]


def test_lines_have_one_outcome(store: BatchStore) -> None:
    batch = kept(store)
    found = [Line(n, n * 10, 9, f"c{n}") for n in range(1, 1203)]
    assert store.begin(batch.at(Status.IN_PROGRESS, 2), found) is not None
    assert store.lines("batch_1", WAITING, 2) == found[:2]
    store.note_jobs("batch_1", {1: 11, 2: 12, 3: 13})
    store.note_jobs("batch_1", {2: None})
    assert [(one.number, one.job) for one in store.lines("batch_1", RUNNING, 9)] == [
        (1, 11),
        (3, 13),
    ]
    store.note_outcomes(
        "batch_1",
        [
            Outcome(1, is_answer=True, answer=b"one\n"),
            Outcome(3, is_answer=False, answer=b"three\n"),
        ],
    )
    store.note_outcomes(
        "batch_1",
        [
            Outcome(1, is_answer=False, answer=b"other\n"),
            Outcome(4, is_answer=True, answer=b"four\n"),
        ],
    )
    store.note_jobs("batch_1", {1: 99})
    assert list(store.outcomes("batch_1", ANSWERED)) == [b"one\n", b"four\n"]
    assert list(store.outcomes("batch_1", FAILED)) == [b"three\n"]
    assert store.counts("batch_1") == {
        WAITING: 1199,
        RUNNING: 0,
        AWAY: 0,
        ANSWERED: 2,
        FAILED: 1,
    }
    store.forget_lines("batch_1")
    assert sum(store.counts("batch_1").values()) == 0


def test_lists_are_paged_and_what_ended_is_not_active(store: BatchStore) -> None:
    made = [kept(store, f"batch_{n}", float(n)) for n in range(1, 5)]
    first = store.page("a", None, 3)
    assert [one.id for one in first] == ["batch_4", "batch_3", "batch_2"]
    assert [one.id for one in store.page("a", "batch_2", 3)] == ["batch_1"]
    assert store.page("a", "batch_none", 3) == []
    assert store.page("b", None, 3) == []
    told = store.save(made[0].at(Status.FAILED, 3))
    assert told is not None
    store.save(made[1].at(Status.COMPLETED, 3, to_tell=True))
    assert [(one.id, one.to_tell) for one in store.active(2)] == [
        ("batch_2", True),
        ("batch_3", False),
    ]
    tied = kept(store, "batch_4b", 4.0)
    names = [[one.id for one in store.active(2, after)] for after in (made[1], made[3], tied)]
    assert names == [["batch_3", "batch_4"], ["batch_4b", "batch_2"], ["batch_2", "batch_3"]]
    assert (store.active(9, running=True), store.in_progress()) == ([], 0)
    store.save(tied.at(Status.IN_PROGRESS, 4))
    assert [one.id for one in store.active(9, tied, running=True)] == ["batch_4b"]
    assert store.in_progress() == 1
    again = store.active(1)[0]
    store.save(replace(again, to_tell=False))
    assert [one.id for one in store.active(9)] == ["batch_3", "batch_4"]


@pytest.mark.parametrize(
    "values", [{"document": "{"}, {"document": "[]"}, {"document": "{}"}, {"status": "paused"}]
)
def test_one_that_nobody_can_read_keeps_no_other_from_being_read(
    store: BatchStore, database: Database, values: dict[str, str]
) -> None:
    good = kept(store, "batch_1", 1.0)
    kept(store, "batch_2", 2.0)
    broken = update(batches).where(batches.c.id == "batch_2").values(values)
    database.write(lambda connection: connection.execute(broken))
    found, number = store.every(None, 0, 9)
    assert (number, found[1]) == (2, good)
    assert (found[0].is_readable, found[0].errors[0]["code"]) == (False, "unreadable")
    assert [one.id for one in store.page("a", None, 9)] == ["batch_2", "batch_1"]


def test_answers_are_read_in_pages_of_few_bytes(store: BatchStore) -> None:
    batch = kept(store)
    store.begin(batch.at(Status.IN_PROGRESS, 2), [Line(n, n, 1, f"c{n}") for n in range(1, 8)])
    answers = [b"%d" % n * size for n, size in enumerate((1, 2**20, 5, 2**19, 2**19, 9), 1)]
    store.note_outcomes(
        "batch_1",
        [Outcome(n, is_answer=True, answer=answer) for n, answer in enumerate(answers, 1)],
    )
    assert list(store.outcomes("batch_1", ANSWERED)) == answers


def test_lines_are_found_by_their_numbers_when_they_are_changed(database: Database) -> None:
    """Else each change would go through the whole batch."""
    if database.dialect != "sqlite":
        pytest.skip("SQLite's plan")
    explain = f"EXPLAIN QUERY PLAN {many('job', 4)}"
    values = (*range(12), "batch_1", ANSWERED)
    plan = database.read(lambda c: c.exec_driver_sql(explain, values).all())
    assert "(batch=? AND number=?)" in " ".join(row[3] for row in plan)
