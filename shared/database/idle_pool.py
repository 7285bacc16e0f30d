"""A connection pool without locks, for threads that gevent does not run.

SQLAlchemy's own waits on locks that gevent has patched. And SQLite needs one that keeps
connections: when the last one to a database is closed, all that was written is moved from the log
into the file, and the disk waited for.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from sqlalchemy.pool import ConnectionPoolEntry, Pool

#: Connections kept open between transactions.
_KEPT: Final = 4


class IdlePool(Pool):
    """Gives out an idle connection, else a new one; keeps a few. A deque's ends are atomic."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._idle: deque[ConnectionPoolEntry] = deque()

    def status(self) -> str:
        """Say how many connections are idle."""
        return f"IdlePool: {len(self._idle)} idle"

    def recreate(self) -> IdlePool:
        """Return an empty pool that makes connections as this one does."""
        return type(self)(
            self._creator, recycle=self._recycle, _dispatch=self.dispatch, dialect=self._dialect
        )

    def dispose(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().close()

    def _do_get(self) -> ConnectionPoolEntry:
        try:
            return self._idle.pop()
        except IndexError:
            return self._create_connection()

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        if len(self._idle) < _KEPT:
            self._idle.append(record)
        else:
            record.close()
