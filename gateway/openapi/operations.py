"""One operation of the OpenAPI document, made from its endpoint in the catalog."""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.openapi.examples import EXAMPLES, PLACES
from gateway.openapi.multipart import form_of, takes_json
from gateway.openapi.schemas import components
from shared.api_keys.scopes import Scope
from shared.dtos.endpoint import Endpoint, Form
from shared.errors import (
    Forbidden,
    InvalidApiKey,
    LedgerUnavailable,
    ServiceError,
    ValidationFailed,
)

Json = dict[str, Any]

_PLACE: Final = re.compile(r"<(?:\w+:)?(\w+)>")
_ERROR: Final = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
_ANYTHING: Final[Json] = {"*/*": {"schema": {}}}
#: What can come of every call; of those with a key this too.
_COMMON: Final = (ValidationFailed, LedgerUnavailable)
_WITH_KEY: Final = (InvalidApiKey, Forbidden)
#: Streams of Ollama's API are lines.
_LINES: Final = "application/x-ndjson"


def path_of(path: str) -> str:
    """Return a path in OpenAPI's notation."""
    return _PLACE.sub(r"{\1}", path)


def operation(one: Endpoint[Any], path: str) -> Json:
    """Return the operation at one of an endpoint's paths."""
    places = _PLACE.findall(path)
    told: Json = {
        "operationId": one.name if path == one.path else _id(one, path),
        "summary": one.summary,
        "description": _description(one),
        "tags": [str(one.tag)],
        "responses": _responses(one),
        "security": _security(one.scopes),
    }
    body = one.verb not in ("GET", "DELETE")
    if parameters := [*_parameters(one, places, in_query=not body)]:
        told["parameters"] = parameters
    form = form_of(one, places) if body else None
    if body and (form or not one.bodiless):
        told["requestBody"] = _body(one, form)
    return told


def _id(one: Endpoint[Any], path: str) -> str:
    return f"{one.name}{re.sub(r'[^A-Za-z0-9]+', '_', path)}"


def _description(one: Endpoint[Any]) -> str:
    lines = [inspect.cleandoc(one.request.__doc__ or one.summary)]
    if one.scopes:
        lines.append(f"Scope: {' or '.join(f'`{scope}`' for scope in one.scopes)}.")
    if one.is_batchable:
        lines.append(f"Many at once: `POST /api/{one.name}[]`.")
    others = [path for path in one.paths[1:] if not path.endswith(".json")]
    if others:
        lines.append(f"Also at {', '.join(f'`{path_of(path)}`' for path in others)}.")
    return "\n\n".join(lines)


def _security(scopes: Sequence[Scope]) -> list[Json]:
    if not scopes:
        return []
    admins = any(scope.startswith("admin") for scope in scopes)
    return [{"bearer": []}, {"apiKey": []}, *([{"adminSecret": []}] if admins else [])]


def _parameters(one: Endpoint[Any], places: Sequence[str], *, in_query: bool) -> Iterator[Json]:
    told = components()[one.request.__name__]
    example: Mapping[str, Any] = _examples(one)
    for name in places:
        schema = told.get("properties", {}).get(name, {"type": "string"})
        given = PLACES.get(one.name, example.get(name))
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _plain(schema),
            **({"example": given} if given is not None else {}),
        }
    if not in_query:
        return
    for name, schema in told.get("properties", {}).items():
        field = name.removesuffix("_")
        if name not in places:
            yield {
                "name": field,
                "in": "query",
                "schema": _plain(schema),
                **({"required": True} if name in told.get("required", ()) else {}),
                **({"description": schema["description"]} if "description" in schema else {}),
                **({"example": example[field]} if field in example else {}),
            }


def _examples(one: Endpoint[Any]) -> Mapping[str, Any]:
    example = EXAMPLES.get(one.name, {})
    return example if isinstance(example, dict) else {}


def _plain(schema: Json) -> Json:
    """Return the schema of a parameter: what is absent is left out, and not null."""
    choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if len(choices) == 1:
        kept = {k: v for k, v in schema.items() if k not in ("anyOf", "default")}
        return {**kept, **choices[0]}
    return schema


def _body(one: Endpoint[Any], form: Json | None) -> Json:
    schema: Json = {"$ref": f"#/components/schemas/{one.request.__name__}"}
    if one.name in PLACES:
        schema = {"type": "array", "items": {"type": "object"}}
    content: Json = {"schema": schema}
    if one.name in EXAMPLES:
        content["example"] = EXAMPLES[one.name]
    kinds: Json = {"application/json": content} if takes_json(one) else {}
    if form:
        kinds["multipart/form-data"] = {"schema": form}
    return {"required": _required(one) or form is not None, "content": kinds}


def _required(one: Endpoint[Any]) -> bool:
    return one.name in PLACES or bool(components()[one.request.__name__].get("required"))


def _responses(one: Endpoint[Any]) -> Json:
    failures = (*one.errors, *_COMMON, *(_WITH_KEY if one.scopes else ()))
    by_status: dict[int, list[type[ServiceError]]] = defaultdict(list)
    for failure in dict.fromkeys(failures):
        by_status[failure.status].append(failure)
    success = "302" if one.name == "Home" else "204" if one.form is Form.NOTHING else "200"
    told: Json = {success: _success(one)}
    for status, kinds in sorted(by_status.items()):
        says = " ".join(f"`{kind.code}`: {kind().message}" for kind in kinds)
        told[str(status)] = {"description": says, "content": _ERROR}
    return {**told, "default": {"description": "What else may fail.", "content": _ERROR}}


def _success(one: Endpoint[Any]) -> Json:
    if one.form is Form.NOTHING:
        return {"description": "It is done."}
    return {"description": _doc(one), "content": _content(one)}


def _doc(one: Endpoint[Any]) -> str:
    doc = one.response.__doc__ if one.response else None
    return inspect.cleandoc(doc).split("\n")[0] if doc else "The answer."


def _content(one: Endpoint[Any]) -> Json:
    if one.form is Form.FILE:
        return _ANYTHING
    if one.form in (Form.CSV, Form.TEXT):
        return {one.form.value: {"schema": {"type": "string"}}}
    schema = {"$ref": f"#/components/schemas/{one.response.__name__}"} if one.response else {}
    told: Json = {} if one.form is Form.EVENTS else {"application/json": {"schema": schema}}
    if one.streams:
        lines = one.path.islower() and one.path.startswith("/api/")
        told[_LINES if lines else Form.EVENTS.value] = {"schema": {"type": "string"}}
    return told
