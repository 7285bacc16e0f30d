"""The user of Redis that the deployment page gives is enough on every server, and not too much."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from cli.ports import free_port
from shared.ledger.job_store import JobStore
from shared.queues.names import chat_queue
from shared.store.address import read_address
from shared.store.client import connect
from tests.support.factories import new_job, new_settings
from tests.support.servers.redis_versions import servers
from workers.broker_pool import broker_pool

pytestmark = pytest.mark.integration

PAGE = Path(__file__).parents[2] / "docs" / "deployment.md"
[USER] = re.findall(r"^user replyto .*$", PAGE.read_text("utf-8"), re.MULTILINE)
DEFAULT_OFF = "user default off ~* &* +@all"


class Server:
    """A server with the page's user alone; it keeps an append-only file."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self.port = free_port()
        self._argv = [str(binary), str(folder / "redis.conf")]
        lines = [f"port {self.port}", "bind 127.0.0.1", f"dir {folder}", "logfile redis.log"]
        lines += ["appendonly yes", 'save ""', USER.replace(">password", ">pw"), DEFAULT_OFF]
        (folder / "redis.conf").write_text("\n".join(lines), "utf-8")
        self.url = f"redis://replyto:pw@127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._argv, stdout=subprocess.DEVNULL)
        patient = Retry(ConstantBackoff(0.05), 400)
        with redis.Redis(
            port=self.port, username="replyto", password="pw", retry=patient, protocol=2
        ) as asked:
            asked.execute_command("INFO", "server")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


@pytest.fixture(params=servers())
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    server = Server(servers()[request.param], tmp_path)
    yield server
    server.stop()


def test_user_of_the_page_is_enough_and_no_admin(server: Server) -> None:
    client = connect(server.url, timeout_s=20, name="test")
    jobs = JobStore(client, new_settings())
    job_id = jobs.accept(new_job()).id
    assert jobs.claim(job_id, chat_queue("m"), 5, "w") is not None
    assert client.client_unblock(1) == 0
    for command in (("FLUSHALL",), ("CONFIG", "GET", "dir"), ("KEYS", "*"), ("SHUTDOWN",)):
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.execute_command(*command)
    client.connection_pool.disconnect()


def test_workers_can_poll_and_end_their_polls_as_this_user(server: Server) -> None:
    pool = broker_pool(None, read_address(server.url), polls=False)
    with redis.Redis(connection_pool=pool) as client:
        assert int(client.client_id()) > 0
        assert client.brpop(["none"], 0.01) is None
    pool.disconnect()


def test_default_user_that_is_off_as_the_page_says_loses_nothing_at_a_restart(
    server: Server,
) -> None:
    """A bare `off` makes Redis 7.0 leave transactions of its own file out, as that user's."""
    client = connect(server.url, timeout_s=20, name="test")
    job_id = JobStore(client, new_settings()).accept(new_job()).id
    with client.pipeline(transaction=True) as pipe:
        pipe.set("a", 1).set("b", 2).execute()
    client.connection_pool.disconnect()
    server.stop()
    server.start()
    client = connect(server.url, timeout_s=20, name="test")
    assert JobStore(client, new_settings()).get(job_id) is not None
    assert client.mget("a", "b") == [b"1", b"2"]
    client.connection_pool.disconnect()
