"""Models: which ones there are, on both wires."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from gateway.http.binding import bind
from gateway.http.routes import dto_route
from gateway.services import services
from shared.api_keys.scopes import Scope
from shared.dtos.jobs import ActiveAiModels, ActiveAiModelsResponse
from shared.errors import ModelNotFound, ProviderNotFound

blueprint = Blueprint("models", __name__)

#: OpenAI's models have a date; ours have none that would say something (unix seconds).
_CREATED_S = 0


@dto_route(blueprint, "ActiveAiModels", "GET")
def active() -> Response:
    """List the names of the models that can be used."""
    gateway, principal = services(), services().keys.authenticate(request, Scope.READ)
    wanted = bind(ActiveAiModels)
    names = gateway.registry.models
    if wanted.provider:
        provider = gateway.registry.named(wanted.provider)
        if provider is None:
            raise ProviderNotFound(field="provider")
        names = sorted(provider.models) if provider.enabled else []
    names = [name for name in names if principal.may_use(name)]
    return Response(ActiveAiModelsResponse(results=names).to_json(), mimetype="application/json")


@blueprint.get("/v1/models")
def all_models() -> Response:
    """List the models as OpenAI does."""
    gateway, principal = services(), services().keys.authenticate(request, Scope.READ)
    names = filter(principal.may_use, gateway.registry.models)
    return jsonify(object="list", data=[_model(name) for name in names])


@blueprint.get("/v1/models/<path:name>")
def one_model(name: str) -> Response:
    """Show one model as OpenAI does."""
    gateway, principal = services(), services().keys.authenticate(request, Scope.READ)
    if not (principal.may_use(name) and name in gateway.registry.models):
        raise ModelNotFound(f"The model '{name}' does not exist.", field="model")
    return jsonify(_model(name))


def _model(name: str) -> dict[str, object]:
    providers = services().registry.serving(name)
    return {
        "id": name,
        "object": "model",
        "created": _CREATED_S,
        "owned_by": providers[0].name if providers else "replyto",
    }
