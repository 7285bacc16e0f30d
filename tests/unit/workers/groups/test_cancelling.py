"""Groups that are cancelled whole, whatever of them is slow, comes back or fails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.groups.group import Group, GroupState
from shared.jobs.job import JobState
from shared.jobs.moves import Retried
from shared.store import redis_keys as keys
from tests.unit.workers.groups.world import World, failed
from workers.groups import keeper as keeper_module


def test_jobs_that_do_not_end_hide_none_that_are_to_be_cancelled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "_JOBS", 2)
    monkeypatch.setattr(keeper_module, "_PAGES", 1)
    ids = world.queue(5)
    for job in ids[:3]:
        assert world.deps.jobs.claim(job, "chat.m", 5, "w") is not None
    world.store.put("key1", "g", {"closed": "1", "cancel": "1"})
    keeper = world.keeper()
    for _ in range(4):
        keeper()
        world.clock.advance(1.1)
    states = [job.state for job in map(world.deps.jobs.get, ids) if job is not None]
    assert states == [JobState.STARTED] * 3 + [JobState.EXECUTED] * 2


def test_none_comes_back_into_a_group_that_is_being_cancelled(world: World) -> None:
    bad, waiting = world.queue(2)
    world.store.put("key1", "g", {"closed": "1", "reply_to": "http://127.0.0.1:1/cb"})
    world.end(bad, failed())
    world.store.put("key1", "g", {"cancel": "1"})
    job = world.deps.jobs.get(bad)
    assert job is not None
    assert world.deps.jobs.retry(job) is Retried.CANCELLING
    # As one that has left the ledger, too: nothing of it stays there.
    ref, group_key = keys.ref("key1", job.ref_id), keys.job(bad)
    world.client.delete(group_key, ref)
    again = replace(job, request=b"{}", group="g")
    assert world.deps.jobs.retry(again, put_back=True) is Retried.CANCELLING
    assert world.client.exists(group_key, ref) == 0
    assert world.group().state is GroupState.CANCELLING
    keeper = world.keeper()
    keeper()
    world.deps.jobs.complete([one for one in [world.deps.jobs.get(waiting)] if one is not None])
    world.keep()
    world.clock.advance(31)
    keeper()
    [event] = world.told()
    assert (event["type"], event["data"]["cancelled"]) == ("group.cancelled", 1)
    # When that has ended it may, and the group is as it was before.
    assert world.deps.jobs.retry(again, put_back=True) is Retried.QUEUED
    assert world.group().state is GroupState.CLOSED


def test_group_whose_work_fails_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a", "b"):
        [job] = world.queue(group=name)
        world.store.put("key1", name, {"closed": "1"})
        world.end(job)
    world.keep()
    keeper, ends = world.keeper(), world.store.end
    wrong = [KeyError("x")] * 2

    def end(group: Group, now_ms: int) -> bool:
        if group.id == "a" and wrong:
            raise wrong.pop()
        return ends(group, now_ms)

    monkeypatch.setattr(world.store, "end", end)
    for _ in range(2):
        keeper()
        assert world.group("b").state is GroupState.ENDED
        assert world.group("a").state is not GroupState.ENDED
        world.clock.advance(31)
    assert [one for one in caplog.messages if "left out" in one] == [
        "group a: left out: KeyError: 'x'"
    ]
    keeper()
    assert world.group("a").state is GroupState.ENDED
