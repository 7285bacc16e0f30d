"""Endpoints and owners behind one host: who hangs takes no place from who answers."""

from __future__ import annotations

import pytest
import redis

from shared.callbacks.delivery import DeliveryState, Health
from shared.callbacks.delivery_store import DeliveryStore
from shared.ledger.job_store import JobStore
from shared.recovery.recovery_store import RecoveryStore
from shared.store import redis_keys as keys
from tests.support.delivery_ledger import QUEUE, DeliveryLedger
from tests.support.factories import FakeClock, MessageLists

HOST = "https://hooks.example.com"
#: The default of REPLYTO_CALLBACK_HOST_LIMIT.
CAP = 100


@pytest.fixture
def ledger(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    recovery: RecoveryStore,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> DeliveryLedger:
    return DeliveryLedger(job_store, delivery_store, recovery, lists, fake_clock)


def spread(
    ledger: DeliveryLedger, kind: str, paths: int, each: int = 1, owner: str = "key1"
) -> list[int]:
    """Create callbacks to so many paths of the host, one of each in turn."""
    return [
        job_id
        for _ in range(each)
        for n in range(paths)
        for job_id in ledger.create(1, f"{HOST}/{kind}/{n}", owner)
    ]


def finish_all(ledger: DeliveryLedger, ids: list[int], health: Health) -> None:
    for job_id in ids:
        ledger.finish(job_id, health)


@pytest.mark.parametrize("other", ["key1", "key2"])
def test_healthy_paths_are_served_at_once_beside_forty_that_hang(
    ledger: DeliveryLedger, other: str
) -> None:
    hanging, healthy = spread(ledger, "hangs", 40), spread(ledger, "answers", 40, 2, other)
    delivered: list[int] = []
    while going := [job_id for job_id in ledger.serve() if job_id in healthy]:
        assert len(ledger.claims) <= CAP
        finish_all(ledger, going, Health.ANSWERED)
        delivered += going
    assert sorted(delivered) == healthy
    assert set(ledger.claims) == set(hanging)


def test_paths_that_begin_to_hang_leave_places_to_those_that_answer(ledger: DeliveryLedger) -> None:
    for kind in ("hangs", "answers"):
        spread(ledger, kind, 40)
        while going := ledger.serve():
            finish_all(ledger, going, Health.ANSWERED)
    hanging = spread(ledger, "hangs", 40, 3)
    held = ledger.serve()
    assert {"/hangs/39"} <= {claim.url.removeprefix(HOST) for claim in ledger.claims.values()}
    healthy = spread(ledger, "answers", 40)
    delivered: list[int] = []
    while going := [job_id for job_id in ledger.serve() if job_id in healthy]:
        finish_all(ledger, going, Health.ANSWERED)
        delivered += going
    assert sorted(delivered) == healthy
    assert len(held) < CAP
    assert set(held) < set(hanging)


def test_owner_who_fills_a_host_leaves_places_to_another(ledger: DeliveryLedger) -> None:
    spread(ledger, "hangs", 80)
    assert len(ledger.serve()) == 75
    others = spread(ledger, "answers", 10, owner="key2")
    assert ledger.serve() == others


def test_paths_that_timed_out_have_a_quarter_of_their_host_together(ledger: DeliveryLedger) -> None:
    spread(ledger, "hangs", 60)
    finish_all(ledger, ledger.serve(), Health.TIMED_OUT)
    assert ledger.serve() == []
    spread(ledger, "hangs", 60)
    assert len(ledger.serve()) == CAP // 4


def test_path_that_hangs_rests_and_its_host_does_not(ledger: DeliveryLedger) -> None:
    for _ in range(5):
        spread(ledger, "hangs", 1)
        finish_all(ledger, ledger.serve(), Health.TIMED_OUT)
    spread(ledger, "hangs", 1)
    healthy = spread(ledger, "answers", 5)
    same_path_of_another = spread(ledger, "hangs", 1, owner="key2")
    assert ledger.serve() == [*healthy, *same_path_of_another]


def test_host_that_cannot_be_reached_rests_as_a_whole_and_is_probed_by_one(
    ledger: DeliveryLedger,
) -> None:
    for n in range(5):
        [job_id] = spread(ledger, f"cb{n}", 1)
        assert ledger.serve() == [job_id]
        ledger.finish(job_id, Health.UNREACHED)
    ids = [*spread(ledger, "a", 3), *spread(ledger, "b", 3, owner="key2")]
    assert ledger.serve() == []
    ledger.tick(59)
    assert ledger.serve() == []
    ledger.tick(2)
    [probe] = ledger.serve()
    ledger.tick(6)
    assert ledger.serve() == []
    ledger.finish(probe, Health.ANSWERED)
    assert sorted(ledger.serve()) == [job_id for job_id in ids if job_id != probe]


def test_any_answer_of_a_host_ends_its_failures_in_a_row(ledger: DeliveryLedger) -> None:
    for _ in range(3):
        for health in (*[Health.UNREACHED] * 4, Health.TIMED_OUT):
            [job_id] = spread(ledger, "cb", 1)
            assert ledger.serve() == [job_id]
            ledger.finish(job_id, health)
        ledger.clock.advance(61)


def test_owners_take_turns_at_a_full_host(ledger: DeliveryLedger) -> None:
    """Who comes later does not wait for all that another has there."""
    spread(ledger, "answers", 60, 2)
    first = ledger.serve()
    late = spread(ledger, "answers", 10, owner="key2")
    served = 0
    while set(late) & set(ledger.claims) != set(late):
        finish_all(ledger, first[:1], Health.ANSWERED)
        first = [*first[1:], *ledger.serve()]
        served += 1
        assert served < 40


def test_endpoints_take_turns_within_an_owner(ledger: DeliveryLedger) -> None:
    spread(ledger, "hangs", 80)
    first = ledger.serve()
    crowd = ledger.create(30, f"{HOST}/crowd")
    [one] = ledger.create(1, f"{HOST}/one")
    assert ledger.serve() == []
    finish_all(ledger, first[:10], Health.TIMED_OUT)
    served = ledger.serve()
    assert one in served
    assert len(set(crowd) & set(served)) == 1


def test_no_more_is_known_than_a_thousand_endpoints_of_an_owner(
    ledger: DeliveryLedger, ledger_redis: redis.Redis
) -> None:
    known = f"{keys.ENDPOINT_PREFIX}\x1fknown\x1fdeliveries:of:key1"
    made_up = {f"made-up-{n}": ledger.clock.now_ms - 1_000 + n for n in range(999)}
    ledger_redis.zadd(known, made_up)
    for name in made_up:
        ledger_redis.hset(name, "proven", 1)
    for owner in ("key1", "key1", "key2"):
        [job_id] = ledger.create(1, f"{HOST}/{ledger.clock.now_ms}", owner)
        assert ledger.serve() == [job_id]
        ledger.finish(job_id, Health.ANSWERED)
    left = [name for name in made_up if ledger_redis.exists(name)]
    assert left == list(made_up)[1:]
    assert ledger_redis.zcard(known) == 1_000
    records = list(ledger_redis.scan_iter(f"{keys.ENDPOINT_PREFIX}https*"))
    assert len(records) == 3
    assert all(ledger_redis.pttl(name) > 0 for name in [known, *records])


def test_very_long_paths_do_not_make_very_long_keys(
    ledger: DeliveryLedger, ledger_redis: redis.Redis
) -> None:
    first, second = ledger.create(2, f"{HOST}/{'x' * 5_000}")
    assert ledger.serve() == [first]
    ledger.finish(first, Health.ANSWERED)
    assert ledger.serve() == [second]
    assert max(map(len, ledger_redis.scan_iter("endpoint*"))) < 600


def test_deliveries_that_an_older_version_parked_go_on(
    ledger: DeliveryLedger, ledger_redis: redis.Redis
) -> None:
    first, second = ledger.create(2)
    for place, job_id in enumerate((first, second)):
        assert ledger.lists.take(QUEUE) == job_id
        ledger_redis.zrem(keys.line(QUEUE, 0), job_id)
        ledger_redis.zadd(keys.parked_by_receiver("example.com:8443"), {str(job_id): place})
    ledger_redis.zadd(keys.RECEIVERS_WAKES, {"example.com:8443": ledger.clock.now_ms + 5_000})
    ledger_redis.sadd(f"{keys.RECEIVER_PREFIX}example.com:8443\x1fflight", first)
    ledger.tick(4)
    assert ledger.serve() == []
    ledger.tick(2)
    assert ledger.serve() == [first]
    ledger.finish(first, Health.ANSWERED)
    assert ledger.serve() == [second]
    assert not ledger_redis.exists(keys.RECEIVERS_WAKES)


def test_attempt_of_a_killed_worker_of_an_older_version_is_made_again(
    ledger: DeliveryLedger, ledger_redis: redis.Redis
) -> None:
    [job_id] = ledger.create(1)
    assert ledger.serve() == [job_id]
    # As that version holds it: in the receiver's flight, not in the host's.
    ledger_redis.delete(f"{keys.HOST_PREFIX}example.com:8443\x1fflight")
    flight = f"{keys.RECEIVER_PREFIX}example.com:8443\x1fflight"
    ledger_redis.sadd(flight, job_id)
    ledger.tick(11)
    assert ledger.serve() == [job_id]
    assert not ledger_redis.exists(flight)


def test_count_of_those_that_wait_is_right_wherever_they_go(
    ledger: DeliveryLedger, ledger_redis: redis.Redis
) -> None:
    ids = ledger.create(5)
    assert ledger.serve() == ids[:1]
    assert ledger_redis.scard(keys.DELIVERIES_PARKED) == 4
    ledger.deliveries.cancel(ledger.job(ids[1]))
    ledger.deliveries.replay(ledger.job(ids[2]))
    assert ledger_redis.scard(keys.DELIVERIES_PARKED) == 2
    ledger.serve()
    ledger.finish(ids[0], Health.ANSWERED)
    assert sorted(ledger.serve()) == ids[2:]
    assert ledger_redis.scard(keys.DELIVERIES_PARKED) == 0
    states = {ledger.deliveries.get(job_id).state for job_id in ids[2:]}  # type: ignore[union-attr]
    assert states == {DeliveryState.PENDING}
