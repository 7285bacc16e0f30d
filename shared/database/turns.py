"""Who changes an owner's rows takes turns with others: so what is counted stays true."""

from __future__ import annotations

from hashlib import blake2b

from sqlalchemy import Connection, Table, text

#: Bytes of a number that names a lock in PostgreSQL.
_BYTES = 8


def take_turn(connection: Connection, table: Table, owner: str) -> None:
    """Let nobody else take a turn at this owner's rows until the transaction ends.

    To be called before anything is counted: a row that another transaction has not committed yet
    counts for neither of both. In SQLite only one transaction writes at a time.
    """
    if connection.dialect.name == "postgresql":
        lock = {"lock": _number_of(f"{table.name} {owner}")}
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), lock)


def _number_of(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=_BYTES).digest(), signed=True)
