"""The OpenAPI 3.1 document of all that applications and operators call, on both wires.

https://spec.openapis.org/oas/v3.1.1.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from gateway.openapi.operations import operation, path_of
from gateway.openapi.schemas import answered
from gateway.version import VERSION
from shared.dtos.catalog import CATALOG
from shared.dtos.endpoint import DTO_PREFIXES, ONE_WAY_PREFIX, Endpoint, Form, Tag

Json = dict[str, Any]

_ABOUT: Final = (
    "A gateway between applications and large language models: no accepted job is lost, none is "
    "answered twice, every callback is signed.\n\n"
    "Two wires lead to the same: AI Server's DTOs at `/api/{Name}` (also as `/json/reply/{Name}`, "
    "names in any casing, values in a query string, form or JSON body), and OpenAI's API at "
    "`/v1/…`; Ollama's clients find theirs at `/api/chat` and its like. Examples work with the "
    "demo LLM (`replyto up` without providers)."
)
_TAGS: Final = {
    Tag.INFERENCE: "Calls of models, waited for, streamed or queued.",
    Tag.RESPONSES: "OpenAI's Responses API.",
    Tag.FILES: "Files that are kept: uploaded, or made by a model.",
    Tag.MEDIA: "Pictures, speech, and what is made of them.",
    Tag.SCHEDULES: "Calls that are made again and again, at the times of a cron expression.",
    Tag.BATCHES: "OpenAI's batches: a file of calls, done when there is time.",
    Tag.MODELS: "Which models there are.",
    Tag.JOBS: "Where a job stands, what it came to, ending it, trying it again.",
    Tag.STATISTICS: "Sums over jobs.",
    Tag.CALLBACKS: "Deliveries of results, what signs them, standing subscriptions.",
    Tag.PROVIDERS: "Who answers.",
    Tag.KEYS: "API keys.",
    Tag.ADMIN: "What only operators see.",
    Tag.PAGES: "What the pages keep.",
    Tag.HEALTH: "Whether it works.",
}
_SECURITY: Final = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, `ak-…`; or the admin secret.",
    },
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "adminSecret": {
        "type": "apiKey",
        "in": "header",
        "name": "authsecret",
        "description": "The admin secret, as ServiceStack's clients send it.",
    },
}
#: Older paths of the same calls are told in words.
_OTHER_PREFIXES: Final = (*DTO_PREFIXES[1:], ONE_WAY_PREFIX)


@lru_cache(maxsize=1)
def document() -> Json:
    """Return the document, without the address of its server."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ReplyTo",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "tags": [{"name": str(tag), "description": says} for tag, says in _TAGS.items()],
        "paths": _paths(),
        "components": {"schemas": answered(), "securitySchemes": _SECURITY},
    }


def _paths() -> Json:
    told: Json = {}
    for one in filter(_is_told, CATALOG):
        for path in one.paths:
            if not path.startswith(_OTHER_PREFIXES) and path != f"{one.path}.json":
                told.setdefault(path_of(path), {})[one.verb.lower()] = operation(one, path)
    return told


def _is_told(one: Endpoint[Any]) -> bool:
    """Whether it is a call: neither a page nor a file of one."""
    return one.form is not Form.PAGE and not one.path.startswith("/static/")
