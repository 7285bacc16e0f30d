"""Lets what is wrong with one of many hold up no other, and says it once.

A row that another version wrote, or a hand, may make its work fail each time. What concerns all, a
Redis or a database that is away, is no matter of one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import redis

from shared.errors import DatabaseUnavailable
from shared.named_error import named
from shared.store.refusals import is_outage

#: Most that are remembered: of what comes behind them it is said again.
_MOST: Final = 1000


def concerns_all(error: Exception) -> bool:
    """Whether it would have failed whichever was worked on."""
    if isinstance(error, redis.RedisError):
        return is_outage(error)
    return isinstance(error, DatabaseUnavailable)


class Complaints:
    """What is wrong with single ones, by their names."""

    def __init__(self, log: logging.Logger, kind: str) -> None:
        self._log = log
        self._kind = kind
        self._known: dict[str, str] = {}

    @contextmanager
    def about(self, name: str) -> Iterator[None]:
        """Swallow what the work on one raises, and say it. Raises what concerns all."""
        try:
            yield
        except Exception as exc:
            if concerns_all(exc):
                raise
            self.note(name, named(exc))
        else:
            self.settle(name)

    def is_new(self, name: str, told: str) -> bool:
        """Whether this is to be said of one; False when it was asked before."""
        if self._known.get(name) == told:
            return False
        if len(self._known) >= _MOST:
            self._known.pop(next(iter(self._known)))
        self._known[name] = told
        return True

    def note(self, name: str, told: str) -> bool:
        """Say what is wrong with one; False when it was said before."""
        is_new = self.is_new(name, told)
        if is_new:
            self._log.warning("%s %s: left out: %s", self._kind, name, told)
        return is_new

    def settle(self, name: str) -> bool:
        """Say that nothing is wrong with one any more; False when nothing was."""
        if self._known.pop(name, None) is None:
            return False
        self._log.warning("%s %s: goes on again", self._kind, name)
        return True
