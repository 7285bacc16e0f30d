"""Waits until replicas have what was written: what one of them has outlives its master."""

from __future__ import annotations

from typing import Any, Final

import redis

from shared.errors import LedgerUnavailable
from shared.store import redis_keys as keys

#: Less than a gateway waits for any answer of Redis (milliseconds).
_LONGEST_WAIT_MS: Final = 1000


def confirm(client: redis.Redis, replicas: int) -> None:
    """Wait until so many replicas have all that was written so far, by whatever connection.

    WAIT speaks of the writes of its own connection, so one that changes nothing goes before it
    (https://redis.io/docs/latest/commands/wait/). Raises LedgerUnavailable when there
    are fewer in time.
    """
    pipe = client.pipeline(transaction=False)
    pipe.incrby(keys.JOB_ID, 0)
    pipe.execute_command("WAIT", replicas, _LONGEST_WAIT_MS)  # type: ignore[no-untyped-call]
    answer: Any = pipe.execute()
    if int(answer[1]) < replicas:
        raise LedgerUnavailable(
            f"Only {answer[1]} of {replicas} replicas of the store have the job; try again, "
            "best with a RefId.",
            retry_after_s=1,
        )
