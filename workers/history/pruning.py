"""Deletes jobs from the history when their time has passed, a few at a time."""

from __future__ import annotations

import logging
from typing import Final

from workers.history.deps import HistoryDeps

log = logging.getLogger(__name__)

#: How often a process looks for old jobs (seconds).
INTERVAL_S: Final = 60.0
#: Most jobs of one transaction, and the pause to the next one (seconds): others write too.
_BATCH: Final = 500
_PAUSE_S: Final = 0.1
_DAY_MS: Final = 86_400_000


def prune(deps: HistoryDeps) -> None:
    """Delete what is older than the history reaches. Raises DatabaseUnavailable.

    Several processes at once do no harm: each deletes what is there.
    """
    days, deleted = deps.process.settings.history_days, 0
    while days:
        before_ms = round(deps.process.clock() * 1000) - days * _DAY_MS
        number = deps.history.prune(before_ms, _BATCH)
        deleted += number
        if number < _BATCH:
            break
        deps.process.sleep(_PAUSE_S)
    if deleted:
        log.info("history: %s jobs older than %s days deleted", deleted, days)
