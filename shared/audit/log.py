"""Writes and reads the audit log, inside its caller's transaction."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, insert, select

from shared.audit.tables import audit
from shared.codecs.rows import rows_of

#: What stands in the log in the place of a secret.
REMOVED: Final = "(removed)"
#: Names whose values are secrets, or may hold one.
_SECRET: Final = re.compile(
    r"key$|secret|token$|password|passwd|credential|authorization|headers|cookie", re.IGNORECASE
)
#: What looks like a secret of ours wherever it stands.
_LOOKS_SECRET: Final = re.compile(r"\b(?:ak-|sk-|whsec_)[\w+/=-]{8,}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One action of an admin: who, what, on what, and what it changed. Times are unix ms."""

    at_ms: int
    actor: str
    action: str
    target: str
    changes: Mapping[str, Any]
    request_id: str
    address: str
    id: int = 0

    def on(self, target: str) -> Entry:
        """Return the same action on another target: one that is known only now."""
        return replace(self, target=target)


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries: None is any. `since_ms` is included, `until_ms` is not."""

    actor: str | None = None
    action: str | None = None
    target: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None


def write(connection: Connection, entry: Entry) -> None:
    """Add an entry; secrets in its changes are left out."""
    values = {
        name: getattr(entry, name)
        for name in ("at_ms", "actor", "action", "target", "request_id", "address")
    }
    changes = json.dumps(without_secrets(entry.changes), ensure_ascii=False, default=str)
    connection.execute(insert(audit).values(**values, changes=changes))


def query(
    connection: Connection, wanted: EntryFilter, skip: int, take: int
) -> tuple[int, list[Entry]]:
    """Return how many entries there are, and a page of them, newest first."""
    conditions = list(_conditions(wanted))
    total = connection.scalar(select(func.count()).select_from(audit).where(*conditions)) or 0
    rows = connection.execute(
        select(audit)
        .where(*conditions)
        .order_by(audit.c.at_ms.desc(), audit.c.id.desc())
        .offset(skip)
        .limit(take)
    ).mappings()
    return total, rows_of(rows, _entry)


def _entry(row: Mapping[Any, Any]) -> Entry:
    return Entry(**{**row, "changes": json.loads(row["changes"])})


def _conditions(wanted: EntryFilter) -> Sequence[ColumnElement[bool]]:
    equal = [
        audit.c[name] == value
        for name in ("actor", "action", "target")
        if (value := getattr(wanted, name)) is not None
    ]
    since = [] if wanted.since_ms is None else [audit.c.at_ms >= wanted.since_ms]
    until = [] if wanted.until_ms is None else [audit.c.at_ms < wanted.until_ms]
    return [*equal, *since, *until]


def without_secrets(value: Any) -> Any:
    """Return a value in which nothing is left that is a secret by its name or looks like one."""
    if isinstance(value, Mapping):
        return {
            name: REMOVED if _SECRET.search(str(name)) else without_secrets(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_secrets(inner) for inner in value]
    return _LOOKS_SECRET.sub(REMOVED, value) if isinstance(value, str) else value
