"""The keys of deliveries, in the order in which the scripts of the ledger take them."""

from __future__ import annotations

from typing import Final

from shared.jobs.job import Job
from shared.queues import names as task_names
from shared.store import redis_keys as keys

#: The deliveries that are due, in whose order, and those whose message may be lost.
MESSAGES: Final = keys.message_list(task_names.CALLBACKS_QUEUE, 0)
LINE: Final = keys.line(task_names.CALLBACKS_QUEUE, 0)
MISSING: Final = keys.missing(task_names.CALLBACKS_QUEUE, 0)


def records(job: Job) -> list[str]:
    """Return KEYS 1-4: what lives and ends with the delivery."""
    return [
        keys.delivery(job.id),
        keys.delivery_log(job.id),
        keys.job(job.id),
        keys.ref(job.owner, job.ref_id),
    ]


def of_events(owner: str) -> list[str]:
    """Return what `create_delivery` works on to tell an owner's subscriptions of an event."""
    return [
        keys.callback_subscriptions(owner),
        keys.JOB_ID,
        keys.JOB_PREFIX,
        keys.DELIVERY_PREFIX,
        keys.deliveries_of(owner),
        keys.DELIVERIES_OWNERS,
    ]
