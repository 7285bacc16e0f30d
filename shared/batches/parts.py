"""What a provider's own batch has of a batch: which lines, and how far it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from shared.batches.tables import RUNNING, SINGLE, WAITING, lines, parts
from shared.database.database import Database
from shared.operation import Operation

_p: Final = parts.c
_l: Final = lines.c


class Step(StrEnum):
    """How far a part is."""

    #: Its lines are chosen, the provider knows nothing of it.
    PLANNED = "planned"
    #: It is being submitted: the provider may have it, or not.
    SUBMITTING = "submitting"
    #: The provider has it.
    SUBMITTED = "submitted"


@dataclass(frozen=True, slots=True)
class Part:
    """A part. Times are unix seconds.

    `upstream` is its name at the provider; `others` are batches there that it was found not to be.
    Line number n has, once it is answered, the job `first_job` + n in the history.
    """

    batch: str
    number: int
    provider: str
    model: str
    operation: Operation
    made_s: float
    first_job: int
    count: int
    #: Tells it from whatever had its number before.
    nonce: str
    step: Step = Step.PLANNED
    upstream: str = ""
    #: Since when it is being submitted, and by which process.
    since_s: float = 0.0
    by: str = ""
    #: Whether what was found is its own is known only by its results.
    unsure: bool = False
    others: tuple[str, ...] = ()
    #: How often something failed in a row, and when it is looked at again.
    failures: int = 0
    next_s: float = 0.0
    #: When the provider was asked to cancel it; 0 for not yet.
    cancelled_s: float = 0.0
    version: int = 0

    @property
    def marker(self) -> str:
        """What names it at the provider: letters, digits and `_`, at most 44 of them."""
        return f"rt_{self.batch.removeprefix('batch_')}_{self.nonce}"

    def name_of(self, line: int) -> str:
        """Return the name of a line there."""
        return f"{self.marker}_{line}"

    def line_of(self, name: str) -> int | None:
        """Return the line of that name; None for a name that is not of this part."""
        marker, _, line = name.rpartition("_")
        is_number = line.isascii() and line.isdigit() and len(line) < 10  # noqa: PLR2004
        return int(line) if marker == self.marker and is_number else None

    def to_document(self) -> str:
        """Return what of it is kept as JSON."""
        values = asdict(self)
        for column in ("batch", "number", "version"):
            del values[column]
        return json.dumps(values)

    @classmethod
    def from_row(cls, row: Any) -> Part:
        """Read it; names of another version are left out."""
        values: Mapping[str, Any] = json.loads(row.document)
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        known |= {"step": Step(known["step"]), "operation": Operation(known["operation"])}
        known["others"] = tuple(known.get("others", ()))
        return cls(**known, batch=row.batch, number=row.number, version=row.version)


class PartStore:
    """Reads and writes parts, and which lines are theirs. All raise DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, batch_id: str) -> list[Part]:
        """Return the parts of a batch that are not over."""
        query = select(parts).where(_p.batch == batch_id).order_by(_p.number)
        return self._database.read(
            lambda connection: [Part.from_row(row) for row in connection.execute(query)]
        )

    def find(self, batch_id: str, number: int) -> Part | None:
        """Return a part as it is now."""
        query = select(parts).where(_p.batch == batch_id, _p.number == number)
        row = self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else Part.from_row(row)

    def plan(self, part: Part, numbers: Sequence[int]) -> Part:
        """Keep a new part with the lines that are to be its; return it with its number."""

        def write(connection: Connection) -> Part:
            highest = select(func.max(_p.number)).where(_p.batch == part.batch)
            lowest = select(func.min(_l.job)).where(_l.batch == part.batch)
            taken = max(connection.scalar(highest) or 0, -(connection.scalar(lowest) or 0))
            made = replace(part, number=taken + 1)
            row = {"batch": made.batch, "number": made.number, "version": 0}
            connection.execute(insert(parts), {**row, "document": made.to_document()})
            statement = update(lines).where(
                _l.batch == made.batch,
                _l.number.in_(numbers),
                _l.state == WAITING,
                _l.job.is_(None),
            )
            connection.execute(statement.values(state=RUNNING, job=-made.number))
            return made

        return self._database.write(write)

    def save(self, part: Part) -> Part | None:
        """Keep a part as it has become; None when somebody else has changed it meanwhile."""

        def write(connection: Connection) -> bool:
            this = (_p.batch == part.batch, _p.number == part.number, _p.version == part.version)
            values = {"document": part.to_document(), "version": part.version + 1}
            return bool(connection.execute(update(parts).where(*this).values(values)).rowcount)

        return replace(part, version=part.version + 1) if self._database.write(write) else None

    def release(self, part: Part, numbers: Sequence[int]) -> None:
        """Let lines of a part run as jobs of their own."""
        if numbers:
            statement = _own_lines(part).where(_l.number.in_(numbers))
            statement = statement.values(state=WAITING, job=SINGLE)
            self._database.write(lambda connection: connection.execute(statement))

    def end(self, part: Part) -> None:
        """Let the lines that have no outcome run as jobs of their own; forget the part."""

        def write(connection: Connection) -> None:
            connection.execute(_own_lines(part).values(state=WAITING, job=SINGLE))
            this = (_p.batch == part.batch, _p.number == part.number)
            connection.execute(delete(parts).where(*this))

        self._database.write(write)


def _own_lines(part: Part) -> Any:
    return update(lines).where(_l.batch == part.batch, _l.state == RUNNING, _l.job == -part.number)
