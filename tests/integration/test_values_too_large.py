"""A value that a server can never take is an error of what sends it, and no outage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from shared.jobs.moves import Claim, Result
from shared.ledger.chunk_store import START, ChunkStore
from shared.ledger.job_store import JobStore
from shared.queues.names import chat_queue
from shared.store.client import connect
from shared.store.refusals import ValueTooLarge, is_outage
from tests.support.factories import new_job, new_settings
from tests.support.servers.own_redis import start_redis
from tests.support.servers.redis_versions import servers
from workers.chat.relay import Relays

pytestmark = pytest.mark.integration

LIMIT = 2 * 1024 * 1024
TOO_LARGE = b"x" * (LIMIT + 1)


@pytest.fixture(params=servers())
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[redis.Redis]:
    limit = ("--proto-max-bulk-len", str(LIMIT))
    process, port = start_redis(servers()[request.param], tmp_path, *limit)
    client = connect(f"redis://127.0.0.1:{port}", timeout_s=20, name="test")
    try:
        yield client
    finally:
        client.connection_pool.disconnect()
        process.kill()
        process.wait(20)


def claimed(jobs: JobStore, *, streamed: bool = False) -> Claim:
    job_id = jobs.accept(new_job(streamed=streamed)).id
    claim = jobs.claim(job_id, chat_queue("m"), 5, "w")
    assert claim is not None
    return claim


def test_value_too_large_is_no_outage_and_leaves_the_connection(client: redis.Redis) -> None:
    number = client.client_id()
    jobs = JobStore(client, new_settings())
    with pytest.raises(ValueTooLarge, match=str(LIMIT)) as accept:
        jobs.accept(new_job(request=TOO_LARGE))
    claim = claimed(jobs)
    with pytest.raises(ValueTooLarge) as execute:
        jobs.execute(claim.id, claim.attempt, Result.response(TOO_LARGE))
    with pytest.raises(ValueTooLarge) as pipeline:
        client.pipeline(transaction=False).set("a", "b").set("k", TOO_LARGE).execute()
    assert not any(is_outage(caught.value) for caught in (accept, execute, pipeline))
    assert not client.exists("a")
    assert client.set("k", TOO_LARGE[:-1])
    assert client.client_id() == number


def test_stream_with_a_chunk_too_large_ends_and_the_others_go_on(client: redis.Redis) -> None:
    jobs, chunks = JobStore(client, new_settings()), ChunkStore(client)
    relays = Relays(chunks, lambda _: None)
    bad, good = relays.of(claimed(jobs, streamed=True)), relays.of(claimed(jobs, streamed=True))
    for relay in (bad, good):
        relay.send(b"first")
    bad.send(TOO_LARGE)
    good.send(b"second")
    relays.write_gathered()
    with pytest.raises(ValueTooLarge):
        bad.flush()
    good.flush()
    said = [chunk for entry in chunks.read_from(good.job_id, START) for chunk in entry.chunks]
    assert said == [b"first", b"second"]


def test_chunks_that_are_too_large_together_come_in_batches(client: redis.Redis) -> None:
    jobs, chunks = JobStore(client, new_settings()), ChunkStore(client)
    relay = Relays(chunks, lambda _: None).of(claimed(jobs, streamed=True))
    sent = [bytes([65 + number]) * 400_000 for number in range(12)]
    for chunk in sent:
        relay.send(chunk)
    relay.flush()
    said = [chunk for entry in chunks.read_from(relay.job_id, START) for chunk in entry.chunks]
    assert said == sent


@pytest.fixture
def forbidding(client: redis.Redis) -> Iterator[redis.Redis]:
    """A client whose user may not ask for the limits, as with hosted servers."""
    client.acl_setuser(
        "r", enabled=True, passwords=["+pw"], keys=["*"], commands=["+@all", "-config"]
    )
    port = client.connection_pool.connection_kwargs["port"]
    other = connect(f"redis://r:pw@127.0.0.1:{port}", timeout_s=20, name="test")
    yield other
    other.connection_pool.disconnect()


def test_server_that_does_not_tell_its_limit_is_understood_all_the_same(
    forbidding: redis.Redis,
) -> None:
    for size in (LIMIT + 1, 4 * LIMIT, 30 * LIMIT):
        with pytest.raises(ValueTooLarge):
            forbidding.set("k", b"x" * size)
    assert forbidding.set("k", TOO_LARGE[:-1])


def test_connection_that_breaks_at_a_large_value_and_then_takes_it_was_an_outage(
    forbidding: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []
    ask = type(forbidding)._ask  # type: ignore[attr-defined]

    def breaking(
        self: object, connection: object, args: tuple[object, ...], options: object
    ) -> object:
        sent.append(args[0])
        if len(sent) < 4 and args[0] == "SET":
            raise redis.ConnectionError("broken")
        return ask(self, connection, args, options)

    monkeypatch.setattr(type(forbidding), "_ask", breaking)
    assert forbidding.set("k", TOO_LARGE[:-1])
    assert sent == ["SET", "SET", "PING", "SET"]


def test_server_that_closes_without_a_word_is_judged_by_what_else_it_takes(
    forbidding: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = type(forbidding)._ask  # type: ignore[attr-defined]

    def closing(
        self: object, connection: object, args: tuple[object, ...], options: object
    ) -> object:
        if len(args[-1]) > LIMIT // 2:  # type: ignore[arg-type]
            raise redis.ConnectionError("closed")
        return ask(self, connection, args, options)

    monkeypatch.setattr(type(forbidding), "_ask", closing)
    with pytest.raises(ValueTooLarge, match="at each try"):
        forbidding.set("k", TOO_LARGE)
    assert forbidding.set("k", b"small")
