"""Writes Go: structs for servicestack-go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from codegen import model as words
from codegen.casing import upper_camel
from codegen.model import DtoType, Property, TypeRef
from codegen.writer import Writer

_MODULE: Final = "github.com/ServiceStack/servicestack-go"


class Go(Writer):
    """`go`."""

    key = "go"
    label = "Go"
    file_name = "dtos.go"
    options_shown = (
        *("Package", "MakePropertiesOptional", "AddResponseStatus"),
        *("AddImplicitVersion", "AddDescriptionAsComments", "IncludeTypes", "ExcludeTypes"),
        "DefaultImports",
    )
    scalars = {
        words.STRING: "string",
        words.INT: "int",
        words.LONG: "int64",
        words.DOUBLE: "float64",
        words.BOOLEAN: "bool",
        words.DATE: "time.Time",
        words.DURATION: "string",
        words.BYTES: "[]byte",
        words.OBJECT: "any",
    }
    list_of = "[]{}"
    map_of = "map[{}]{}"
    applied = "{}[{}]"

    def preamble(self) -> Iterator[str]:
        """Return package and imports."""
        yield from (f"package {self.options.text('Package') or 'dtos'}", "", "import (")
        if self._uses_library():
            yield f'\tss "{_MODULE}"'
        if self.uses(words.DATE):
            yield '\t"time"'
        yield from (f'\t"{one}"' for one in self.options.listed("DefaultImports"))
        yield ")"

    def _uses_library(self) -> bool:
        is_called = any(
            one.operation and one.operation.is_called_by_name for one in self.model.types
        )
        return is_called or any(self.uses(name) for name in self.library)

    def enum(self, dto: DtoType) -> Iterator[str]:
        """Return constants whose values are the wire's."""
        yield from self._described(dto.name, dto.doc)
        yield f"type {dto.name} {'int' if dto.is_int_enum else 'string'}"
        yield from ("", "const (")
        for one in dto.members:
            value = one.value if dto.is_int_enum else f'"{one.value}"'
            yield f"\t{dto.name}{one.pascal} {dto.name} = {value}"
        yield ")"

    def dto(self, dto: DtoType) -> Iterator[str]:
        """Return a struct with the properties of its bases."""
        yield from self._described(dto.name, dto.doc)
        if dto.operation:
            yield f'// @Route("{dto.operation.route}", "{dto.operation.verb}")'
        yield f"type {dto.name} struct {{"
        for prop in self.all_properties(dto):
            if found := self.doc(prop.doc):
                yield f"\t// {found}"
            yield f'\t{upper_camel(prop.name)} {self._typed(prop)} `json:"{self._tag(prop)}"`'
        yield "}"
        yield from self._operation(dto)

    def _typed(self, prop: Property) -> str:
        """Return a property's type: a pointer where absent is not the same as empty."""
        written = self.ref(prop.type)
        is_empty_absent = prop.type.name in (words.LIST, words.MAP, words.OBJECT, words.BYTES)
        return written if prop.is_required or is_empty_absent else f"*{written}"

    def _tag(self, prop: Property) -> str:
        return prop.wire if prop.is_required else f"{prop.wire},omitempty"

    def ref(self, ref: TypeRef) -> str:
        """Return the name of a type; those of the library stand in it."""
        if ref.name not in self.library:
            return super().ref(ref)
        args = f"[{', '.join(map(self.ref, ref.args))}]" if ref.args else ""
        return f"ss.{ref.name}{args}"

    def _operation(self, dto: DtoType) -> Iterator[str]:
        told = dto.operation
        if told is None or not told.is_called_by_name:
            return
        yield ""
        if told.returns:
            yield f"func ({dto.name}) CreateResponse() (r {self.ref(told.returns)}) {{ return }}"
        yield f"func ({dto.name}) HttpMethod() string {{ return ss.Http{told.verb.capitalize()} }}"

    def _described(self, name: str, doc: str) -> Iterator[str]:
        if found := self.doc(doc):
            yield f"// {name}: {found}"
