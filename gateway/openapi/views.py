"""The OpenAPI document, the JSON Schemas, and the page that shows them: open, for they are code."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from flask import Blueprint, Response

from gateway.base_url import base_url
from gateway.http.response import JsonResponse
from gateway.http.routes import Call, route
from gateway.openapi import schemas
from gateway.openapi.document import document
from gateway.openapi.yaml import to_yaml
from gateway.pages.views import shell
from shared.codecs.json_bytes import to_json_bytes
from shared.dtos import catalog
from shared.dtos.service import GetSchema, NoFields
from shared.errors import RouteNotFound

blueprint = Blueprint("openapi", __name__)

_YAML: Final = "application/yaml"


@route(blueprint, catalog.OPENAPI_JSON)
def as_json(call: Call[NoFields]) -> Response:
    """Give the document as JSON."""
    head = to_json_bytes({"servers": [{"url": base_url(call.services.settings)}]})[:-1]
    told = JsonResponse(head)
    return _public(_with_rest(told, head, _json_rest()))


@route(blueprint, catalog.OPENAPI_YAML)
def as_yaml(call: Call[NoFields]) -> Response:
    """Give the document as YAML."""
    head = to_yaml({"servers": [{"url": base_url(call.services.settings)}]}).encode()
    return _public(_with_rest(Response(mimetype=_YAML), head, _yaml_rest()))


@route(blueprint, catalog.LIST_SCHEMAS)
def list_schemas(call: Call[NoFields]) -> Response:
    """List the schemas, each with its address."""
    base = base_url(call.services.settings)
    told = {name: f"{base}/schema/{name}" for name in schemas.components()}
    return _public(JsonResponse(to_json_bytes(told)))


@route(blueprint, catalog.GET_SCHEMA)
def schema(call: Call[GetSchema]) -> Response:
    """Give the JSON Schema of one DTO."""
    name = call.request.name.removesuffix(".json")
    found = schemas.one(name)
    if found is None:
        raise RouteNotFound(f"There is no DTO '{name}'; GET /schema lists them.")
    return _public(Response(to_json_bytes(found), mimetype="application/schema+json"))


@route(blueprint, catalog.DOCS_PAGE, slash_too=True)
def docs(_call: Call[NoFields]) -> Response:
    """Show the API, and try it."""
    return shell("docs")


def _public(answer: Response) -> Response:
    """Let pages of other places read it, as tools that show documents are."""
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _with_rest(answer: Response, head: bytes, rest: bytes) -> Response:
    """Put where the caller reached us before the rest, which is the same bytes for all.

    Thousands who ask and do not read hold one document, not one each.
    """
    answer.response = [head, rest]
    answer.headers["Content-Length"] = str(len(head) + len(rest))
    return answer


@lru_cache(maxsize=1)
def _json_rest() -> bytes:
    return b"," + to_json_bytes(document())[1:]


@lru_cache(maxsize=1)
def _yaml_rest() -> bytes:
    return to_yaml(document()).encode()
