"""Writes Python: dataclasses for the `servicestack` package."""

from __future__ import annotations

import keyword
from collections.abc import Iterator
from typing import Final

from codegen import model as words
from codegen.casing import free, lower_camel
from codegen.model import DtoType, Property, TypeRef
from codegen.writer import LIBRARY, Comment, Writer

#: Words that a field may not be called by: the language's, and those that the file itself uses.
_RESERVED: Final = frozenset(
    (*keyword.kwlist, "datetime", "field", "config", "str", "int", "float", "bool", "bytes")
)
_EMPTY: Final = {
    words.INT: "0",
    words.LONG: "0",
    words.DOUBLE: "0.0",
    words.BOOLEAN: "False",
    words.DATE: "datetime.datetime(1, 1, 1)",
    words.DURATION: "datetime.timedelta()",
}


class Python(Writer):
    """`python`."""

    key = "python"
    label = "Python"
    file_name = "dtos.py"
    header = Comment('""" Options:', '"""', "#")
    options_shown = (
        *("GlobalNamespace", "AddServiceStackTypes", "AddResponseStatus", "AddImplicitVersion"),
        *("AddDescriptionAsComments", "IncludeTypes", "ExcludeTypes", "DefaultImports"),
        *("DataClass", "DataClassJson"),
    )
    library = LIBRARY
    scalars = {
        words.STRING: "str",
        words.INT: "int",
        words.LONG: "int",
        words.DOUBLE: "float",
        words.BOOLEAN: "bool",
        words.DATE: "datetime.datetime",
        words.DURATION: "datetime.timedelta",
        words.BYTES: "bytes",
        words.OBJECT: "Any",
    }
    list_of = "List[{}]"
    map_of = "Dict[{}, {}]"
    applied = "{}[{}]"

    def preamble(self) -> Iterator[str]:
        """Return imports."""
        yield from (
            "import datetime",
            "from dataclasses import dataclass, field",
            "from enum import Enum, IntEnum",
            "from typing import Any, Dict, Generic, List, Optional, TypeVar",
            "",
            "from dataclasses_json import LetterCase, Undefined, config, dataclass_json",
        )
        if self.flag("AddServiceStackTypes"):
            yield "from servicestack import *"
        for one in self.options.listed("DefaultImports"):
            module, _, names = one.partition(":")
            wanted = ", ".join(names.split("/"))
            yield f"from {module} import {wanted}" if names else f"import {module}"

    def enum(self, dto: DtoType) -> Iterator[str]:
        """Return an enum whose values are the wire's."""
        yield from ("", f"class {dto.name}({'IntEnum' if dto.is_int_enum else 'str, Enum'}):")
        yield from self._described(dto.doc)
        yield from (
            f"    {free(one.name, _RESERVED)} = {_literal(one.value)}" for one in dto.members
        )

    def dto(self, dto: DtoType) -> Iterator[str]:
        """Return a dataclass."""
        yield ""
        if dto.operation:
            yield f'# @Route("{dto.operation.route}", "{dto.operation.verb}")'
        if self.flag("DataClassJson"):
            yield ("@dataclass_json(letter_case=LetterCase.CAMEL, undefined=Undefined.EXCLUDE)")
        if self.flag("DataClass"):
            yield "@dataclass"
        bases = ", ".join(self._bases(dto))
        yield f"class {dto.name}({bases}):" if bases else f"class {dto.name}:"
        yield from self._described(dto.doc)
        for prop in dto.properties:
            yield f"    {self._field(prop)}"
            yield from self._described(prop.doc, "    ")
        if not (dto.properties or self.doc(dto.doc)):
            yield "    pass"

    def _described(self, doc: str, _indent: str = "") -> Iterator[str]:
        if found := self.doc(doc):
            # A quotation mark at the end would close the text too early.
            yield f'    """{found}{" " if found.endswith(chr(34)) else ""}"""'

    def _bases(self, dto: DtoType) -> Iterator[str]:
        if dto.inherits:
            yield self.ref(dto.inherits)
        told = dto.operation
        if told and told.is_called_by_name:
            yield f"IReturn[{self.ref(told.returns)}]" if told.returns else "IReturnVoid"
            yield f"I{told.verb.capitalize()}"
        if dto.params:
            yield f"Generic[{', '.join(dto.params)}]"

    def _field(self, prop: Property) -> str:
        name = free(prop.name, _RESERVED)
        told, value = self._typed(prop.type, is_required=prop.is_required)
        if lower_camel(name) == prop.wire:
            return f"{name}: {told} = {value}"
        called = f"metadata=config(field_name='{prop.wire}')"
        if value.startswith("field("):
            return f"{name}: {told} = {value[:-1]}, {called})"
        return f"{name}: {told} = field({called}, default={value})"

    def _typed(self, ref: TypeRef, *, is_required: bool) -> tuple[str, str]:
        """Return a field's type, and what it is when nothing is said."""
        written = self.ref(ref)
        if is_required and ref.name in _EMPTY:
            return written, _EMPTY[ref.name]
        if is_required and ref.name in (words.LIST, words.MAP):
            return written, f"field(default_factory={'list' if ref.name == words.LIST else 'dict'})"
        return f"Optional[{written}]", "None"


def _literal(value: str | int) -> str:
    return repr(value)
