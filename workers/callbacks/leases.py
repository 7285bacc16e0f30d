"""Keeps the leases of the attempts that this process makes.

A lease is shorter than an attempt may take: what a killed worker had in hand is soon sent again,
and its places at the receivers are soon free.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from shared.callbacks.delivery import DeliveryClaim
from shared.callbacks.delivery_store import DeliveryStore


@dataclass(slots=True)
class _Held:
    claim: DeliveryClaim
    #: Until then nobody else can have the delivery (monotonic seconds).
    until_s: float


class Leases:
    """The attempts that run here, by delivery id. `lease_s`: how long a lease is good for."""

    def __init__(
        self,
        deliveries: DeliveryStore,
        lease_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._deliveries = deliveries
        self._lease_s = lease_s
        self._monotonic = monotonic
        self._held: dict[int, _Held] = {}

    @contextmanager
    def held(self, claim: DeliveryClaim, asked_s: float) -> Iterator[None]:
        """Have the attempt's lease renewed while the block runs. `asked_s`: before the claim."""
        self._held[claim.id] = _Held(claim, asked_s + self._lease_s)
        try:
            yield
        finally:
            # A later attempt at the same delivery may run here by now.
            if self._is_known(claim):
                del self._held[claim.id]

    def is_still_ours(self, claim: DeliveryClaim) -> bool:
        """Whether the attempt may be sent: nobody else has its delivery by now.

        Redis is asked only when so much time has passed, as in a process that was frozen, that the
        lease may have run out. Raises redis.RedisError.
        """
        if self._is_known(claim) and self._monotonic() < self._held[claim.id].until_s:
            return True
        return self._deliveries.renew({claim.id: claim.attempt}) == 1

    def renew(self) -> None:
        """Renew all of them in one round trip. Raises redis.RedisError.

        A lease that is lost is no reason to break the attempt off: whether the receiver has the
        callback already nobody knows, and its `webhook-id` tells it that two are the same.
        """
        held, asked_s = dict(self._held), self._monotonic()
        if not held:
            return
        renewed = self._deliveries.renew({name: one.claim.attempt for name, one in held.items()})
        if renewed == len(held):
            for one in held.values():
                one.until_s = asked_s + self._lease_s

    def claims(self) -> list[DeliveryClaim]:
        """Return the claims of all attempts that run."""
        return [held.claim for held in self._held.values()]

    def _is_known(self, claim: DeliveryClaim) -> bool:
        held = self._held.get(claim.id)
        return held is not None and held.claim.attempt == claim.attempt
