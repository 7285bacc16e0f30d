"""ReplyTo's workers without their history: what the history costs is measured against them."""

from __future__ import annotations

from workers.app import app
from workers.history import keeper

__all__ = ["app"]


def _store_nothing(_: keeper.Keeper) -> None:
    """Leave the list of unstored jobs alone."""


keeper.Keeper.__call__ = _store_nothing  # type: ignore[assignment]
