"""What sending callbacks needs."""

from __future__ import annotations

from dataclasses import dataclass

from shared.callbacks.delivery_store import DeliveryStore
from shared.callbacks.samples import CallbackTestStore
from shared.ledger.reader import Reader
from workers.callbacks.leases import Leases
from workers.callbacks.sender import Sender
from workers.callbacks.signing_keys import SigningKeys
from workers.callbacks.slots import Slots
from workers.process import Process


@dataclass(frozen=True, slots=True)
class CallbackDeps:
    """The deliveries, the jobs that they tell of, and who sends and signs."""

    process: Process
    jobs: Reader
    deliveries: DeliveryStore
    tests: CallbackTestStore
    sender: Sender
    signing_keys: SigningKeys
    slots: Slots
    leases: Leases
