"""Writes F#: classes with default values, each behind what it mentions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from codegen import model as words
from codegen.casing import lower_camel, upper_camel
from codegen.dotnet.names import CLR, LIBRARY, USINGS, xml
from codegen.model import DtoType, Property, TypeRef
from codegen.writer import Comment, Writer

_EMPTY: Final = {
    words.INT: "0",
    words.LONG: "0L",
    words.DOUBLE: "0.0",
    words.BOOLEAN: "false",
    words.DATE: "new DateTime()",
    words.DURATION: "new TimeSpan()",
}


class FSharp(Writer):
    """`fsharp`."""

    key = "fsharp"
    label = "FSharp"
    file_name = "dtos.fs"
    # @servicestack/cli knows no other end of a header than the first of these.
    header = Comment("(* Options:", "*/\n*)")
    options_shown = (
        *("GlobalNamespace", "AddReturnMarker", "AddDescriptionAsComments"),
        *("AddDataContractAttributes", "AddResponseStatus", "AddImplicitVersion"),
        *("IncludeTypes", "ExcludeTypes", "InitializeCollections", "AddNamespaces"),
    )
    library = LIBRARY
    scalars = {
        **CLR,
        words.STRING: "string",
        words.INT: "int",
        words.LONG: "int64",
        words.DOUBLE: "float",
        words.BOOLEAN: "bool",
        words.BYTES: "byte[]",
        words.OBJECT: "obj",
    }
    list_of = "ResizeArray<{}>"

    def preamble(self) -> Iterator[str]:
        """Return the namespace and what is opened."""
        yield from (f"namespace {self.model.namespace}", "")
        yield from (f"open {one}" for one in (*USINGS, *self.options.listed("AddNamespaces")))

    def enum(self, dto: DtoType) -> Iterator[str]:
        """Return an enum; what is called otherwise on the wire says so."""
        yield from self._described(dto.doc, "    ")
        yield f"    type {dto.name} ="
        for index, one in enumerate(dto.members):
            value = one.value if dto.is_int_enum else index
            mark = "" if dto.is_int_enum else f'[<EnumMember(Value="{one.value}")>] '
            yield f"        | {mark}{one.pascal} = {value}"

    def dto(self, dto: DtoType) -> Iterator[str]:
        """Return a class."""
        yield from self._described(dto.doc, "    ")
        if dto.operation:
            yield f'    [<Route("{dto.operation.route}", "{dto.operation.verb}")>]'
        if self._has_contract(dto):
            yield "    [<DataContract>]"
        yield "    [<AllowNullLiteral>]"
        of = f"<{', '.join(f'{chr(39)}{param}' for param in dto.params)}>" if dto.params else ""
        yield f"    type {dto.name}{of}() ="
        lines = [*self._above(dto)]
        for prop in dto.properties:
            lines += self._property(dto, prop)
        yield from lines or ["        class end"]

    def _above(self, dto: DtoType) -> Iterator[str]:
        if dto.inherits:
            yield f"        inherit {self.ref(dto.inherits)}()"
        told = dto.operation
        if told and told.is_called_by_name and self.flag("AddReturnMarker"):
            marker = f"IReturn<{self.ref(told.returns)}>" if told.returns else "IReturnVoid"
            yield f"        interface {marker}"
            yield f"        interface I{told.verb.capitalize()}"

    def _has_contract(self, dto: DtoType) -> bool:
        every = self.all_properties(dto)
        renamed = any(one.wire != lower_camel(one.name) for one in every)
        return renamed or self.flag("AddDataContractAttributes")

    def _property(self, dto: DtoType, prop: Property) -> Iterator[str]:
        yield from self._described(prop.doc, "        ")
        if self._has_contract(dto):
            yield f'        [<DataMember(Name="{prop.wire}")>]'
        told, value = self._typed(prop)
        name = upper_camel(prop.name)
        yield f"        member val {name}: {told} = {value} with get, set"

    def _typed(self, prop: Property) -> tuple[str, str]:
        written = self._written(prop.type)
        is_value = prop.type.name in _EMPTY or self.whole.is_enum(prop.type)
        if is_value and not prop.is_required:
            return f"Nullable<{written}>", f"Nullable<{written}>()"
        if prop.type.name in _EMPTY:
            return written, _EMPTY[prop.type.name]
        if self.whole.is_enum(prop.type):
            return written, f"enum<{written}> 0"
        if self.flag("InitializeCollections") and prop.type.name in (words.LIST, words.MAP):
            return written, f"new {written}()"
        return written, "null"

    def _written(self, ref: TypeRef) -> str:
        """Return a type; parameters of a generic one have an apostrophe."""
        return self.ref(ref).replace("<T>", "<'T>")

    def _described(self, doc: str, indent: str) -> Iterator[str]:
        if found := self.doc(doc):
            yield f"{indent}/// <summary>{xml(found)}</summary>"
