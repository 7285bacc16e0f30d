"""The relay: what is passed on arrives once, in order, and soon."""

from __future__ import annotations

import threading

import pytest
import redis

from shared.ledger.chunk_store import Batch
from tests.support.chunks import FakeChunkStore, claim_of, unreachable, wrong
from workers.chat.relay import Relay, Relays, StreamRefused


@pytest.fixture
def store() -> FakeChunkStore:
    return FakeChunkStore()


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def relays(store: FakeChunkStore, pauses: list[float]) -> Relays:
    return Relays(store, pauses.append)  # type: ignore[arg-type]


@pytest.fixture
def relay(relays: Relays) -> Relay:
    return relays.of(claim_of())


def test_first_chunk_is_written_at_once(store: FakeChunkStore, relay: Relay) -> None:
    relay.send(b"1")
    assert store.calls == [[Batch(7, 1, 1, [b"1"])]]


def test_later_chunks_gather_and_are_written_together(
    store: FakeChunkStore, relays: Relays, relay: Relay
) -> None:
    for text in (b"1", b"2", b"3"):
        relay.send(text)
    assert store.said() == [b"1"]
    relays.write_gathered()
    assert store.batches() == [[b"1"], [b"2", b"3"]]


def test_many_streams_are_written_in_one_round_trip(store: FakeChunkStore, relays: Relays) -> None:
    many = [relays.of(claim_of(number)) for number in range(1, 6)]
    for relay in many:
        relay.send(b"1")
        relay.send(b"2")
    del store.calls[:]
    relays.write_gathered()
    assert [[batch.job_id for batch in call] for call in store.calls] == [[1, 2, 3, 4, 5]]


def test_nothing_is_written_when_nothing_has_gathered(
    store: FakeChunkStore, relays: Relays, relay: Relay
) -> None:
    relay.send(b"1")
    relay.send(b"2")
    relays.write_gathered()
    relays.write_gathered()
    assert store.batches() == [[b"1"], [b"2"]]


@pytest.mark.parametrize(
    "failures",
    [
        pytest.param([unreachable], id="the first chunk finds no ledger"),
        pytest.param([lambda: None, unreachable], id="the second does not"),
        pytest.param([lambda: None, unreachable, unreachable], id="it stays away"),
    ],
)
def test_order_is_kept_when_the_ledger_was_away(
    store: FakeChunkStore, relays: Relays, relay: Relay, failures: list[object]
) -> None:
    store.plan = list(failures)  # type: ignore[arg-type]
    for number in range(6):
        relay.send(b"%d" % number)
        relays.write_gathered()
    relay.flush()
    assert store.said() == [b"0", b"1", b"2", b"3", b"4", b"5"]


def test_batch_whose_answer_was_lost_comes_again_unchanged(
    store: FakeChunkStore, relays: Relays, relay: Relay
) -> None:
    """It may have arrived: with more in it, the ledger would take all for what it has."""
    store.plan = [lambda: None, unreachable]
    relay.send(b"1")
    relay.send(b"2")
    relays.write_gathered()
    relay.send(b"3")
    relay.flush()
    assert store.calls[1] == store.calls[2] == [Batch(7, 1, 2, [b"2"])]
    assert store.calls[3] == [Batch(7, 1, 3, [b"3"])]


def test_first_chunk_counts_as_passed_on_when_its_answer_was_lost(
    store: FakeChunkStore, relay: Relay
) -> None:
    store.plan = [unreachable]
    relay.send(b"1")
    assert relay.begun


def test_relay_has_not_begun_before_its_first_chunk(relay: Relay) -> None:
    relay.flush()
    assert not relay.begun


def test_flush_waits_until_the_ledger_is_back(
    store: FakeChunkStore, relay: Relay, pauses: list[float]
) -> None:
    relay.send(b"1")
    relay.send(b"2")
    store.plan = [unreachable, unreachable, unreachable]
    relay.flush()
    assert store.said() == [b"1", b"2"]
    assert len(pauses) == 3


def test_error_that_is_no_outage_is_raised(store: FakeChunkStore, relay: Relay) -> None:
    store.plan = [wrong]
    with pytest.raises(redis.ResponseError):
        relay.send(b"1")


def test_refusal_stops_the_attempt(store: FakeChunkStore, relays: Relays, relay: Relay) -> None:
    relay.send(b"1")
    store.refused.add(7)
    relay.send(b"2")
    relays.write_gathered()
    for _ in range(2):
        with pytest.raises(StreamRefused):
            relay.send(b"3")
    with pytest.raises(StreamRefused):
        relay.flush()
    assert store.said() == [b"1"]


def test_refusal_of_one_stream_is_none_of_the_others(store: FakeChunkStore, relays: Relays) -> None:
    mine, other = relays.of(claim_of(7)), relays.of(claim_of(8))
    for relay in (mine, other):
        relay.send(b"1")
        relay.send(b"2")
    store.refused.add(7)
    relays.write_gathered()
    other.send(b"3")
    other.flush()
    assert store.said(8) == [b"1", b"2", b"3"]
    with pytest.raises(StreamRefused):
        mine.flush()


def test_refusal_of_the_first_chunk_is_raised_at_once(store: FakeChunkStore, relay: Relay) -> None:
    store.refused.add(7)
    with pytest.raises(StreamRefused):
        relay.send(b"1")


def test_flush_returns_only_when_the_batch_in_flight_has_arrived(
    store: FakeChunkStore, relays: Relays, relay: Relay
) -> None:
    """Else the job's end could overtake its last words."""
    on_its_way, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        on_its_way.set()
        assert go_on.wait(60)

    relay.send(b"1")
    relay.send(b"2")
    store.plan = [wait]
    writer = threading.Thread(target=relays.write_gathered)
    writer.start()
    assert on_its_way.wait(60)
    relay._pending.append(b"3")
    flusher = threading.Thread(target=relay.flush)
    flusher.start()
    flusher.join(0.05)
    assert flusher.is_alive()
    go_on.set()
    writer.join(60)
    flusher.join(60)
    assert store.said() == [b"1", b"2", b"3"]
