"""Writes C#: classes for ServiceStack's .NET clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from codegen import model as words
from codegen.casing import lower_camel, upper_camel
from codegen.dotnet.names import CSHARP_SCALARS, LIBRARY, USINGS, xml
from codegen.model import DtoType, Property
from codegen.writer import Writer

#: Types that are `?` where they may be absent, whatever is said of references.
_VALUES: Final = words.VALUES


class CSharp(Writer):
    """`csharp`."""

    key = "csharp"
    label = "CSharp"
    file_name = "dtos.cs"
    options_shown = (
        *("GlobalNamespace", "MakePartial", "MakeVirtual", "MakeInternal", "AddReturnMarker"),
        *("AddNullableAnnotations", "AddDescriptionAsComments", "AddDataContractAttributes"),
        *("AddGeneratedCodeAttributes", "InitializeCollections", "AddResponseStatus"),
        *("AddImplicitVersion", "BaseClass", "IncludeTypes", "ExcludeTypes", "AddNamespaces"),
    )
    library = LIBRARY
    scalars = CSHARP_SCALARS

    @property
    def access(self) -> str:
        """Who sees a type."""
        return "internal" if self.flag("MakeInternal") else "public"

    def preamble(self) -> Iterator[str]:
        """Return usings and the namespace."""
        if self.flag("AddNullableAnnotations"):
            yield "#nullable enable"
        yield from (f"using {one};" for one in (*USINGS, *self.options.listed("AddNamespaces")))
        yield from ("", f"namespace {self.model.namespace}", "{")

    def enum(self, dto: DtoType) -> Iterator[str]:
        """Return an enum; what is called otherwise on the wire says so."""
        yield from self._described(dto.doc, "    ")
        if not dto.is_int_enum:
            yield "    [DataContract]"
        yield f"    {self.access} enum {dto.name}"
        yield "    {"
        for one in dto.members:
            if dto.is_int_enum:
                yield f"        {one.pascal} = {one.value},"
            else:
                yield f'        [EnumMember(Value = "{one.value}")]'
                yield f"        {one.pascal},"
        yield "    }"

    def dto(self, dto: DtoType) -> Iterator[str]:
        """Return a class."""
        yield from self._described(dto.doc, "    ")
        yield from self._attributes(dto)
        partial = " partial" if self.flag("MakePartial") else ""
        of = f"<{', '.join(dto.params)}>" if dto.params else ""
        bases = ", ".join(self._bases(dto))
        yield f"    {self.access}{partial} class {dto.name}{of}{f' : {bases}' if bases else ''}"
        yield "    {"
        for index, prop in enumerate(dto.properties):
            yield from self._property(dto, prop, index)
        yield "    }"

    def ending(self) -> Iterator[str]:
        """Close the namespace."""
        yield "}"

    def _attributes(self, dto: DtoType) -> Iterator[str]:
        if dto.operation:
            yield f'    [Route("{dto.operation.route}", "{dto.operation.verb}")]'
        if self.flag("AddGeneratedCodeAttributes"):
            yield '    [System.CodeDom.Compiler.GeneratedCode("ReplyTo", "1")]'
        if self._has_contract(dto):
            yield "    [DataContract]"

    def _has_contract(self, dto: DtoType) -> bool:
        """Whether names of the wire are said: of one class all are, or none."""
        every = self.all_properties(dto)
        return self.flag("AddDataContractAttributes") or any(map(_is_renamed, every))

    def _bases(self, dto: DtoType) -> Iterator[str]:
        if dto.inherits:
            yield self.ref(dto.inherits)
        elif base := self.options.text("BaseClass"):
            yield base
        told = dto.operation
        if told and told.is_called_by_name and self.flag("AddReturnMarker"):
            yield f"IReturn<{self.ref(told.returns)}>" if told.returns else "IReturnVoid"
            yield f"I{told.verb.capitalize()}"

    def _property(self, dto: DtoType, prop: Property, index: int) -> Iterator[str]:
        yield from ("",) if index else ()
        yield from self._described(prop.doc, "        ")
        if self._has_contract(dto):
            yield f'        [DataMember(Name = "{prop.wire}")]'
        virtual = " virtual" if self.flag("MakeVirtual") else ""
        yield f"        public{virtual} {self.typed(prop)} {self.called(dto, prop)} {{ get; set; }}{self._start(prop)}"  # noqa: E501

    def called(self, dto: DtoType, prop: Property) -> str:
        """Return a property's name, which may not be its class's."""
        name = upper_camel(prop.name)
        return f"{name}_" if name == dto.name else name

    def typed(self, prop: Property) -> str:
        """Return a property's type, with `?` where it may be absent."""
        is_value = prop.type.name in _VALUES or self.whole.is_enum(prop.type)
        absent = is_value or self.flag("AddNullableAnnotations")
        return self.ref(prop.type) + ("?" if absent and not prop.is_required else "")

    def _start(self, prop: Property) -> str:
        is_reference = prop.type.name not in _VALUES and not self.whole.is_enum(prop.type)
        if not (is_reference and prop.is_required):
            return ""
        if self.flag("InitializeCollections") and prop.type.name in (words.LIST, words.MAP):
            return f" = new {self.ref(prop.type)}();"
        return " = null!;" if self.flag("AddNullableAnnotations") else ""

    def _described(self, doc: str, indent: str) -> Iterator[str]:
        if found := self.doc(doc):
            yield f"{indent}///<summary>{xml(found)}</summary>"


def _is_renamed(prop: Property) -> bool:
    return prop.wire != lower_camel(prop.name)
