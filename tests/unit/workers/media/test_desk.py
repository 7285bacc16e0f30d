"""Files of an attempt while their store is away: what is in hand waits, the rest is tried again."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
import redis

from shared.artifacts.artifact import Artifact
from shared.errors import (
    DatabaseUnavailable,
    Failure,
    ServiceError,
    StorageFull,
    StorageQuotaExceeded,
    StorageUnavailable,
)
from shared.operation import Operation
from tests.support.chunks import claim_of
from tests.support.factories import FakeClock, MessageLists, new_job, new_settings
from tests.support.worker_deps import FakeLlm, build
from workers.chat.run import run_chat
from workers.media import desk as desks
from workers.providers.base import Blame, ProviderCall, ProviderError
from workers.providers.media.answers import desk_of
from workers.routing.error_class import may_go_elsewhere, verdict

MADE = Artifact("file-1", "a", "ab" * 32, 3, "image/png", "output", "output", 0.0)


class Store:
    """Says no so many times, then keeps."""

    def __init__(self, noes: int) -> None:
        self.noes, self.asked = noes, 0
        self.dropped: list[str] = []

    def receive(self, pieces: Iterable[bytes], **_: Any) -> Artifact:
        self.asked += 1
        assert b"".join(pieces) == b"abc"
        if self.asked <= self.noes:
            raise StorageUnavailable
        return MADE

    def delete(self, artifact_id: str) -> bool:
        self.dropped.append(artifact_id)
        raise DatabaseUnavailable

    def link(self, *_: object) -> str:
        return "/artifacts/x"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desks, "_PAUSE_S", 0.0)


def desk(store: Store) -> desks.Desk:
    return desks.Desk(cast("Any", store), new_settings(), claim_of())


def test_a_picture_in_hand_waits_for_the_store() -> None:
    store = Store(3)
    assert desk(store).keep([b"abc"]).id == MADE.id
    assert store.asked == 4


def test_it_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desks, "_PATIENCE_S", -1.0)
    with pytest.raises(StorageUnavailable):
        desk(Store(3)).keep([b"abc"])


def test_what_streams_by_is_not_sent_twice() -> None:
    store = Store(1)
    with pytest.raises(StorageUnavailable):
        desk(store).keep(iter([b"abc"]))
    assert store.asked == 1


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (StorageUnavailable(), True),
        (StorageFull(), True),
        (DatabaseUnavailable(), True),
        (StorageQuotaExceeded(), False),
    ],
)
def test_our_own_failure_is_told_and_says_nothing_against_the_provider(
    error: ServiceError, passes: bool
) -> None:
    failed = desks.failed_files(error)
    assert (failed.failure.code, failed.failure.status) == (error.code, error.status)
    assert (failed.transient, failed.blame) == (passes, Blame.OURS)
    assert verdict(failed, failing=True) is None
    assert not may_go_elsewhere(failed)


def test_files_of_an_attempt_that_failed_go_with_it(
    fake_redis: redis.Redis, fake_clock: FakeClock, tmp_path: Path
) -> None:
    settings = new_settings(artifacts=str(tmp_path), storage_free_bytes=0, queue_limit=9)
    llm, failure = FakeLlm(), Failure(502, "server_error", "bad", "A picture is broken.")
    deps = build(fake_redis, settings, fake_clock, llm)

    def answer(call: ProviderCall, *, is_broken: bool) -> bytes:
        desk_of(call).keep([b"first"])
        if is_broken:
            raise ProviderError(failure, transient=False)
        return b"{}"

    for is_broken in (True, False):
        llm.answer = partial(answer, is_broken=is_broken)
        job_id = deps.jobs.accept(new_job(operation=Operation.IMAGE)).id
        MessageLists(fake_redis).take("chat.m")
        run_chat(deps.chat, job_id, "chat.m", 5)
        assert len(deps.artifacts.list("key1")) == (0 if is_broken else 1)


def test_a_store_that_is_away_keeps_them_until_they_expire() -> None:
    store = Store(0)
    one = desk(store)
    one.keep([b"abc"])
    one.drop_kept()
    assert store.dropped == [MADE.id]
