"""Groups of jobs in the ledger: counted, ended and told of once, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.errors import GroupClosed, GroupFull
from shared.groups.group import GroupState
from shared.jobs.failures import CANCELLED
from shared.jobs.job import JobState
from shared.jobs.moves import Result
from shared.store import redis_keys as keys
from tests.unit.workers.groups.world import World, failed


def test_closed_group_ends_with_its_last_job_and_is_told_of_once(world: World) -> None:
    first, second = world.queue(2)
    world.store.put("key1", "g", {"closed": "1", "reply_to": "http://127.0.0.1:1/cb"})
    world.end(first)
    world.keeper()()
    assert world.group().state is GroupState.CLOSED
    assert (world.group().under_way, world.group().completed) == (1, 1)
    world.end(second, failed())
    keepers = [world.keeper() for _ in range(3)]
    world.keep()
    world.clock.advance(1)
    for keeper in keepers:
        keeper()
        # Where the first died before it could say that it was at it.
        world.client.delete(keys.GROUPS_LEASE)
    [event] = world.told()
    assert event["type"] == "group.completed"
    assert (event["data"]["completed"], event["data"]["failed"]) == (1, 1)
    assert world.group().state is GroupState.ENDED
    assert 0 < world.client.pttl(keys.group("key1", "g")) <= 600_000
    with pytest.raises(GroupClosed):
        world.queue()


def test_open_group_ends_when_none_has_joined_for_a_while(world: World) -> None:
    [job] = world.queue()
    world.end(job)
    world.keep()
    keeper = world.keeper()
    for _ in range(2):
        keeper()
        assert world.group().state is GroupState.OPEN
        world.clock.advance(31)
    keeper()
    assert world.group().state is GroupState.ENDED
    # Nobody is to be told: it has no URL, and its owner no subscription.
    assert world.told() == []


def test_as_many_jobs_as_were_said_close_it(world: World) -> None:
    world.store.put("key1", "g", {"size": 2}, make=True)
    world.queue(2)
    assert world.group().state is GroupState.CLOSED
    with pytest.raises(GroupClosed):
        world.queue()


def test_group_has_at_most_so_many_jobs(world: World) -> None:
    world.queue(5)
    with pytest.raises(GroupFull):
        world.queue()
    assert world.group().jobs == 5


def test_cancelled_group_is_cancelled_whole(world: World) -> None:
    ids = world.queue(3)
    claim = world.deps.jobs.claim(ids[0], "chat.m", 5, "w")
    assert claim is not None
    world.store.put("key1", "g", {"closed": "1", "cancel": "1"})
    keeper = world.keeper()
    keeper()
    states = [job.state for job in map(world.deps.jobs.get, ids) if job is not None]
    assert states == [JobState.STARTED, JobState.EXECUTED, JobState.EXECUTED]
    world.deps.jobs.execute(ids[0], claim.attempt, Result.failure(CANCELLED, cancelled=True))
    world.deps.jobs.complete([job for job in map(world.deps.jobs.get, ids) if job is not None])
    world.keep()
    world.store.put("key1", "g", {"reply_to": "http://127.0.0.1:1/cb"})
    world.clock.advance(2)
    keeper()
    [event] = world.told()
    assert (event["type"], event["data"]["cancelled"]) == ("group.cancelled", 3)


def test_job_tried_again_gives_the_group_another_end(world: World) -> None:
    [job] = world.queue()
    world.store.put("key1", "g", {"closed": "1", "reply_to": "http://127.0.0.1:1/cb"})
    world.end(job, failed())
    world.keep()
    keeper = world.keeper()
    keeper()
    assert world.group().state is GroupState.ENDED
    found = world.deps.jobs.get(job)
    assert found is not None
    world.store.put("key1", "g", {"held_ms": 60_000})
    world.deps.jobs.retry(found)
    assert world.group().state is GroupState.CLOSED
    assert world.client.pttl(keys.group("key1", "g")) == -1
    world.end(job)
    world.keep()
    keeper()
    assert len(world.told()) == 1
    world.store.put("key1", "g", {"held_ms": 0})
    world.clock.advance(1)
    keeper()
    assert [(one["data"]["round"], one["data"]["completed"]) for one in world.told()] == [
        (0, 0),
        (1, 1),
    ]


def test_ends_that_nobody_told_are_found(world: World) -> None:
    silent, lost, waiting = world.queue(3)
    world.end(silent, tell=False)
    world.client.delete(keys.job(lost))
    assert world.group().under_way == 3
    world.clock.advance(31)
    world.keeper()()
    found = world.group()
    assert (found.under_way, found.completed, found.failed) == (1, 1, 1)
    assert world.store.jobs(found, [0], 10) == [waiting]


def test_cost_comes_from_the_history_once(world: World) -> None:
    [job] = world.queue()
    world.end(job)
    found = world.deps.jobs.get(job)
    assert found is not None
    assert world.deps.unstored.note_stored([found], {job: 70}) == {job}
    assert world.deps.unstored.note_stored([found], {job: 70}) == set()
    assert (world.group().cost_nanos, world.group().charged) == (70, 1)


def test_group_that_is_over_is_forgotten(world: World) -> None:
    [job] = world.queue()
    world.store.put("key1", "g", {"closed": "1"})
    world.end(job)
    world.keep()
    keeper = world.keeper()
    keeper()
    assert world.store.page("key1", 0, 10)[1] == 1
    world.client.delete(keys.group("key1", "g"), keys.group_jobs("key1", "g"))
    world.clock.advance(601)
    keeper()
    assert world.store.page("key1", 0, 10) == ([], 0)
    assert world.store.page(None, 0, 10) == ([], 0)
    assert world.client.zcard(keys.GROUPS) == 0


def test_how_many_run_now(world: World) -> None:
    ids = world.queue(3)
    assert world.store.started(world.group()) == 0
    world.deps.jobs.claim(ids[1], "chat.m", 5, "w")
    [other] = world.queue(group="")
    world.deps.jobs.claim(other, "chat.m", 5, "w")
    assert world.store.started(world.group()) == 1
    world.queue(group="h")
    assert world.store.all_started([world.group(), world.group("h")]) == [1, 0]


def test_groups_of_owners_are_apart(world: World) -> None:
    world.queue(2)
    world.queue(1, owner="key2")
    assert (world.group().jobs, len(world.store.page(None, 0, 9)[0])) == (2, 2)
    assert [one.owner for one in world.store.page("key2", 0, 9)[0]] == ["key2"]
    assert replace(world.group(), owner="key2") != world.store.find("key2", "g")
