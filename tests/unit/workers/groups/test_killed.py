"""Who answers, completes, keeps and ends is killed on the way: a group's end is told of once."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

import pytest
import redis

from shared.database.database import Database
from shared.groups.group import GroupState
from shared.history.writer import HistoryWriter
from shared.settings import Settings
from shared.store import redis_keys as keys
from shared.store.client import connect
from tests.conftest import RedisServer
from tests.support.factories import START_MS, FakeClock, MessageLists
from tests.unit.workers.groups.world import ANSWER, World
from tests.unit.workers.killed import NEVER, killed_at
from workers.completion.run import complete_executed
from workers.groups.keeper import GroupKeeper

pytestmark = pytest.mark.integration

#: Not each of some hundred steps: it is odd, for what is before a word with Redis and what is
#: behind it take turns.
STRIDE = 7
#: Steps that it takes at least: claim, answer, completion, history, end.
LEAST_STEPS = 20


def _world(client: redis.Redis, settings: Settings, path: Path, now_ms: int) -> World:
    database = Database(f"sqlite:///{path}")
    kept = {"database": database, "history": HistoryWriter(database)}
    return World(client, settings, FakeClock(now_ms), **kept)


def _work(world: World, keeper: GroupKeeper) -> None:
    """Do all that workers do, once: what is due again, a job, its end, its row, its group's end."""
    recovery = world.deps.recovery
    recovery.reap_jobs()
    recovery.repush_jobs()
    job_id = MessageLists(world.client).take_chat("m")
    claim = world.deps.jobs.claim(job_id, "chat.m", 5, "w") if job_id else None
    if claim is not None:
        world.deps.jobs.execute(claim.id, claim.attempt, ANSWER)
    recovery.ring()
    complete_executed(world.deps.completion)
    world.keep()
    keeper()


@pytest.mark.parametrize("cancels", [False, True], ids=["completed", "cancelled"])
def test_end_is_told_of_once_wherever_they_die(
    redis_server: RedisServer,
    real_redis: redis.Redis,
    settings: Settings,
    tmp_path: Path,
    cancels: bool,
) -> None:
    Database(f"sqlite:///{tmp_path}/first.db").migrate()

    def work(path: Path, now_ms: int, times: int) -> None:
        client = connect(redis_server.url, timeout_s=60, name="tests")
        world = _world(client, settings, path, now_ms)
        keeper = world.keeper()
        # Those of who died are over.
        client.delete(keys.GROUPS_LEASE, keys.COMPLETION_LEASE)
        for _ in range(times):
            _work(world, keeper)
            # Longer than leases last, and what waits to be looked at again.
            world.clock.advance(60)

    for step in count(1, STRIDE):
        real_redis.flushall()
        path = Path(shutil.copy(tmp_path / "first.db", tmp_path / f"{step}.db"))
        world = _world(real_redis, settings, path, START_MS)
        first, _ = world.queue(2)
        if not cancels:
            world.end(first)
        fields = {"closed": "1", "reply_to": "http://127.0.0.1:1/cb"}
        world.store.put("key1", "g", {**fields, **({"cancel": "1"} if cancels else {})})

        was_killed = killed_at(step, lambda path=path: work(path, START_MS, 2))
        killed_at(NEVER, lambda path=path: work(path, START_MS + 240_000, 4))

        events = [event["type"] for event in world.told()]
        assert events == ["group.cancelled" if cancels else "group.completed"], step
        assert world.group().state is GroupState.ENDED, step
        assert (world.group().jobs, world.group().under_way) == (2, 0), step
        if not was_killed:
            break
    assert step > LEAST_STEPS
