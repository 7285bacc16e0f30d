"""Chooses what of the model stands in a file: IncludeTypes, ExcludeTypes, and what they need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from codegen import model as words
from codegen.model import DtoType, Model, Property, TypeRef
from codegen.options import Options
from shared.errors import ValidationFailed

_SERVICES: Final = "services"
_ONLY_TYPES: Final = "types"


def select(model: Model, options: Options) -> Model:
    """Return the model that the options ask for. Raises ValidationFailed for an unknown name."""
    chosen = _included(model, options.listed("IncludeTypes"))
    kept = chosen - _excluded(model, options.listed("ExcludeTypes"))
    types = [_changed(one, model, options) for one in model.types if one.name in kept]
    return Model(tuple(types), options.text("GlobalNamespace") or model.namespace)


def _included(model: Model, items: tuple[str, ...]) -> set[str]:
    if not items:
        return set(model.by_name)
    return set[str]().union(*(_item(model, item) for item in items))


def _item(model: Model, item: str) -> set[str]:
    """Return the names that one item of IncludeTypes means."""
    if item.startswith("{"):
        return _tagged(model, item)
    if "/" in item:
        return _of_namespace(model, item.split("/", maxsplit=1)[0])
    if item.startswith("*."):
        wanted = _named(model, item[2:])
        users = [one for one in model.requests if wanted.name in _closure(model, [one.name])]
        return {wanted.name, *(one.name for one in users)}
    if item.endswith(".*"):
        return _closure(model, [_named(model, item[:-2]).name])
    return _alone(model, _named(model, item))


def _tagged(model: Model, item: str) -> set[str]:
    tags = {tag.strip().lower() for tag in item[1 : item.index("}")].split(",")}
    known = {tag for one in model.requests if one.operation for tag in one.operation.tags}
    if unknown := sorted(tags - known):
        raise _unknown(f"tag '{unknown[0]}'; there are {', '.join(sorted(known))}")
    return _closure(
        model,
        [one.name for one in model.requests if one.operation and tags & set(one.operation.tags)],
    )


def _of_namespace(model: Model, namespace: str) -> set[str]:
    if namespace.lower() != model.namespace.lower():
        raise _unknown(f"namespace '{namespace}'; there is {model.namespace}")
    return set(model.by_name)


def _alone(model: Model, dto: DtoType) -> set[str]:
    """Return a type with its bases; of a request also all that its answer is made of."""
    bases = {dto.name}
    above = dto
    while above.inherits and above.inherits.name in model.by_name:
        above = model.by_name[above.inherits.name]
        bases.add(above.name)
    return bases | _closure(model, dto.returned())


def _closure(model: Model, names: Iterable[str]) -> set[str]:
    waiting, found = list(names), set[str]()
    while waiting:
        name = waiting.pop()
        if name in model.by_name and name not in found:
            found.add(name)
            waiting += model.by_name[name].mentions() | model.by_name[name].returned()
    return found


def _named(model: Model, name: str) -> DtoType:
    if (found := model.by_name.get(name)) is not None:
        return found
    for one in model.types:
        if one.name.lower() == name.lower():
            return one
    raise _unknown(f"DTO '{name}'")


def _unknown(what: str) -> ValidationFailed:
    return ValidationFailed(f"IncludeTypes: there is no {what}.", field="IncludeTypes")


def _excluded(model: Model, items: tuple[str, ...]) -> set[str]:
    """Return what is left out. What is unknown is left out already."""
    services = {one.name for one in model.requests}
    found = set[str]()
    for item in items:
        if item.lower() == _SERVICES:
            found |= services
        elif item.lower() == _ONLY_TYPES:
            found |= set(model.by_name) - services
        else:
            found |= _left_out(model, item)
    return found


def _left_out(model: Model, item: str) -> set[str]:
    try:
        is_one = item.replace("_", "").isalnum()
        return {_named(model, item).name} if is_one else _item(model, item)
    except ValidationFailed:
        return set()


def _changed(dto: DtoType, model: Model, options: Options) -> DtoType:
    """Return the type with the properties that options add or make optional."""
    own = list(dto.properties)
    if options.flags["AddResponseStatus"] and _lacks_status(dto, model):
        own.append(Property("response_status", "responseStatus", TypeRef("ResponseStatus")))
    if (version := options.text("AddImplicitVersion")) and dto.operation:
        own.append(Property("version", "version", TypeRef(words.INT), doc=f"Send {version}."))
    if options.flags["MakePropertiesOptional"]:
        own = [replace(one, is_required=False) for one in own]
    return replace(dto, properties=tuple(own))


def _lacks_status(dto: DtoType, model: Model) -> bool:
    answers = {
        one.operation.returns.name
        for one in model.requests
        if one.operation and one.operation.returns
    }
    all_of_it = (*model.inherited(dto), *dto.properties)
    return dto.name in answers and all(one.name != "response_status" for one in all_of_it)
