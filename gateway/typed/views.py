"""Gives typed DTOs, what they are made of, and the list of operations."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response

from codegen.from_catalog import whole_model
from codegen.metadata import app_metadata, metadata
from codegen.options import read_options
from codegen.registry import LANGUAGES, language_of
from gateway.base_url import base_url
from gateway.http.request import incoming
from gateway.http.response import JsonResponse
from gateway.http.routes import Call, route
from gateway.pages.views import assets_version, guarded, rendered
from gateway.typed.files import origin, write
from shared.dtos import catalog
from shared.dtos.service import GetTypes, NoFields
from shared.errors import LanguageNotFound

blueprint = Blueprint("typed", __name__)


@route(blueprint, catalog.LIST_TYPES, slash_too=True)
def languages(call: Call[NoFields]) -> Response:
    """Name the languages, each with where its file is."""
    base = base_url(call.services.settings)
    places = {one.label: f"{base}/types/{one.key}" for one in LANGUAGES}
    return _json({"Metadata": f"{base}/types/metadata", **places})


@route(blueprint, catalog.GET_TYPES)
def types(call: Call[GetTypes]) -> Response:
    """Give the DTOs in a language, with the options of the query string."""
    if (language := language_of(call.request.language)) is None:
        names = ", ".join(one.key for one in LANGUAGES)
        raise LanguageNotFound(
            f"There is no language '{call.request.language}'; there are {names}."
        )
    file = write(language, _query(), origin(call.services.settings))
    response = Response(file.text, mimetype=language.mimetype)
    response.set_etag(file.etag, weak=True)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.make_conditional(incoming())
    return response


@route(blueprint, catalog.TYPES_METADATA)
def types_metadata(call: Call[NoFields]) -> Response:
    """Describe the DTOs as ServiceStack's tools read them."""
    options = read_options(_query())
    return _json(metadata(whole_model(), options, origin(call.services.settings)))


@route(blueprint, catalog.APP_METADATA)
def app(call: Call[NoFields]) -> Response:
    """Describe the whole service so."""
    return _json(
        app_metadata(whole_model(), read_options(_query()), origin(call.services.settings))
    )


@route(blueprint, catalog.METADATA_PAGE, slash_too=True)
def operations(call: Call[NoFields]) -> Response:
    """List the operations for people."""
    html = rendered(
        "metadata.html",
        requests=sorted(whole_model().requests, key=lambda one: one.name),
        languages=LANGUAGES,
        base=base_url(call.services.settings),
        version=assets_version(),
    )
    return guarded(Response(html, mimetype="text/html"))


def _query() -> list[tuple[str, str]]:
    return list(incoming().args.items())


def _json(value: dict[str, Any]) -> JsonResponse:
    return JsonResponse(json.dumps(value))
