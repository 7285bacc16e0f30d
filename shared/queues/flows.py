"""Flow keys: their parked jobs are let in, and how one stands is told.

The scripts that move its jobs take room with a key and give it back (`lua/includes/flows.lua`).
"""

from __future__ import annotations

import json
from typing import Final

from shared.jobs.job import Job
from shared.jobs.moves import FlowStanding
from shared.store import redis_keys as keys
from shared.store.base import Ledger
from shared.store.scripts import Call
from shared.wire.queueing.flow_control import Flow

#: Most jobs that one run of the script lets in, and most flows that are looked at in one go.
_AT_ONCE: Final = 200
_FLOWS: Final = 500
#: How long a flow with parked jobs is left alone at most (ms); as `lua/includes/flows.lua` has it.
_LOOK_MS: Final = 10_000

#: What the script completes to the keys of the lines.
_PREFIXES: Final = json.dumps(
    {
        "line": keys.LINE_PREFIX,
        "waiting": keys.WAITING_PREFIX,
        "turns": keys.TURNS_PREFIX,
        "drain": keys.drain(""),
        "job": keys.JOB_PREFIX,
    }
)


class FlowStore(Ledger):
    """Issues the commands about flow keys. Raises redis.RedisError."""

    def let_in_call(self, owner: str, key: str) -> Call:
        """Return the call that lets jobs in; to be sent along with the end of one with this key."""
        return Call(
            "let_in",
            [keys.DEADLINES, keys.QUEUE_PLACE, keys.GATES],
            [self._clock(), owner, key, _PREFIXES, self._settings.queue_window, _AT_ONCE],
        )

    def let_in(self) -> int:
        """Let jobs in whose flow is to be looked at now; return how many."""
        args = [self._clock(), _LOOK_MS, _FLOWS]
        names = self._scripts.run(Call("due_leases", [keys.FLOWS_DUE], args))
        calls = [self.let_in_call(*keys.flow_parts(name.decode())) for name in names]
        return sum(self._scripts.run_all(calls))

    def standing(self, job: Job) -> FlowStanding | None:
        """Return how the flow key of a job stands; None when it has none, or it is forgotten."""
        if not job.flow:
            return None
        parked = keys.flow_parked(job.owner, job.flow, job.flow_place)
        pipe = self._client.pipeline(transaction=False)
        pipe.hmget(keys.flow(job.owner, job.flow), "most", "rate", "period_ms")
        pipe.zcard(keys.flow(job.owner, job.flow, "running"))
        pipe.zcard(parked)
        pipe.zrank(parked, str(job.id))
        limits, running, waiting, before = pipe.execute()
        if limits[0] is None:
            return None
        flow = Flow(job.flow, *(int(number or 0) for number in limits))
        return FlowStanding(flow, running, waiting, before)
