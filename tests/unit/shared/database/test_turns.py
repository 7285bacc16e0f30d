"""Of many who save at once, no more get through than an owner may have."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

import pytest
from sqlalchemy import Connection

from shared import conversations
from shared.batches import room
from shared.batches.batch import Batch, Status
from shared.batches.store import BatchStore
from shared.conversations import ConversationStore, Draft, Prompt
from shared.database.database import Database
from shared.errors import ServiceError
from shared.schedules import store as schedule_store
from shared.schedules.schedule import Schedule
from shared.schedules.store import ScheduleStore

pytestmark = [
    pytest.mark.integration,
    pytest.mark.parametrize("dialect", ["postgresql"], indirect=True),
]

_LARGE: Final = "x" * 600
#: So long one waits for the other before it commits: for ever, as the other waits for it.
_WAIT_S: Final = 1.0

Save = Callable[[Database, int, str], object]


def _conversation(database: Database, number: int, content: str) -> None:
    draft = Draft(f"c{number}", "", "m", 0, content, "")
    ConversationStore(database, most_bytes=1000).save("me", draft)


def _prompt(database: Database, number: int, value: str) -> None:
    ConversationStore(database, most_bytes=1000).save_prompt("me", Prompt(f"p{number}", "", value))


def _schedule(database: Database, number: int, request: str) -> None:
    new = Schedule(f"s_{number}", "me", "", "* * * * *", "UTC", "", request, number)
    ScheduleStore(database, most_bytes=1500).create(new)


def _batch(database: Database, number: int, _: str) -> None:
    new = Batch(
        id=f"batch_{number}",
        owner="me",
        status=Status.VALIDATING,
        created=1.0,
        endpoint="/v1/embeddings",
        input_file_id="file-1",
        expires_at=9,
    )
    BatchStore(database).create(new)


@pytest.fixture
def both_before_they_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two transactions meet when each has done all but commit."""
    barrier, write = threading.Barrier(2), Database.write

    def meeting(self: Database, work: Callable[[Connection], Any], *args: Any, **more: Any) -> Any:
        def whole(connection: Connection) -> Any:
            done = work(connection)
            with suppress(threading.BrokenBarrierError):
                barrier.wait(_WAIT_S)
            return done

        return write(self, whole, *args, **more)

    monkeypatch.setattr(Database, "write", meeting)


def _saved(database: Database, save: Save, text: str) -> int:
    """Save twice at once; return how often that went well."""

    def one(number: int) -> int:
        try:
            save(database, number, text)
        except ServiceError:
            return 0
        return 1

    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(one, range(2)))


@pytest.mark.usefixtures("both_before_they_commit")
@pytest.mark.parametrize("save", [_conversation, _prompt, _schedule])
def test_of_two_at_once_one_is_over_the_bound_in_bytes(database: Database, save: Save) -> None:
    assert _saved(database, save, _LARGE) == 1


@pytest.mark.usefixtures("both_before_they_commit")
@pytest.mark.parametrize("save", [_conversation, _prompt, _schedule, _batch])
def test_of_two_at_once_one_is_over_the_bound_in_number(
    database: Database, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "MOST", 1)
    monkeypatch.setattr(schedule_store, "_MOST", 1)
    monkeypatch.setattr(room, "_MOST", 1)
    assert _saved(database, save, "x") == 1
