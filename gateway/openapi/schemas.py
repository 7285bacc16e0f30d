"""JSON Schemas of the DTOs, made from their classes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, get_args

from pydantic.json_schema import models_json_schema

from shared.dtos.base import Dto, ResponseStatus
from shared.dtos.catalog import CATALOG

Json = dict[str, Any]

_REF: Final = "#/components/schemas/{model}"
_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

#: The one error body of both wires; at Ollama's paths `error` is the message alone.
ERROR: Final[Json] = {
    "type": "object",
    "required": ["error", "responseStatus"],
    "properties": {
        "error": {
            "oneOf": [
                {
                    "type": "object",
                    "required": ["message", "type", "param", "code"],
                    "properties": {
                        "message": {"type": "string"},
                        "type": {"type": "string"},
                        "param": {"type": ["string", "null"], "description": "Which field."},
                        "code": {"type": ["string", "null"]},
                    },
                },
                {"type": "string"},
            ]
        },
        "responseStatus": {"$ref": _REF.format(model="ResponseStatus")},
    },
}


def dtos() -> list[type[Dto]]:
    """Return the request and response classes of the catalog, each once."""
    found = {cls: None for one in CATALOG for cls in (one.request, one.response) if cls is not None}
    return list(found)


@lru_cache(maxsize=1)
def components() -> Json:
    """Return the schemas of all DTOs, and of what they hold, by name."""
    classes: list[type[Dto]] = [*dtos(), ResponseStatus]
    wanted: list[tuple[type[Dto], Any]] = [(cls, "validation") for cls in classes]
    _, schema = models_json_schema(wanted, by_alias=True, ref_template=_REF)
    told = {name: _without_nulls(one) for name, one in schema["$defs"].items()}
    return {"Error": ERROR, **dict(sorted(told.items()))}


def answered() -> Json:
    """Return the same as calls answer: of rows that are asked for by `fields` any may be absent."""
    in_part = {name: {**components()[name], "required": []} for name in _in_part()}
    return {**components(), **in_part}


def _in_part() -> Iterator[str]:
    """Yield the rows of lists of which a call may ask for some fields."""
    for one in CATALOG:
        results = one.response.model_fields.get("results") if one.response else None
        if results and "fields" in one.request.model_fields:
            yield from (row.__name__ for row in get_args(results.annotation))


def _without_nulls(schema: Json) -> Json:
    """Return a schema whose fields may be absent: to generators, a default says they never are."""
    fields = schema.get("properties", {})
    told = {
        name: {k: v for k, v in one.items() if not (k == "default" and v is None)}
        for name, one in fields.items()
    }
    return {**schema, "properties": told} if fields else schema


@lru_cache(maxsize=1024)
def one(name: str) -> Json | None:
    """Return the JSON Schema of a DTO, complete by itself; None when there is none of that name."""
    known = components()
    if name not in known:
        return None
    needed = {other: known[other] for other in _needed(known, name) if other != name}
    alone: Json = {"$schema": _DRAFT, "$id": name, **known[name]}
    whole: Json = _local({**alone, "$defs": needed} if needed else alone)
    return whole


def _needed(known: Json, name: str) -> Iterable[str]:
    """Return the schemas that this one leads to, and itself."""
    seen: dict[str, None] = {}
    waiting = [name]
    while waiting:
        next_ = waiting.pop()
        if next_ not in seen:
            seen[next_] = None
            waiting += _refs(known[next_])
    return seen


def _refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(ref := value.get("$ref"), str):
            yield ref.rsplit("/", 1)[-1]
        for inner in value.values():
            yield from _refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _refs(inner)


def _local(value: Any) -> Any:
    """Return the schema with references into itself."""
    if isinstance(value, dict):
        return {
            key: re.sub("^#/components/schemas/", "#/$defs/", inner)
            if key == "$ref" and isinstance(inner, str)
            else _local(inner)
            for key, inner in value.items()
        }
    return [_local(inner) for inner in value] if isinstance(value, list) else value
