"""Reads and writes schedules, in the database: they outlive a Redis that is emptied."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from shared.database.database import Database
from shared.database.octets import Texts
from shared.database.turns import take_turn
from shared.errors import TooManySchedules
from shared.schedules.schedule import COLUMNS, Schedule
from shared.schedules.tables import schedules

_s: Final = schedules.c
#: Most schedules of one owner.
_MOST: Final = 1000
_TEXTS: Final = Texts(schedules, (_s.document,), "request", TooManySchedules)


class ScheduleStore:
    """All raise DatabaseUnavailable."""

    def __init__(self, database: Database, most_bytes: int = 0) -> None:
        self._database = database
        #: Most bytes of an owner's schedules; 0: no limit.
        self._most_bytes = most_bytes

    def create(self, schedule: Schedule) -> None:
        """Keep a new one. Raises TooManySchedules."""

        def write(connection: Connection) -> None:
            take_turn(connection, schedules, schedule.owner)
            own = select(func.count()).select_from(schedules).where(_s.owner == schedule.owner)
            if (connection.scalar(own) or 0) >= _MOST:
                raise TooManySchedules
            connection.execute(insert(schedules).values(_row(schedule)))
            _TEXTS.check(connection, schedule.owner, self._most_bytes)

        self._database.write(write)

    def find(self, schedule_id: str, owner: str | None) -> Schedule | None:
        """Return one of this owner's, or of anybody's."""
        query = select(schedules).where(_s.id == schedule_id, *_of(owner))
        row = self._database.read(lambda c: c.execute(query).mappings().first())
        return None if row is None else Schedule.from_row(dict(row))

    def page(self, owner: str | None, skip: int, take: int) -> tuple[list[Schedule], int]:
        """Return some of this owner's, or of all, the newest first; and how many there are."""

        def read(connection: Connection) -> tuple[list[Schedule], int]:
            number = select(func.count()).select_from(schedules).where(*_of(owner))
            query = select(schedules).where(*_of(owner))
            query = query.order_by(_s.created_ms.desc(), _s.id).offset(skip).limit(take)
            rows = connection.execute(query).mappings()
            return [Schedule.from_row(dict(row)) for row in rows], connection.scalar(number) or 0

        return self._database.read(read)

    def due(self, now_ms: int, most: int, after: Schedule | None = None) -> list[Schedule]:
        """Return those that are due, the first due first, behind one of them."""
        query = select(schedules).where(_s.next_ms <= now_ms)
        if after is not None:
            tied = (_s.next_ms == after.next_ms) & (_s.id > after.id)
            query = query.where(or_(_s.next_ms > after.next_ms, tied))
        query = query.order_by(_s.next_ms, _s.id).limit(most)
        return self._database.read(
            lambda c: [Schedule.from_row(dict(row)) for row in c.execute(query).mappings()]
        )

    def save(self, schedule: Schedule) -> Schedule | None:
        """Keep one as it has become; None when it was changed meanwhile, or is gone.

        Raises TooManySchedules.
        """
        seen = (_s.id == schedule.id, _s.version == schedule.version)
        changed = replace(schedule, version=schedule.version + 1)
        statement = update(schedules).where(*seen).values(_row(changed))

        def write(connection: Connection) -> bool:
            take_turn(connection, schedules, schedule.owner)
            done = connection.execute(statement).rowcount > 0
            _TEXTS.check(connection, schedule.owner, self._most_bytes)
            return done

        return changed if self._database.write(write) else None

    def delete(self, schedule_id: str, owner: str | None) -> bool:
        """Forget one; False when there is none."""
        statement = delete(schedules).where(_s.id == schedule_id, *_of(owner))
        return bool(self._database.write(lambda c: c.execute(statement).rowcount))


def _of(owner: str | None) -> tuple[Any, ...]:
    return () if owner is None else (_s.owner == owner,)


def _row(schedule: Schedule) -> dict[str, Any]:
    row = {name: getattr(schedule, name) for name in COLUMNS}
    return {**row, "document": schedule.to_json()}
