"""How AI Server's DTOs are called: `/api/{Dto}` and, by older clients, `/json/reply/{Dto}`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from flask import Blueprint, Response

from gateway.http.response import JsonResponse
from shared.dtos.base import Dto

V = TypeVar("V", bound=Callable[..., Response])

_PREFIXES: Final = ("/api", "/json/reply")


def dto_response(dto: Dto) -> Response:
    """Return the DTO as it is sent."""
    return JsonResponse(dto.to_json())


def dto_route(blueprint: Blueprint, dto: str, verb: str) -> Callable[[V], V]:
    """Route a DTO's calls to a view. All also take POST, for clients that send all so."""

    def register(view: V) -> V:
        verbs = sorted({verb, "POST", *(("PUT",) if verb == "PATCH" else ())})
        for prefix in _PREFIXES:
            for suffix in ("", ".json"):
                blueprint.add_url_rule(
                    f"{prefix}/{dto}{suffix}",
                    endpoint=f"{dto}{prefix}{suffix}".replace("/", "_").replace(".", "_"),
                    view_func=view,
                    methods=verbs,
                )
        return view

    return register
