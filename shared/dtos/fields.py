"""Kinds of fields that several DTOs have, and how they are read from forms and query strings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BeforeValidator, Field


def empty_is_absent(value: object) -> object:
    """Read what a form sends of a field that was left empty."""
    return None if value == "" else value


def zero_is_absent(value: object) -> object:
    """Read what ServiceStack's Python client sends of a number that was not given."""
    return None if value in ("", 0, "0") else value


def one_of(values: Iterable[StrEnum]) -> BeforeValidator:
    """Return what reads one of these names, in any casing."""
    known = {str(value).lower(): value for value in values}

    def read(value: object) -> object:
        if value is None or value == "":
            return None
        if (found := known.get(str(value).lower())) is None:
            raise ValueError(f"must be one of {', '.join(known.values())}")
        return found

    return BeforeValidator(read)


#: Seconds from now, or a moment, which `shared/wire/run_after.py` reads.
RunAfter = Annotated[
    Annotated[str, Field(max_length=64)] | None,
    BeforeValidator(lambda value: None if value in (None, "") else str(value)),
]
RUN_AFTER: Final = "Not to run before: a date and time, or seconds from now; a year at most."

#: The group of a job, which `shared/wire/group_id.py` reads.
GROUP_ID: Final = "The group that the job joins; the first one makes it."

#: A name that a client chose, or part of one.
Text = Annotated[Annotated[str, Field(max_length=256)] | None, BeforeValidator(empty_is_absent)]


@dataclass(frozen=True, slots=True)
class Holds:
    """Says which DTO is in JSON that is passed on as it came, for references and typed clients."""

    name: str
