"""The ids of callbacks: the epoch of their ledger, which nobody can know before, and a number."""

from __future__ import annotations

import re
from collections.abc import Iterable


def is_id_of(webhook_id: str, job_id: int) -> bool:
    """Whether this is the `webhook-id` of a job's callback."""
    return re.fullmatch(rf"msg_[0-9a-z]+_{job_id}", webhook_id) is not None


def the_one_id(webhook_ids: Iterable[str], job_id: int) -> str:
    """Return the id that all of them are, which is the job's."""
    (webhook_id,) = set(webhook_ids)
    assert is_id_of(webhook_id, job_id), webhook_id
    return webhook_id
