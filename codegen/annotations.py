"""Reads what pydantic knows of a field: its type, apart from how Python says it."""

from __future__ import annotations

import types
from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Le
from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from codegen import model
from codegen.model import TypeRef
from shared.codecs.moments import to_unix_ms
from shared.dtos.base import Dto
from shared.dtos.fields import Holds

_SCALARS: Final = {
    str: model.STRING,
    int: model.LONG,
    float: model.DOUBLE,
    bool: model.BOOLEAN,
    bytes: model.BYTES,
    Any: model.OBJECT,
    object: model.OBJECT,
}
_LISTS: Final = (list, tuple, set, frozenset)
_MOST_INT32: Final = 2**31 - 1
_OBJECT: Final = TypeRef(model.OBJECT)


#: Classes whose names say too little among an application's own, or are taken in browsers.
_NAMES: Final = {"Event": "CallbackEvent", "Scope": "KeyScope"}


def shown_name(cls: type) -> str:
    """Return what clients call a class."""
    return _NAMES.get(cls.__name__, cls.__name__)


def field_type(name: str, field: FieldInfo) -> TypeRef:
    """Return a field's type; whether it may be absent is another matter."""
    return _marked(name, field.annotation, tuple(field.metadata))


def classes_in(annotation: Any) -> Iterator[type]:
    """Give the DTOs and enums that an annotation mentions."""
    if isinstance(annotation, Holds):
        yield _named(annotation.name)
        return
    if isinstance(annotation, type) and not get_origin(annotation):
        if issubclass(annotation, (Dto, Enum)):
            yield annotation
        return
    for arg in get_args(annotation):
        yield from classes_in(arg)


def _named(name: str) -> type[Dto]:
    below = list(Dto.__subclasses__())
    for cls in below:
        if cls.__name__ == name:
            return cls
        below += cls.__subclasses__()
    raise TypeError(f"there is no DTO {name}")


def _marked(name: str, annotation: Any, marks: tuple[Any, ...]) -> TypeRef:
    """Return the type of an annotation with what else is said of it."""
    marks = tuple(_flat(marks))
    if held := next((mark.name for mark in marks if isinstance(mark, Holds)), None):
        return TypeRef(held)
    if any(isinstance(mark, BeforeValidator) and mark.func is to_unix_ms for mark in marks):
        return TypeRef(model.DATE)
    found = _plain(name, annotation)
    if found.name == model.LONG and any(_is_small(mark) for mark in marks):
        return TypeRef(model.INT)
    # How our DTOs call moments, which are ISO 8601.
    if found.name == model.STRING and (name == "date" or name.endswith("_date")):
        return TypeRef(model.DATE)
    return found


def _flat(marks: tuple[Any, ...]) -> Iterator[Any]:
    for mark in marks:
        yield from mark.metadata if isinstance(mark, FieldInfo) else (mark,)


def _is_small(mark: Any) -> bool:
    return isinstance(mark, Le) and float(str(mark.le)) <= _MOST_INT32


def _plain(name: str, annotation: Any) -> TypeRef:
    if annotation in _SCALARS:
        return TypeRef(_SCALARS[annotation])
    if isinstance(annotation, type) and issubclass(annotation, (Dto, Enum)):
        return TypeRef(shown_name(annotation))
    if (found := _made_of(name, get_origin(annotation), get_args(annotation))) is not None:
        return found
    raise TypeError(f"{name}: no language is told how {annotation} looks")


def _made_of(name: str, origin: Any, args: tuple[Any, ...]) -> TypeRef | None:
    """Return the type of what is made of other types."""
    if origin is Annotated:
        return _marked(name, args[0], args[1:])
    if origin in (Union, types.UnionType):
        return _union(name, args)
    if origin is Literal:
        return _union(name, tuple({type(value) for value in args}))
    if origin in _LISTS:
        return TypeRef(model.LIST, (_plain("", args[0]),))
    if origin is dict:
        return TypeRef(model.MAP, (TypeRef(model.STRING), _plain("", args[1])))
    return None


def _union(name: str, args: tuple[Any, ...]) -> TypeRef:
    """Return what is left without None; where that is several things, JSON of any kind."""
    told = [arg for arg in args if arg is not types.NoneType]
    return _plain(name, told[0]) if len(told) == 1 else _OBJECT
