"""Chooses the provider of an attempt. Pure: what it decides on is handed in."""

from __future__ import annotations

from collections.abc import Collection

from shared.operation import Operation
from shared.providers import Provider, Registry


def choose(
    registry: Registry,
    model: str,
    pinned: str,
    failed: Collection[str] = (),
    operation: Operation = Operation.CHAT,
) -> Provider | None:
    """Return the provider to call: the pinned one, else the best that has not failed this job.

    When all have failed the best one is tried again. None: no provider serves this model, or none
    that does can be asked this operation.
    """
    able = [provider for provider in registry.serving(model) if provider.can(operation)]
    if pinned:
        able = [provider for provider in able if provider.name == pinned]
    fresh = [provider for provider in able if provider.name not in failed]
    return next(iter(fresh or able), None)
