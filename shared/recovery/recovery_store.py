"""The ledger's recovery: what the tick finds due, dead or missing, and puts back on its way.

Each command finds candidates in one call and moves each of them by its own atomic script, which
checks again. So several ticks at once, or one that dies half-way, do no harm.
"""

from __future__ import annotations

from shared.recovery.delayed import DelayedJobs
from shared.recovery.deliveries import DeliveryRecovery


class RecoveryStore(DelayedJobs, DeliveryRecovery):
    """Finds and moves what the tick is for. Raises redis.RedisError."""
