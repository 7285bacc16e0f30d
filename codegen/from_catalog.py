"""Builds the model: from the catalog of endpoints, and the classes that it names."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from enum import Enum
from functools import lru_cache
from typing import Any, Final, cast

from pydantic.fields import FieldInfo

from codegen import model
from codegen.annotations import classes_in, field_type, shown_name
from codegen.model import DtoType, EnumMember, Model, Operation, Property, TypeRef
from shared.dtos.base import Dto, ResponseStatus
from shared.dtos.catalog import CATALOG
from shared.dtos.endpoint import Endpoint, Form, Tag

#: The requests: what can be called.
_Called = Set[type[Dto]]

#: What pages say to the gateway that serves them, and what probes ask, is no application's.
_NOT_FOR_CLIENTS: Final = (Tag.PAGES, Tag.HEALTH)
#: A page of a list, as ServiceStack's clients know it.
PAGE: Final = "QueryResponse"
#: What an answer is that has no class and is no text.
_WITHOUT_CLASS: Final = {Form.NOTHING: None, Form.FILE: TypeRef(model.BYTES)}
_place = re.compile(r"<(?:\w+:)?(\w+)>")
_PAGE_FIELDS: Final = {"offset", "total", "results", "response_status"}


@lru_cache(maxsize=1)
def whole_model() -> Model:
    """Return the model of all DTOs of the catalog."""
    return build(CATALOG)


def build(endpoints: Iterable[Endpoint[Any]]) -> Model:
    """Return the model of these endpoints' DTOs. Raises TypeError where a name means two things."""
    called: dict[type[Dto], Endpoint[Any]] = {}
    for one in filter(_is_told, endpoints):
        called.setdefault(one.request, one)
    roots = [cls for one in called.values() for cls in (one.request, one.response) if cls]
    found: dict[str, type] = {}
    for cls in _reached([*roots, ResponseStatus], set(called)):
        if found.setdefault(shown_name(cls), cls) is not cls:
            raise TypeError(f"two DTOs are called {shown_name(cls)}: rename one of them")
    shown = [cls for cls in found.values() if not is_page(cls)]
    types = [_type(cls, called) for cls in shown]
    return Model((*types, _page()))


def is_page(cls: type) -> bool:
    """Whether it is a page of a list, which clients know as QueryResponse<T>."""
    if not (issubclass(cls, Dto) and cls.__name__.endswith("Response")):
        return False
    return {"offset", "results"} <= set(cls.model_fields) <= _PAGE_FIELDS


def _is_told(one: Endpoint[Any]) -> bool:
    is_dto = f"/api/{one.request.__name__}" in one.paths
    return is_dto or (one.response is not None and one.tag not in _NOT_FOR_CLIENTS)


def _reached(roots: Iterable[type], called: _Called) -> Iterator[type]:
    """Give each class that can be reached, once."""
    waiting, seen = list(roots), set[type]()
    while waiting:
        cls = waiting.pop(0)
        if cls in seen:
            continue
        seen.add(cls)
        if not (issubclass(cls, Dto) and cls.__name__.startswith("_")):
            yield cls
        if issubclass(cls, Dto):
            waiting += _mentioned(cls, called)


def _mentioned(cls: type[Dto], called: _Called) -> Iterator[type]:
    if base := _base(cls, called):
        yield base
    for field in cls.model_fields.values():
        for told in (field.annotation, *field.metadata):
            yield from classes_in(told)


def _base(cls: type[Dto], called: _Called) -> type[Dto] | None:
    """Return the base that clients see: of several the one with the most fields.

    One whose fields mean something else in the class is none: most languages would not have it.
    One that is called itself is none either: its answer would be the class's too.
    """
    bases = [base for base in cls.__bases__ if issubclass(base, Dto) and base is not Dto]
    public = [base for base in bases if base not in called and base.__name__[0] != "_"]
    hidden = [base for base in bases if base not in public]
    beyond = [above for base in hidden if (above := _base(base, called))]
    kept = [base for base in (*public, *beyond) if not _changes(cls, base)]
    return max(kept, key=lambda base: len(base.model_fields), default=None)


def _changes(cls: type[Dto], base: type[Dto]) -> bool:
    own = cls.model_fields
    return any(
        field_type(name, field) != field_type(name, own[name])
        for name, field in base.model_fields.items()
    )


def _type(cls: type, called: Mapping[type[Dto], Endpoint[Any]]) -> DtoType:
    doc = " ".join(inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0].split())
    if issubclass(cls, Enum):
        return DtoType(shown_name(cls), doc, members=tuple(_member(one) for one in cls))
    return _class(cast("type[Dto]", cls), doc, called)


def _member(one: Enum) -> EnumMember:
    return EnumMember(one.name, one.value)


def _class(cls: type[Dto], doc: str, called: Mapping[type[Dto], Endpoint[Any]]) -> DtoType:
    base, endpoint = _base(cls, set(called)), called.get(cls)
    own = {name: field for name, field in cls.model_fields.items() if not _inherits(base, name)}
    return DtoType(
        shown_name(cls),
        doc,
        tuple(_property(name, field) for name, field in own.items()),
        TypeRef(shown_name(base)) if base else None,
        operation=_operation(endpoint) if endpoint else None,
    )


def _inherits(base: type[Dto] | None, name: str) -> bool:
    return base is not None and name in base.model_fields


def _property(name: str, field: FieldInfo) -> Property:
    return Property(
        name.rstrip("_"),
        field.alias or name,
        field_type(name, field),
        field.is_required(),
        field.description or "",
    )


def _operation(one: Endpoint[Any]) -> Operation:
    by_name = f"/api/{one.request.__name__}" in one.paths
    own = [path for path in one.paths if not path.startswith(("/api/", "/json/"))]
    return Operation(
        one.verb,
        _place.sub(r"{\1}", own[0] if own else one.path),
        _returns(one),
        (str(one.tag),),
        tuple(map(str, one.scopes)),
        is_called_by_name=by_name,
    )


def _returns(one: Endpoint[Any]) -> TypeRef | None:
    if one.response is None:
        return _WITHOUT_CLASS.get(one.form, TypeRef(model.STRING))
    if is_page(one.response):
        rows = field_type("results", one.response.model_fields["results"])
        return TypeRef(PAGE, rows.args)
    return TypeRef(shown_name(one.response))


def _page() -> DtoType:
    rows = TypeRef(model.LIST, (TypeRef("T"),))
    return DtoType(
        PAGE,
        "A page of a list.",
        (
            Property("offset", "offset", TypeRef(model.INT), is_required=True),
            Property("total", "total", TypeRef(model.INT), is_required=True),
            Property("results", "results", rows, is_required=True),
            Property("response_status", "responseStatus", TypeRef("ResponseStatus")),
        ),
        params=("T",),
    )
