"""How receivers are spared: attempts at once, rests after failures, and who waits meanwhile."""

from __future__ import annotations

import pytest
import redis

from shared.callbacks.delivery import DeliveryState, Health
from shared.callbacks.delivery_store import DeliveryStore
from shared.ledger.job_store import JobStore
from shared.recovery.recovery_store import RecoveryStore
from shared.store import redis_keys as keys
from tests.support.delivery_ledger import OTHER_URL, QUEUE, DeliveryLedger
from tests.support.factories import FakeClock, MessageLists


@pytest.fixture
def ledger(
    job_store: JobStore,
    delivery_store: DeliveryStore,
    recovery: RecoveryStore,
    lists: MessageLists,
    fake_clock: FakeClock,
) -> DeliveryLedger:
    return DeliveryLedger(job_store, delivery_store, recovery, lists, fake_clock)


def test_receiver_has_four_attempts_at_once_and_the_next_when_one_ends(
    ledger: DeliveryLedger,
) -> None:
    ledger.prove()
    ids = ledger.create(6)
    assert ledger.serve() == ids[:4]
    ledger.finish(ids[1], Health.ANSWERED)
    assert ledger.serve() == ids[4:5]
    ledger.finish(ids[0], Health.FAILED)
    assert ledger.serve() == ids[5:]


def test_receiver_nobody_knows_has_one_attempt_until_it_has_answered(
    ledger: DeliveryLedger,
) -> None:
    ids = ledger.create(6)
    assert ledger.serve() == ids[:1]
    ledger.finish(ids[0], Health.ANSWERED)
    assert ledger.serve() == ids[1:5]


def test_receiver_that_timed_out_has_one_attempt_at_once(ledger: DeliveryLedger) -> None:
    ledger.prove()
    ledger.fail(1, Health.TIMED_OUT)
    ids = ledger.create(3)
    assert ledger.serve() == ids[:1]
    ledger.finish(ids[0], Health.TIMED_OUT)
    assert ledger.serve() == ids[1:2]


def test_receivers_do_not_share_their_room(ledger: DeliveryLedger) -> None:
    ids, others = ledger.create(3), ledger.create(3, OTHER_URL)
    assert ledger.serve() == [ids[0], others[0]]


@pytest.mark.parametrize(
    ("url", "is_same"),
    [
        pytest.param("https://EXAMPLE.com.:8443/cb?x=/", True, id="another spelling and query"),
        pytest.param("https://example.com:08443/cb", True, id="a port with a zero"),
        pytest.param("https://example.com:8443/other", False, id="another path"),
        pytest.param("https://example.com:8443/CB", False, id="another case of the path"),
        pytest.param("http://example.com:8443/cb", False, id="another scheme"),
        pytest.param("https://example.com/cb", False, id="another port"),
    ],
)
def test_endpoint_is_scheme_host_port_and_path(
    ledger: DeliveryLedger, url: str, is_same: bool
) -> None:
    [first] = ledger.create(1)
    assert ledger.serve() == [first]
    others = ledger.create(1, url)
    assert ledger.serve() == ([] if is_same else others)


def test_parked_delivery_costs_no_attempt_and_no_try(ledger: DeliveryLedger) -> None:
    first, second = ledger.create(2)
    assert ledger.serve() == [first]
    parked = ledger.deliveries.get(second)
    assert parked is not None
    assert (parked.state, parked.attempt, parked.tries) == (DeliveryState.PENDING, 0, 0)
    # Nothing of it is in the way of others: no message, no due time.
    assert ledger.lists.ids(QUEUE) == []
    ledger.tick(1)
    assert ledger.recovery.repush_deliveries() == 0
    assert ledger.lists.ids(QUEUE) == []


