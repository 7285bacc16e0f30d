"""What a typed DTO is, apart from any language: types, properties, enums, and how one is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

#: Names of the types that every language has a word for.
STRING: Final = "String"
INT: Final = "Int32"
LONG: Final = "Int64"
DOUBLE: Final = "Double"
BOOLEAN: Final = "Boolean"
DATE: Final = "DateTime"
DURATION: Final = "TimeSpan"
BYTES: Final = "Byte[]"
#: JSON of any kind.
OBJECT: Final = "Object"
LIST: Final = "List"
MAP: Final = "Dictionary"

SCALARS: Final = frozenset(
    (STRING, INT, LONG, DOUBLE, BOOLEAN, DATE, DURATION, BYTES, OBJECT),
)
#: Those that have a value always: what is absent needs saying.
VALUES: Final = frozenset((INT, LONG, DOUBLE, BOOLEAN, DATE, DURATION))


@dataclass(frozen=True, slots=True)
class TypeRef:
    """The name of a type, and what it is applied to."""

    name: str
    args: tuple[TypeRef, ...] = ()

    def names(self) -> Iterator[str]:
        """Name all that is mentioned."""
        yield self.name
        for arg in self.args:
            yield from arg.names()

    def __str__(self) -> str:
        return f"{self.name}<{', '.join(map(str, self.args))}>" if self.args else self.name


@dataclass(frozen=True, slots=True)
class Property:
    """A property. `name` is snake_case, `wire` is how JSON calls it."""

    name: str
    wire: str
    type: TypeRef
    #: Whether it is always there.
    is_required: bool = False
    doc: str = ""


@dataclass(frozen=True, slots=True)
class EnumMember:
    """A member of an enum. `name` is UPPER_SNAKE, `value` is what JSON says."""

    name: str
    value: str | int

    @property
    def pascal(self) -> str:
        """The name as a type's: Completed."""
        return "".join(part[:1] + part[1:].lower() for part in self.name.split("_"))


@dataclass(frozen=True, slots=True)
class Operation:
    """How a request is called. One that is not called by its name stands at its route alone."""

    verb: str
    route: str
    returns: TypeRef | None
    tags: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    is_called_by_name: bool = True


@dataclass(frozen=True, slots=True)
class DtoType:
    """A class, or an enum if it has members."""

    name: str
    doc: str = ""
    properties: tuple[Property, ...] = ()
    inherits: TypeRef | None = None
    params: tuple[str, ...] = ()
    members: tuple[EnumMember, ...] = ()
    operation: Operation | None = None

    @property
    def is_enum(self) -> bool:
        """Whether it is an enum."""
        return bool(self.members)

    @property
    def is_int_enum(self) -> bool:
        """Whether it is an enum whose values are numbers on the wire."""
        return bool(self.members) and isinstance(self.members[0].value, int)

    def mentions(self) -> set[str]:
        """Name the types that it is made of, but for what it returns."""
        refs = [one.type for one in self.properties]
        refs += [self.inherits] if self.inherits else []
        return {name for ref in refs for name in ref.names()} - set(self.params)

    def returned(self) -> set[str]:
        """Name the types that its answer is made of."""
        operation = self.operation
        return set(operation.returns.names()) if operation and operation.returns else set()


@dataclass(frozen=True)
class Model:
    """All types, each after those that it mentions; requests stand last."""

    types: tuple[DtoType, ...]
    namespace: str = "ReplyTo"
    by_name: Mapping[str, DtoType] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "types", _in_order(self.types))
        object.__setattr__(self, "by_name", {one.name: one for one in self.types})

    @cached_property
    def requests(self) -> tuple[DtoType, ...]:
        """Those that can be called."""
        return tuple(one for one in self.types if one.operation)

    def inherited(self, dto: DtoType) -> tuple[Property, ...]:
        """Return the properties that its bases have, the first base's first."""
        base = self.by_name.get(dto.inherits.name) if dto.inherits else None
        return (*self.inherited(base), *base.properties) if base else ()

    def is_enum(self, ref: TypeRef) -> bool:
        """Whether this names an enum."""
        return ref.name in self.by_name and self.by_name[ref.name].is_enum

    def only(self, names: set[str]) -> Model:
        """Return the model of these types alone."""
        return Model(tuple(one for one in self.types if one.name in names), self.namespace)


def _in_order(types: tuple[DtoType, ...]) -> tuple[DtoType, ...]:
    by_name = {one.name: one for one in types}
    done: dict[str, DtoType] = {}

    def place(one: DtoType, above: tuple[str, ...]) -> None:
        if one.name in done or one.name in above:
            return
        for name in sorted(one.mentions() | one.returned()):
            if name in by_name:
                place(by_name[name], (*above, one.name))
        done[one.name] = one

    for one in sorted(types, key=lambda one: (one.operation is not None, one.name)):
        place(one, ())
    return tuple(sorted(done.values(), key=lambda one: one.operation is not None))
