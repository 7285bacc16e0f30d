"""Routes an endpoint of the catalog to its view: who calls, what is asked, how it is answered.

All that does not depend on a request is found out when a view is registered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final, Generic, TypeVar, overload

from flask import Blueprint
from werkzeug.wrappers import Response

from gateway.http.binding import bind
from gateway.http.request import IncomingRequest, incoming
from gateway.http.response import JsonResponse
from gateway.services import Services, services
from shared.api_keys.principal import Principal
from shared.dtos.base import Dto
from shared.dtos.endpoint import Endpoint

Q = TypeVar("Q", bound=Dto)
T = TypeVar("T")
A_co = TypeVar("A_co", covariant=True)

#: Who calls an endpoint that is open to everybody.
NOBODY: Final = Principal(owner="", scopes=frozenset())


@dataclass(slots=True)
class Call(Generic[A_co]):
    """One call of an endpoint, as its view gets it."""

    principal: Principal
    request: A_co
    services: Services
    endpoint: Endpoint[Any]
    #: What the path says.
    place: Mapping[str, str] = field(default_factory=dict)


View = Callable[[Call[T]], Dto | Response]


@overload
def route(
    blueprint: Blueprint,
    endpoint: Endpoint[Q],
    *,
    open_to: Callable[[IncomingRequest], bool] | None = None,
    slash_too: bool = False,
) -> Callable[[View[Q]], View[Q]]: ...


@overload
def route(
    blueprint: Blueprint, endpoint: Endpoint[Any], *, read: Callable[[], T]
) -> Callable[[View[T]], View[T]]: ...


def route(
    blueprint: Blueprint,
    endpoint: Endpoint[Any],
    *,
    read: Callable[[], Any] | None = None,
    open_to: Callable[[IncomingRequest], bool] | None = None,
    slash_too: bool = False,
) -> Callable[[View[Any]], View[Any]]:
    """Register a view at all paths of its endpoint.

    `read` reads what is asked where that is not the endpoint's request class; `open_to` tells
    which requests need no key; `slash_too` takes the paths with a slash at their end as well.
    """

    def register(view: View[Any]) -> View[Any]:
        answer = _answering(view, endpoint, read, open_to)
        for path in endpoint.paths:
            blueprint.add_url_rule(
                path,
                flask_name(endpoint, path),
                answer,
                methods=endpoint.methods,
                strict_slashes=not slash_too,
            )
        return view

    return register


def flask_name(endpoint: Endpoint[Any], path: str = "") -> str:
    """Return what Flask calls one of an endpoint's paths; dots are its own."""
    return f"{endpoint.name} {path or endpoint.path}".replace(".", "_")


def _answering(
    view: View[Any],
    endpoint: Endpoint[Any],
    read: Callable[[], Any] | None,
    open_to: Callable[[IncomingRequest], bool] | None,
) -> Callable[..., Response]:
    bound, scopes = _binding(endpoint), endpoint.scopes

    @wraps(view)
    def answer(**place: Any) -> Response:
        gateway, principal, here = services(), NOBODY, incoming()
        if scopes and not (open_to is not None and open_to(here)):
            principal = gateway.auth.keys.authenticate(here, *scopes)
        asked = read() if read is not None else bound(place)
        told = view(Call(principal, asked, gateway, endpoint, place))
        return told if isinstance(told, Response) else JsonResponse(told.to_json())

    return answer


def _binding(endpoint: Endpoint[Any]) -> Callable[[dict[str, Any]], Dto]:
    """Return what makes the request class of a request; `place` is what its path says."""
    request: type[Dto] = endpoint.request
    if endpoint.bodiless and not request.model_fields:
        unchanging = request()
        return lambda _place: unchanging
    if endpoint.bodiless:
        return lambda place: request.bind([*incoming().args.items(), *place.items()])
    if endpoint.large:
        return lambda place: bind(request, services().settings.max_body_bytes, place)
    return lambda place: bind(request, place=place)
