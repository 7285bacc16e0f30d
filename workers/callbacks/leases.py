"""Keeps the leases of the attempts that this process makes.

A lease is shorter than an attempt may take: what a killed worker had in hand is soon sent again,
and its places at the receivers are soon free.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shared.delivery import DeliveryClaim
from shared.delivery_store import DeliveryStore


class Leases:
    """The attempts that run here."""

    def __init__(self, deliveries: DeliveryStore) -> None:
        self._deliveries = deliveries
        self._held: dict[int, DeliveryClaim] = {}

    @contextmanager
    def held(self, claim: DeliveryClaim) -> Iterator[None]:
        """Have the attempt's lease renewed while the block runs."""
        self._held[claim.id] = claim
        try:
            yield
        finally:
            # A later attempt at the same delivery may run here by now.
            if self._held.get(claim.id) is claim:
                del self._held[claim.id]

    def renew(self) -> None:
        """Renew all of them in one round trip. Raises redis.RedisError.

        A lease that is lost is no reason to break the attempt off: whether the receiver has the
        callback already nobody knows, and its `webhook-id` tells it that two are the same.
        """
        if self._held:
            attempts = {claim.id: claim.attempt for claim in self._held.values()}
            self._deliveries.renew(attempts)

    def claims(self) -> list[DeliveryClaim]:
        """Return the claims of all attempts that run."""
        return list(self._held.values())
