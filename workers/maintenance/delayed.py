"""Jobs that wait apart from the lines, for a moment or for their flow key: they go into them.

Runs in every completion worker, more often than the tick: a job is due to the second.
"""

from __future__ import annotations

from typing import Final

from workers.maintenance.recovery import TickDeps

#: How often it is looked for them, and the pause between two slices of many (seconds).
DELAYED_S: Final = 0.25
_PAUSE_S: Final = 0.005


def bring_forward(deps: TickDeps) -> None:
    """Put all that is due in line, slice by slice. Raises redis.RedisError."""
    with deps.complaints.about("delayed jobs"):
        while deps.recovery.bring_forward():
            deps.process.sleep(_PAUSE_S)
    with deps.complaints.about("flow keys"):
        deps.recovery.let_in_flows()
