"""Keeps what was done in hand while the ledger cannot take it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from redis.exceptions import RedisError

from shared.store.client import is_outage
from workers.process import Process

log = logging.getLogger(__name__)

T = TypeVar("T")

#: How long (seconds): an answer may have been paid, a callback was sent.
_PATIENCE_S: Final = 600.0
_PAUSE_S: Final = 0.5


def patiently(process: Process, move: Callable[[], T]) -> T:
    """Make a move of the ledger, waiting out a time without Redis. Raises RedisError at the end."""
    until = process.monotonic() + _PATIENCE_S
    while True:
        try:
            return move()
        except RedisError as exc:
            if not is_outage(exc) or process.monotonic() > until:
                raise
            log.warning("ledger not reachable, result held in memory: %s", exc)
            process.sleep(_PAUSE_S)
