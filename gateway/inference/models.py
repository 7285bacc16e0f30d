"""Models: which ones there are, on both wires."""

from __future__ import annotations

from flask import Blueprint

from gateway.http.routes import Call, route
from shared.dtos import catalog
from shared.dtos.inference.models import ListModels, OpenAiModel, OpenAiModels, RetrieveModel
from shared.dtos.jobs import ActiveAiModels, ActiveAiModelsResponse, ActiveCustomAiModels
from shared.errors import ModelNotFound, ProviderNotFound
from shared.operation import Operation
from shared.providers.model_names import is_for_talks
from shared.providers.provider import Registry
from shared.providers.vision import sees

blueprint = Blueprint("models", __name__)


@route(blueprint, catalog.ACTIVE_MODELS)
def active(call: Call[ActiveAiModels]) -> ActiveAiModelsResponse:
    """List the names of the models that can be used."""
    gateway, principal, wanted = call.services, call.principal, call.request
    names = gateway.registry.models
    if wanted.provider:
        provider = gateway.registry.named(wanted.provider)
        if provider is None:
            raise ProviderNotFound(field="provider")
        names = sorted(provider.models) if provider.enabled else []
    if wanted.vision:
        names = [name for name in names if sees(gateway.registry, name)]
    return ActiveAiModelsResponse(results=list(filter(principal.may_use, names)))


@route(blueprint, catalog.ACTIVE_CUSTOM_MODELS)
def active_custom(call: Call[ActiveCustomAiModels]) -> ActiveAiModelsResponse:
    """List the names of the models: there is no catalog of models that some could be in."""
    names = filter(call.principal.may_use, call.services.registry.models)
    return ActiveAiModelsResponse(results=list(names))


@route(blueprint, catalog.LIST_MODELS)
def all_models(call: Call[ListModels]) -> OpenAiModels:
    """List the models as OpenAI does, those that were named first at the beginning."""
    registry, wanted = call.services.registry, call.request.operation
    names = filter(call.principal.may_use, _in_order(registry))
    shown = [name for name in names if wanted is None or _is_for(registry, name, wanted)]
    return OpenAiModels(data=[_model(registry, name) for name in shown])


@route(blueprint, catalog.RETRIEVE_MODEL)
def one_model(call: Call[RetrieveModel]) -> OpenAiModel:
    """Show one model as OpenAI does."""
    registry, name = call.services.registry, call.request.name
    if not (call.principal.may_use(name) and name in registry.models):
        raise ModelNotFound(f"The model '{name}' does not exist.", field="model")
    return _model(registry, name)


def _in_order(registry: Registry) -> list[str]:
    """Return the names in the order of the providers: the first is what people named first."""
    enabled = (one for one in registry.providers if one.enabled)
    return list(dict.fromkeys(name for one in enabled for name in one.models))


def _is_for(registry: Registry, model: str, operation: Operation) -> bool:
    """Whether a model is said to be for this; of talks, that it is not for something else."""
    if operation is not Operation.CHAT:
        return any(one.declares(operation, model) for one in registry.serving(model))
    return any(
        one.can(operation, model) and (one.says_what_for(model) or is_for_talks(one.models[model]))
        for one in registry.serving(model)
    )


def _model(registry: Registry, name: str) -> OpenAiModel:
    serving = registry.serving(name)
    return OpenAiModel(id=name, owned_by=serving[0].name if serving else "replyto")
