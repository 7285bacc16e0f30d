"""Which errors of a database pass by themselves, and which are mistakes of ours. Pure.

Judged by class and code, as the drivers set them: SQLite has one class for both a disk that is
full and a statement that is wrong (https://sqlite.org/rescode.html), PostgreSQL one for both a
server that became a replica and a transaction that had failed (PostgreSQL 17, appendix A).
"""

from __future__ import annotations

import sqlite3
from typing import Final

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
)

#: What is refused for what was asked, and not because the database is away or full.
_REFUSED: Final = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
#: A wrong statement; a wrong use of the library; a parameter that is not there.
_MISTAKES_SQLITE: Final = frozenset((sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISUSE, 25))
#: A transaction where none may be, none where one must be, and one that had failed before.
_MISTAKES_POSTGRESQL: Final = frozenset(("25000", "25001", "25P01", "25P02"))
#: An operator changes what our user may do, or puts another database in place: nothing was done.
#: So it is with a table or column that is not there: the schema is another version's for now.
_NOT_AS_WE_KNOW_IT: Final = frozenset(("42501", "3D000", "42P01", "42703"))
#: The same in SQLite, which has no code of its own for it (src/select.c, insert.c, resolve.c).
_OTHER_SCHEMA_SQLITE: Final = ("no such table", "no such column", "has no column named")


def is_outage(error: DBAPIError) -> bool:
    """Whether the database is away, busy, full, read-only or closed to us for now."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _MISTAKES_SQLITE:
        return any(words in str(error.orig) for words in _OTHER_SCHEMA_SQLITE)
    state = getattr(error.orig, "sqlstate", None)
    if state in _NOT_AS_WE_KNOW_IT:
        return True
    return not isinstance(error, _REFUSED) and state not in _MISTAKES_POSTGRESQL
