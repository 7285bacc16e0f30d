"""Fields of a row that a list was asked for, by name with commas. Pure."""

from __future__ import annotations

from typing import Final

from shared.dtos.base import Dto
from shared.errors import ValidationFailed
from shared.wire.naming import fold

#: How much of a name that no field has is shown.
_SHOWN: Final = 60


def chosen(kind: type[Dto], names: str | None, field: str = "fields") -> list[str]:
    """Return the fields that are named, in any casing, in that order, each once.

    Raises ValidationFailed, which names the one that there is not, and those that there are.
    """
    known = {fold(name): name for name in kind.model_fields}
    asked = [name.strip() for name in (names or "").split(",") if name.strip()]
    if unknown := [name for name in asked if fold(name) not in known]:
        there_are = ", ".join(as_told(kind, name) for name in kind.model_fields)
        told = f"{field}: there is no field '{unknown[0][:_SHOWN]}'; there are {there_are}."
        raise ValidationFailed(told, field=field)
    return list(dict.fromkeys(known[fold(name)] for name in asked))


def as_told(kind: type[Dto], name: str) -> str:
    """Return the name that a field has on the wire."""
    return kind.model_fields[name].alias or name
