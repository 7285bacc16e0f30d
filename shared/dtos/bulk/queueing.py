"""The fields of calls that nobody waits for: when they run, and how many at once."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from shared.dtos.base import Dto
from shared.dtos.fields import GROUP_ID, RUN_AFTER, RunAfter, Text, zero_is_absent

#: Numbers as JSON and forms have them; `shared/wire/queueing/flow_control.py` reads them.
Parallel = Annotated[
    Annotated[int, Field(ge=1, le=100_000)] | None, BeforeValidator(zero_is_absent)
]
Rate = Annotated[
    Annotated[str, Field(max_length=64)] | None,
    BeforeValidator(lambda value: None if value in (None, "") else str(value)),
]

FLOW_KEY: Final = "Jobs of yours with the same key share `maxParallel` and `rate`."
MAX_PARALLEL: Final = "Most jobs with this flow key that run at once; the last job says."
PRIORITY: Final = "`high`, `normal` or `low`, within what the key may."
RATE: Final = "How many jobs with this flow key may begin in how long: `10/s`, `60/m`, `500/h`."


class Queued(Dto):
    """What says when a queued call runs."""

    run_after: RunAfter = Field(None, alias="runAfter", description=RUN_AFTER)
    flow_key: Text = Field(None, alias="flowKey", description=FLOW_KEY)
    max_parallel: Parallel = Field(None, alias="maxParallel", description=MAX_PARALLEL)
    rate: Rate = Field(None, alias="rate", description=RATE)
    priority: Text = Field(None, alias="priority", description=PRIORITY)
    group_id: Text = Field(None, alias="groupId", description=GROUP_ID)
