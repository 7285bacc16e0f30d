"""The ledger, a keeper of groups, and who answers jobs."""

from __future__ import annotations

import json
from typing import Any

import redis

from shared.groups.group import Group
from shared.groups.store import GroupStore
from shared.history.reader import HistoryReader
from shared.jobs.failures import INTERNAL_ERROR
from shared.jobs.moves import Result
from shared.settings import Settings
from shared.store import redis_keys as keys
from tests.support import worker_deps
from tests.support.factories import FakeClock, new_job
from tests.support.worker_deps import Deps
from workers.groups.keeper import GroupDeps, GroupKeeper
from workers.history.keeper import Keeper

ANSWER = Result.response(b'{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}')


class World:
    """All of it, on one clock."""

    def __init__(
        self, client: redis.Redis, settings: Settings, clock: FakeClock, **more: Any
    ) -> None:
        self.client = client
        self.clock = clock
        self.deps: Deps = worker_deps.build(client, settings, clock, worker_deps.FakeLlm(), **more)
        self.store = GroupStore(client, settings, clock)
        self.history = Keeper(self.deps.keeping)

    def keeper(self) -> GroupKeeper:
        jobs = self.deps.jobs
        history = HistoryReader(self.deps.database)
        parts = (self.deps.process, self.store, jobs.reader, jobs.commands, history)
        return GroupKeeper(GroupDeps(*parts))

    def queue(self, number: int = 1, group: str = "g", **more: Any) -> list[int]:
        news = [new_job(group=group, **more) for _ in range(number)]
        return [one.id for one in self.deps.jobs.accept_all(news)]

    def end(self, job_id: int, result: Result = ANSWER, *, tell: bool = True) -> None:
        claim = self.deps.jobs.claim(job_id, "chat.m", 5, "w")
        assert claim is not None
        self.deps.jobs.execute(job_id, claim.attempt, result)
        job = self.deps.jobs.get(job_id)
        assert job is not None
        if not tell:
            # As a version that knows of no groups.
            self.client.hdel(keys.job(job_id), "group")
        self.deps.jobs.complete([job])
        if not tell:
            self.client.hset(keys.job(job_id), "group", "g")

    def keep(self) -> None:
        """Put what has ended into the history."""
        self.history()

    def group(self, name: str = "g") -> Group:
        found = self.store.find("key1", name)
        assert found is not None
        return found

    def told(self) -> list[dict[str, Any]]:
        last = int(self.client.get(keys.JOB_ID) or 0)  # type: ignore[arg-type]
        found = [self.deps.jobs.get(one) for one in range(1, last + 1)]
        return [json.loads(one.response or b"") for one in found if one is not None and one.event]


def failed() -> Result:
    return Result.failure(INTERNAL_ERROR)
