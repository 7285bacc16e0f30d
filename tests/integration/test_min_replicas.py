"""A job is accepted when replicas have it: a real master, with and without its replica."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from shared.errors import LedgerUnavailable
from shared.ledger.job_store import JobStore
from shared.store.client import connect
from tests.support.factories import new_job, new_settings
from tests.support.servers.own_redis import start_redis
from tests.support.servers.redis_versions import servers

pytestmark = pytest.mark.integration


class Pair:
    """A master and its replica, which a test may stop."""

    def __init__(self, binary: Path, folder: Path, stack: ExitStack) -> None:
        self.ports: list[int] = []
        self.replica_folder = folder / "1"
        for number in range(2):
            own = folder / str(number)
            own.mkdir()
            more = ["--repl-diskless-sync-delay", "0"]
            if number:
                more += ["--replicaof", "127.0.0.1", str(self.ports[0])]
            process, port = start_redis(binary, own, *more)
            self.ports.append(port)
            stack.callback(process.wait, 20)
            stack.callback(process.kill)
            admin = redis.Redis(host="127.0.0.1", port=port)
            stack.callback(admin.close)
            setattr(self, "replica" if number else "master", admin)
        self.client = connect(f"redis://127.0.0.1:{self.ports[0]}", timeout_s=20, name="test")
        stack.callback(self.client.connection_pool.disconnect)
        self.client.set("k", "v")
        self.client.execute_command("WAIT", 1, 20_000)

    master: redis.Redis
    replica: redis.Redis


@pytest.fixture(params=servers())
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    with ExitStack() as stack:
        yield Pair(servers()[request.param], tmp_path, stack)


def test_accepted_job_is_in_the_replica_and_without_one_there_is_a_503(pair: Pair) -> None:
    new = new_job()
    store = JobStore(pair.client, new_settings(redis_min_replicas=1))
    job_id = store.accept(new).id
    assert pair.replica.hget(f"job:{job_id}", "state") == b"Queued"

    pair.replica.replicaof("NO", "ONE")
    with pytest.raises(LedgerUnavailable, match="0 of 1 replicas"):
        store.accept(new_job())
    # One that was known before is not promised either.
    with pytest.raises(LedgerUnavailable):
        store.accept(new)

    pair.replica.replicaof("127.0.0.1", str(pair.ports[0]))
    pair.client.set("k", "w")
    assert pair.client.execute_command("WAIT", 1, 20_000)
    again = store.accept(new)
    assert (again.id, again.is_new) == (job_id, False)


def test_nobody_waits_for_replicas_by_default(pair: Pair) -> None:
    pair.replica.replicaof("NO", "ONE")
    assert JobStore(pair.client, new_settings()).accept(new_job()).is_new
