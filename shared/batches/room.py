"""Room for a new batch: the oldest that is over gives way, so a key has only so many."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, delete, func, select

from shared.batches.batch import Status
from shared.batches.tables import batches
from shared.database.turns import take_turn
from shared.errors import TooManyBatches

_b: Final = batches.c
#: Most batches of one owner.
_MOST: Final = 10_000
#: Over, and told of: as the column has it.
_OVER: Final = [str(one) for one in Status if one.is_final]


def make_room(connection: Connection, owner: str) -> None:
    """Let an old batch go if there are too many. Raises TooManyBatches: none is over yet."""
    take_turn(connection, batches, owner)
    number = select(func.count()).select_from(batches).where(_b.owner == owner)
    if (connection.scalar(number) or 0) < _MOST:
        return
    over = select(_b.id).where(_b.owner == owner, _b.status.in_(_OVER))
    oldest = connection.scalar(over.order_by(_b.created_us, _b.id).limit(1))
    if oldest is None:
        raise TooManyBatches
    connection.execute(delete(batches).where(_b.id == oldest))
