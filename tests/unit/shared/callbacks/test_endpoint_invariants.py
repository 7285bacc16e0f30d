"""Whatever happens to deliveries of many endpoints: nobody has too much, and nobody is lost."""

from __future__ import annotations

from collections import Counter
from typing import Any

import fakeredis
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shared.callbacks.delivery import DeliveryState, Health
from shared.callbacks.delivery_store import DeliveryStore
from shared.ledger.job_store import JobStore
from shared.recovery.recovery_store import RecoveryStore
from tests.support.delivery_ledger import QUEUE, DeliveryLedger
from tests.support.factories import FakeClock, MessageLists, new_settings

HOSTS = ["https://a.example", "https://b.example"]
OWNERS = ["key1", "key2", "key3"]
HOST_LIMIT, ENDPOINT_LIMIT = 5, 2
SETTINGS = new_settings(
    callback_host_limit=HOST_LIMIT,
    callback_endpoint_limit=ENDPOINT_LIMIT,
    callback_breaker_failures=2,
    callback_breaker_s=30,
    callback_lease_s=10,
)
ENDPOINTS = st.tuples(st.sampled_from(HOSTS), st.sampled_from("xyz"), st.sampled_from(OWNERS))


class Endpoints(RuleBasedStateMachine):
    """Deliveries come, are claimed, end in every way; workers die, messages are lost."""

    @initialize()
    def start(self) -> None:
        client = fakeredis.FakeStrictRedis(server=fakeredis.FakeServer())
        self.client, self.clock = client, FakeClock()
        self.ledger = DeliveryLedger(
            JobStore(client, SETTINGS, self.clock),
            DeliveryStore(client, SETTINGS, self.clock),
            RecoveryStore(client, SETTINGS, self.clock),
            MessageLists(client),
            self.clock,
        )
        self.endpoint_of: dict[int, tuple[str, str, str]] = {}
        #: What a killed worker has in hand: it holds its place until its lease is over.
        self.ended: set[int] = set()

    @rule(endpoint=ENDPOINTS, count=st.integers(1, 4))
    def create(self, endpoint: tuple[str, str, str], count: int) -> None:
        host, path, owner = endpoint
        for job_id in self.ledger.create(count, f"{host}/{path}", owner):
            self.endpoint_of[job_id] = endpoint

    @rule(unproven=st.booleans())
    def serve(self, unproven: bool) -> None:
        self.ledger.serve(unproven=unproven)

    @precondition(lambda self: self.ledger.claims)
    @rule(data=st.data(), health=st.sampled_from(list(Health)))
    def finish(self, data: Any, health: Health) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.ledger.claims)))
        self.ledger.finish(job_id, health)
        if health is Health.ANSWERED:
            self.ended.add(job_id)

    @precondition(lambda self: self.ledger.claims)
    @rule(data=st.data())
    def finish_and_drop_the_next(self, data: Any) -> None:
        """A worker dies before it claims what it was handed."""
        job_id = data.draw(st.sampled_from(sorted(self.ledger.claims)))
        self.ledger.finish_and_take(job_id)
        self.ended.add(job_id)

    @precondition(lambda self: self.ledger.claims)
    @rule(data=st.data())
    def kill_the_worker(self, data: Any) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.ledger.claims)))
        del self.ledger.claims[job_id]
        self.tick(11)

    @rule()
    def lose_a_message(self) -> None:
        self.ledger.lists.take(QUEUE)

    @precondition(lambda self: self.endpoint_of)
    @rule(data=st.data(), cancel=st.booleans())
    def cancel_or_replay(self, data: Any, cancel: bool) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.endpoint_of)))
        if cancel:
            if self.ledger.deliveries.cancel(self.ledger.job(job_id)):
                self.ended.add(job_id)
        elif str(self.ledger.deliveries.replay(self.ledger.job(job_id))) == "queued":
            self.ended.discard(job_id)

    @rule(after_s=st.sampled_from([1, 4, 8, 31, -40]))
    def tick(self, after_s: float) -> None:
        self.ledger.deliveries.renew({n: c.attempt for n, c in self.ledger.claims.items()})
        for _ in range(max(1, int(after_s // 5))):
            self.ledger.tick(after_s / max(1, int(after_s // 5)))
            self.ledger.deliveries.renew({n: c.attempt for n, c in self.ledger.claims.items()})
        self.ledger.recovery.repush_deliveries()

    @invariant()
    def nobody_has_more_than_their_places(self) -> None:
        flying = [self.endpoint_of[job_id] for job_id in self.ledger.claims]
        assert all(n <= ENDPOINT_LIMIT for n in Counter(flying).values())
        assert all(n <= HOST_LIMIT for n in Counter(host for host, _, _ in flying).values())

    def teardown(self) -> None:
        """All that is not over goes on, once its receivers answer."""
        for _ in range(200):
            for job_id in list(self.ledger.claims):
                self.ledger.finish(job_id, Health.ANSWERED)
                self.ended.add(job_id)
            self.tick(8)
            self.ledger.clock.advance(600)
            self.ledger.serve()
            if not self.ledger.claims and self.pending() == []:
                break
        assert self.pending() == []
        left = set(self.client.scan_iter("*endpoint*")) | set(self.client.scan_iter("*parked"))
        kept = (b"endpoint:https://", b"endpoint:\x1fknown", b"endpoint-host:", b"endpoints:wakes")
        assert all(name.startswith(kept) for name in left), left
        assert not any(name.endswith((b"parked", b"flight", b"turns")) for name in left), left

    def pending(self) -> list[int]:
        """Return what is not over."""
        found = map(self.ledger.deliveries.get, self.endpoint_of)
        return [one.id for one in found if one is not None and one.state is DeliveryState.PENDING]


Endpoints.TestCase.settings = hypothesis_settings(
    max_examples=25, stateful_step_count=40, deadline=None
)
TestEndpoints = Endpoints.TestCase
