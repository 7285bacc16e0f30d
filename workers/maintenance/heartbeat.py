"""Says in Redis that this worker process lives, what it serves and what it does."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Final

from shared import redis_keys
from workers.deps import Deps

INTERVAL_S: Final = 5.0
#: Most jobs that are named as running.
_SHOWN: Final = 10
_LIVES_S: Final = 3 * INTERVAL_S


def beat(deps: Deps, queues: Sequence[str]) -> None:
    """Renew this process's entry."""
    entry = {
        "name": deps.worker_name,
        "pid": os.getpid(),
        "queues": sorted(queues),
        **deps.traffic.counts,
        "runningJobs": len(deps.running.leased()),
        "running": [
            {"job": job_id, "since": since_s} for job_id, since_s in deps.running.oldest(_SHOWN)
        ],
    }
    key = redis_keys.worker(deps.worker_name)
    deps.redis.set(key, json.dumps(entry), px=round(_LIVES_S * 1000))


def fall_silent(deps: Deps) -> None:
    """Take this process's entry away: it stops."""
    deps.redis.delete(redis_keys.worker(deps.worker_name))
