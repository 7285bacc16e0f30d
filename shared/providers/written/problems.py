"""What is wrong with `providers.toml`: one sentence that names entry, field and cure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.wire.value_problems import no_such_field, value_problem

_TABLES: Final = ("provider", "price")
_OF_MODELS: Final = ("dict_type", "mapping_type")
_NO_SUCH_FIELD: Final = "extra_forbidden"


def problem_of(
    error: ValidationError, content: Mapping[str, Any], fields: Collection[str] = ()
) -> str:
    """Return what is wrong first in the file's content; `fields` are those of its entries.

    A name that nobody knows comes first: it is often what a field that is missing was to be.
    """
    wrong = error.errors(include_url=False, include_input=False)
    told = next((one for one in wrong if one["type"] == _NO_SUCH_FIELD), wrong[0])
    loc = told["loc"]
    if loc[0] not in _TABLES:
        return f"there is no table '{loc[0]}'; there are [[provider]] and [price.\"a model\"]"
    if loc == ("provider",):
        return "a provider begins with [[provider]], in two brackets on each side"
    entry, where = _entry(loc, content), ".".join(map(str, loc[2:]))
    return ": ".join(part for part in (entry, where, _words(told, fields)) if part)


def _entry(loc: tuple[int | str, ...], content: Mapping[str, Any]) -> str:
    """Return how the entry is called, by the name that it gives itself where it has one."""
    if loc[0] == "price":
        return f'[price."{loc[1]}"]' if len(loc) > 1 else "price"
    entry = content["provider"][loc[1]]
    given = entry.get("name") or entry.get("preset") if isinstance(entry, dict) else None
    return f"provider '{given}'" if isinstance(given, str) else f"[[provider]] {int(loc[1]) + 1}"


def _words(told: ErrorDetails, fields: Collection[str]) -> str:
    kind = told["type"]
    if kind == _NO_SUCH_FIELD:
        return no_such_field(str(told["loc"][-1]), fields)
    if kind in _OF_MODELS:
        return 'must be a table such as { "one" = "other" }'
    return value_problem(told)
