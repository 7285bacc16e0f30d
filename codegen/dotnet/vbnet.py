"""Writes VB.NET: classes for ServiceStack's .NET clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from codegen import model as words
from codegen.casing import free, lower_camel, upper_camel, word_set
from codegen.dotnet.names import CLR, LIBRARY, USINGS, xml
from codegen.model import DtoType, Property
from codegen.writer import Comment, Writer

#: Reserved words, in lower case: the language does not tell cases apart.
_RESERVED: Final = word_set(
    """
    addhandler addressof alias and andalso as boolean byref byte byval call case catch cbool
    cbyte cchar cdate cdbl cdec char cint class clng cobj const continue csbyte cshort csng cstr
    ctype cuint culng cushort date decimal declare default delegate dim directcast do double
    each else elseif end endif enum erase error event exit false finally for friend function get
    gettype getxmlnamespace global gosub goto handles if implements imports in inherits integer
    interface is isnot let lib like long loop me mod module mustinherit mustoverride mybase
    myclass namespace narrowing new next not nothing notinheritable notoverridable object of on
    operator option optional or orelse overloads overridable overrides paramarray partial
    private property protected public raiseevent readonly redim rem removehandler resume return
    sbyte select set shadows shared short single static step stop string structure sub synclock
    then throw to true try trycast typeof uinteger ulong ushort using variant wend when while
    widening with withevents writeonly xor
    """
)


class VbNet(Writer):
    """`vbnet`."""

    key = "vbnet"
    label = "VbNet"
    file_name = "dtos.vb"
    header = Comment("' Options:", "", "'", "'")
    options_shown = (
        *("GlobalNamespace", "MakePartial", "MakeVirtual", "AddReturnMarker"),
        *("AddDescriptionAsComments", "AddDataContractAttributes", "InitializeCollections"),
        *("AddResponseStatus", "AddImplicitVersion", "BaseClass", "IncludeTypes", "ExcludeTypes"),
        "AddNamespaces",
    )
    library = LIBRARY
    scalars = {
        **CLR,
        words.INT: "Integer",
        words.LONG: "Long",
        words.DATE: "Date",
        words.BYTES: "Byte()",
    }
    list_of = "List(Of {})"
    map_of = "Dictionary(Of {}, {})"
    applied = "{}(Of {})"

    def preamble(self) -> Iterator[str]:
        """Return imports and the namespace."""
        yield from (f"Imports {one}" for one in (*USINGS, *self.options.listed("AddNamespaces")))
        yield from ("", f"Namespace Global.{self.model.namespace}")

    def enum(self, dto: DtoType) -> Iterator[str]:
        """Return an enum; what is called otherwise on the wire says so."""
        yield from self._described(dto.doc, "    ")
        yield from () if dto.is_int_enum else ("    <DataContract>",)
        yield f"    Public Enum {_named(dto.name)}"
        for one in dto.members:
            if dto.is_int_enum:
                yield f"        {_named(one.pascal)} = {one.value}"
            else:
                yield f'        <EnumMember(Value:="{one.value}")>'
                yield f"        {_named(one.pascal)}"
        yield "    End Enum"

    def dto(self, dto: DtoType) -> Iterator[str]:
        """Return a class."""
        yield from self._described(dto.doc, "    ")
        if dto.operation:
            yield f'    <Route("{dto.operation.route}", "{dto.operation.verb}")>'
        if self._has_contract(dto):
            yield "    <DataContract>"
        partial = "Partial " if self.flag("MakePartial") else ""
        of = f"(Of {', '.join(dto.params)})" if dto.params else ""
        yield f"    Public {partial}Class {_named(dto.name)}{of}"
        yield from self._above(dto)
        for prop in dto.properties:
            yield from self._property(dto, prop)
        yield "    End Class"

    def ending(self) -> Iterator[str]:
        """Close the namespace."""
        yield from ("", "End Namespace")

    def _above(self, dto: DtoType) -> Iterator[str]:
        base = self.ref(dto.inherits) if dto.inherits else self.options.text("BaseClass")
        if base:
            yield f"        Inherits {base}"
        told = dto.operation
        if told and told.is_called_by_name and self.flag("AddReturnMarker"):
            marker = f"IReturn(Of {self.ref(told.returns)})" if told.returns else "IReturnVoid"
            yield f"        Implements {marker}"
            yield f"        Implements I{told.verb.capitalize()}"

    def _has_contract(self, dto: DtoType) -> bool:
        every = self.all_properties(dto)
        renamed = any(one.wire != lower_camel(one.name) for one in every)
        return renamed or self.flag("AddDataContractAttributes")

    def _property(self, dto: DtoType, prop: Property) -> Iterator[str]:
        yield ""
        yield from self._described(prop.doc, "        ")
        if self._has_contract(dto):
            yield f'        <DataMember(Name:="{prop.wire}")>'
        is_value = prop.type.name in words.VALUES or self.whole.is_enum(prop.type)
        absent = "?" if is_value and not prop.is_required else ""
        virtual = "Overridable " if self.flag("MakeVirtual") else ""
        name = upper_camel(prop.name)
        # Of one name a class and its member would be two things to the language.
        name = f"{name}_" if name.lower() == dto.name.lower() else _named(name)
        told = self.ref(prop.type)
        is_filled = prop.type.name in (words.LIST, words.MAP) and self.flag("InitializeCollections")
        start = f" = New {told}()" if is_filled else ""
        yield f"        Public {virtual}Property {name} As {told}{absent}{start}"

    def _described(self, doc: str, indent: str) -> Iterator[str]:
        if found := self.doc(doc):
            yield f"{indent}'''<summary>{xml(found)}</summary>"


def _named(name: str) -> str:
    return f"[{name}]" if free(name.lower(), _RESERVED) != name.lower() else name
