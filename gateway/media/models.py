"""Which model a request for pictures or sound goes to that names none, or AI Server's own."""

from __future__ import annotations

from gateway.providers.conditions import condition_of
from gateway.services import Services
from shared.api_keys.principal import Principal
from shared.errors import ModelNotFound
from shared.operation import Operation
from shared.providers.provider import MEDIA_MODEL, OWN_ENGINES


def model_for(
    gateway: Services, principal: Principal, operation: Operation, name: str, *, is_named: bool
) -> tuple[str, str]:
    """Return the model and the voice that is named with it, if one is: `tts-1:alloy`.

    A model that the client did not name is the best one for this. Raises ModelNotFound.
    """
    known = gateway.registry.models
    if name in known and principal.may_use(name):
        return name, ""
    model, colon, voice = name.rpartition(":")
    if is_named and colon and operation is Operation.SPEECH and model in known:
        return model, voice
    able = models_for(gateway, principal, operation)
    is_ours = OWN_ENGINES.can(operation)
    if is_ours and (name == MEDIA_MODEL if is_named else not able):
        return MEDIA_MODEL, ""
    if is_named or not able:
        known = [*able, *([MEDIA_MODEL] if is_ours else [])]
        raise ModelNotFound(_problem(operation, name, known, is_named=is_named), field="model")
    return able[0], ""


def models_for(
    gateway: Services, principal: Principal, operation: Operation, *, online: bool = False
) -> list[str]:
    """Return the models that are said to be for this, those of the best providers first."""
    providers = sorted(gateway.registry.providers, key=lambda one: -one.priority)
    found = [
        (not condition_of(gateway, provider, model).is_usable, model)
        for provider in providers
        if provider.enabled
        for model in provider.models
        if provider.declares(operation, model) and principal.may_use(model)
    ]
    names = [
        model
        for is_away, model in sorted(found, key=lambda one: one[0])
        if not (online and is_away)
    ]
    return list(dict.fromkeys(names))


def _problem(operation: Operation, name: str, able: list[str], *, is_named: bool) -> str:
    what = str(operation).replace("_", " ")
    if not able:
        return (
            f"There is no model for '{what}': say which models of a provider can do it, by "
            "`operations` in its settings."
        )
    told = f"The model '{name}' does not exist" if is_named else "Name a model"
    return f"{told}; for '{what}' there are: {', '.join(able[:20])}."