def test_receiver_rests_after_five_failures_and_is_probed_by_one(ledger: DeliveryLedger) -> None:
    ledger.prove()
    ledger.fail(5)
    ids = ledger.create(6)
    assert ledger.serve() == []
    ledger.tick(59)
    assert ledger.serve() == []
    ledger.tick(2)
    assert ledger.serve() == ids[:1]
    ledger.tick(6)
    assert ledger.serve() == []
    ledger.finish(ids[0], Health.ANSWERED)
    assert ledger.serve() == ids[1:5]
    for job_id in ids[1:]:
        ledger.finish(job_id, Health.ANSWERED)
        ledger.serve()
    tries = [ledger.deliveries.get(job_id).tries for job_id in ids]  # type: ignore[union-attr]
    assert tries == [1] * 6


def test_receiver_rests_again_when_the_probe_fails(ledger: DeliveryLedger) -> None:
    ledger.fail(5)
    ids = ledger.create(2)
    ledger.serve()
    ledger.tick(60)
    assert ledger.serve() == ids[:1]
    ledger.finish(ids[0], Health.TIMED_OUT)
    assert ledger.serve() == []
    ledger.tick(59)
    assert ledger.serve() == []
    ledger.tick(2)
    assert ledger.serve() == ids[1:]


def test_receiver_does_not_rest_when_it_answers_in_between(ledger: DeliveryLedger) -> None:
    for _ in range(3):
        ledger.fail(4)
        ledger.prove()
    ids = ledger.create(4)
    assert ledger.serve() == ids


def test_refusal_by_policy_says_nothing_of_the_receiver(ledger: DeliveryLedger) -> None:
    ledger.fail(20, Health.UNKNOWN)
    [job_id] = ledger.create(1)
    assert ledger.serve() == [job_id]


def test_rest_ends_also_when_the_clock_was_set_back(ledger: DeliveryLedger) -> None:
    ledger.fail(5)
    ledger.clock.advance(-86_400)
    [job_id] = ledger.create(1)
    assert ledger.serve() == [job_id]


def test_room_of_a_dead_worker_is_free_again_when_its_lease_is_over(ledger: DeliveryLedger) -> None:
    first, second = ledger.create(2)
    assert ledger.serve() == [first]
    ledger.tick(10)
    assert set(ledger.lists.ids(QUEUE)) == {first, second}
    # One of them has the room; the other waits for it to end.
    [again] = ledger.serve()
    ledger.finish(again, Health.ANSWERED)
    assert ledger.serve() == [({first, second} - {again}).pop()]


def test_places_of_a_killed_worker_are_free_while_a_living_one_keeps_its_own(
    ledger: DeliveryLedger,
) -> None:
    ledger.prove()
    ids = ledger.create(6)
    assert ledger.serve() == ids[:4]
    mine = {ids[0]: ledger.claims[ids[0]].attempt}
    for _ in range(4):
        assert ledger.deliveries.renew(mine) == 1
        ledger.tick(3)
    served = ledger.serve()
    assert len(served) == 3
    assert ids[0] not in served
    # One that was given to another worker is not the killed one's to renew.
    assert ledger.deliveries.renew({served[0]: 0}) == 0


def test_attempt_without_a_lease_holds_no_room(
    ledger: DeliveryLedger, ledger_redis: redis.Redis
) -> None:
    first, second = ledger.create(2)
    assert ledger.serve() == [first]
    ledger_redis.zrem(keys.DELIVERIES_LEASES, first)
    ledger.tick(6)
    assert ledger.serve() == [second]


def test_message_lost_on_the_way_is_replaced_when_its_delivery_was_let_go(
    ledger: DeliveryLedger,
) -> None:
    first, second = ledger.create(2)
    assert ledger.serve() == [first]
    ledger.finish(first, Health.ANSWERED)
    assert ledger.lists.take(QUEUE) == second
    ledger.recovery.repush_deliveries()
    ledger.clock.advance(4)
    assert ledger.recovery.repush_deliveries() == 1
    assert ledger.serve() == [second]


def test_unproven_receiver_waits_while_the_worker_has_no_slot_for_such(
    ledger: DeliveryLedger,
) -> None:
    [unknown] = ledger.create(1)
    assert ledger.serve(unproven=False) == []
    ledger.prove(OTHER_URL)
    [known] = ledger.create(1, OTHER_URL)
    assert ledger.serve(unproven=False) == [known]
    ledger.tick(6)
    assert ledger.serve() == [unknown]


