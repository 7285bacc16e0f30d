"""Tells the model as ServiceStack's tools read it: MetadataTypes, and the app that has them.

https://docs.servicestack.net/add-servicestack-reference, `/types/metadata`; names are the CLR's.
"""

from __future__ import annotations

from typing import Any, Final

from codegen import model as words
from codegen.casing import upper_camel
from codegen.model import DtoType, Model, Property, TypeRef
from codegen.options import FLAGS, Options
from codegen.selection import select
from codegen.writer import LIBRARY, Origin

Json = dict[str, Any]

_SYSTEM: Final = "System"
_COLLECTIONS: Final = "System.Collections.Generic"


def metadata(model: Model, options: Options, origin: Origin) -> Json:
    """Return MetadataTypes of what the options choose."""
    chosen = select(model, options)
    return {
        "config": _config(options, origin),
        "namespaces": ["System", _COLLECTIONS, "ServiceStack", chosen.namespace],
        "types": [_type(chosen, one) for one in chosen.types if one.operation is None],
        "operations": [_operation(chosen, one) for one in chosen.requests],
    }


def app_metadata(model: Model, options: Options, origin: Origin) -> Json:
    """Return MetadataApp: what this is, and its types."""
    return {
        "date": origin.date,
        "app": {
            "baseUrl": origin.base_url,
            "serviceStackVersion": origin.version,
            "serviceName": "ReplyTo",
            "serviceDescription": "A gateway between applications and large language models.",
        },
        "contentTypeFormats": {"application/json": "json"},
        "httpHandlers": {},
        "plugins": {"loaded": ["types", "metadata"]},
        "api": metadata(model, options, origin),
    }


def _config(options: Options, origin: Origin) -> Json:
    flags = {_camel(name): options.flags[name] for name in FLAGS}
    lists = {_camel(name): list(items) for name, items in options.items.items()}
    return {"baseUrl": origin.base_url, **flags, **lists}


def _type(model: Model, one: DtoType) -> Json:
    found: Json = {"name": _generic(one), "namespace": _namespace(model, one.name)}
    found |= {"genericArgs": list(one.params)} if one.params else {}
    found |= {"inherits": _name(model, one.inherits)} if one.inherits else {}
    found |= {"description": one.doc} if one.doc else {}
    if one.is_enum:
        return found | _enum(one)
    return found | {"properties": [_property(model, prop) for prop in one.properties]}


def _enum(one: DtoType) -> Json:
    found: Json = {"isEnum": True, "enumNames": [member.pascal for member in one.members]}
    if one.is_int_enum:
        return found | {"isEnumInt": True, "enumValues": [str(m.value) for m in one.members]}
    return found | {"enumMemberValues": [member.value for member in one.members]}


def _property(model: Model, prop: Property) -> Json:
    is_value = prop.type.name in words.VALUES or model.is_enum(prop.type)
    told = prop.type
    if is_value and not prop.is_required:
        told = TypeRef("Nullable", (prop.type,))
    found: Json = {"name": upper_camel(prop.name), "type": _clr(told), **_args(told)}
    found |= {"namespace": _namespace(model, told.name)}
    found |= {"isValueType": True} if is_value else {}
    found |= {"isEnum": True} if model.is_enum(prop.type) else {}
    found |= {"isRequired": True} if prop.is_required else {}
    found |= {"description": prop.doc} if prop.doc else {}
    if prop.wire != _camel(upper_camel(prop.name)):
        found["dataMember"] = {"name": prop.wire}
    return found


def _operation(model: Model, one: DtoType) -> Json:
    told = one.operation
    if told is None:
        return {}
    found: Json = {
        "request": _type(model, one),
        "actions": [told.verb],
        "method": told.verb,
        "routes": [{"path": told.route, "verbs": told.verb, "summary": one.doc}],
        "requiresAuth": bool(told.scopes),
        "requiresApiKey": bool(told.scopes),
        "requiresAnyPermission": list(told.scopes),
        "tags": list(told.tags),
    }
    if told.returns is None:
        return found | {"returnsVoid": True}
    answer = model.by_name.get(told.returns.name)
    found["returnType"] = _name(model, told.returns)
    return found | ({"response": _type(model, answer)} if answer else {})


def _name(model: Model, ref: TypeRef) -> Json:
    return {"name": _clr(ref), "namespace": _namespace(model, ref.name), **_args(ref)}


def _args(ref: TypeRef) -> Json:
    return {"genericArgs": [_written(arg) for arg in ref.args]} if ref.args else {}


def _clr(ref: TypeRef) -> str:
    return f"{ref.name}`{len(ref.args)}" if ref.args else ref.name


def _written(ref: TypeRef) -> str:
    return f"{ref.name}<{', '.join(map(_written, ref.args))}>" if ref.args else ref.name


def _generic(one: DtoType) -> str:
    return f"{one.name}`{len(one.params)}" if one.params else one.name


def _namespace(model: Model, name: str) -> str:
    if name in (words.LIST, words.MAP):
        return _COLLECTIONS
    if name in words.SCALARS or name == "Nullable":
        return _SYSTEM
    return "ServiceStack" if name in LIBRARY else model.namespace


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]