def test_unproven_receiver_waits_while_its_owner_has_all_slots_it_may_have(
    ledger: DeliveryLedger,
) -> None:
    [first] = ledger.create(1, owner="one")
    assert ledger.serve() == [first]
    whose = ledger.claims[first].index
    [again] = ledger.create(1, OTHER_URL, owner="one")
    [others] = ledger.create(1, OTHER_URL, owner="two")
    assert ledger.serve(but_of=[whose]) == [others]
    ledger.tick(6)
    assert ledger.serve() == [again]


def test_claim_of_the_same_call_is_given_again_when_its_answer_was_lost(
    ledger: DeliveryLedger,
) -> None:
    [job_id] = ledger.create(1)
    assert ledger.serve() == [job_id]
    assert ledger.claims[job_id].proven is False
    ledger.finish(job_id, Health.ANSWERED)
    [other] = ledger.create(1)
    assert ledger.serve() == [other]
    assert ledger.claims[other].proven is True


@pytest.mark.parametrize("how", ["replayed", "cancelled"])
def test_parked_delivery_leaves_the_queue_of_its_receiver_when_it_is(
    ledger: DeliveryLedger, how: str
) -> None:
    first, second, third = ledger.create(3)
    assert ledger.serve() == [first]
    if how == "replayed":
        ledger.deliveries.replay(ledger.job(second))
        assert ledger.lists.ids(QUEUE) == [second]
        assert ledger.serve() == []
    else:
        assert ledger.deliveries.cancel(ledger.job(second))
    ledger.finish(first, Health.ANSWERED)
    assert ledger.serve() == ([second, third] if how == "replayed" else [third])


def test_nothing_is_left_of_receivers_whose_deliveries_are_over(
    ledger: DeliveryLedger, ledger_redis: redis.Redis
) -> None:
    ids = ledger.create(5)
    served = ledger.serve()
    while served:
        for job_id in served:
            ledger.finish(job_id, Health.ANSWERED)
        served = ledger.serve()
    ledger.tick(6)
    assert ledger.recovery.wake_receivers() == 0
    left = set(ledger_redis.scan_iter("*endpoint*"))
    assert len(left) == 2  # what is known of it, and that it is one of those known
    assert all(ledger_redis.pttl(name) > 0 for name in left)
    assert ledger_redis.scard(keys.DELIVERIES_PARKED) == 0
    states = {ledger.deliveries.get(job_id).state for job_id in ids}  # type: ignore[union-attr]
    assert states == {DeliveryState.DELIVERED}


def test_next_delivery_is_handed_to_who_finishes_and_needs_no_message(
    ledger: DeliveryLedger,
) -> None:
    ledger.prove()
    ids = ledger.create(6)
    assert ledger.serve() == ids[:4]
    assert ledger.finish_and_take(ids[0]) == ids[4]
    assert ledger.lists.ids(QUEUE) == []
    assert ledger.deliveries.claim(ids[4]) is not None
    assert ledger.finish_and_take(ids[1]) == ids[5]
    assert ledger.finish_and_take(ids[2]) is None


def test_next_delivery_gets_a_message_when_who_took_it_dies(ledger: DeliveryLedger) -> None:
    first, second = ledger.create(2)
    assert ledger.serve() == [first]
    assert ledger.finish_and_take(first) == second
    ledger.recovery.repush_deliveries()
    ledger.clock.advance(4)
    assert ledger.recovery.repush_deliveries() == 1
    assert ledger.serve() == [second]


def test_next_deliveries_are_handed_over_while_more_are_let_go_to_a_receiver_now_proven(
    ledger: DeliveryLedger,
) -> None:
    ids = ledger.create(6)
    assert ledger.serve() == ids[:1]
    assert ledger.finish_and_take(ids[0]) == ids[1]
    assert ledger.lists.ids(QUEUE) == ids[2:5]
