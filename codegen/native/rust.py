"""Writes Rust: serde structs for the `servicestack` crate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from codegen import model as words
from codegen.casing import free, lower_camel, word_set
from codegen.model import DtoType, Property
from codegen.writer import Writer

_RESERVED: Final = word_set(
    """
    as async await break const continue dyn else enum extern false fn for gen if impl in let
    loop match mod move mut pub ref return static struct trait true type unsafe use where while
    abstract become box do final macro override priv try typeof unsized virtual yield
    """
)
_DERIVED: Final = "#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Default)]"


class Rust(Writer):
    """`rust`."""

    key = "rust"
    label = "Rust"
    file_name = "dtos.rs"
    options_shown = (
        *("MakePropertiesOptional", "AddServiceStackTypes", "AddResponseStatus"),
        *("AddImplicitVersion", "AddDescriptionAsComments", "IncludeTypes", "ExcludeTypes"),
        "DefaultImports",
    )
    scalars = {
        words.STRING: "String",
        words.INT: "i32",
        words.LONG: "i64",
        words.DOUBLE: "f64",
        words.BOOLEAN: "bool",
        # As the crate's own types have moments: ISO 8601, for any library of dates.
        words.DATE: "String",
        words.DURATION: "String",
        words.BYTES: "String",
        words.OBJECT: "Value",
    }
    list_of = "Vec<{}>"
    map_of = "HashMap<{}, {}>"

    def preamble(self) -> Iterator[str]:
        """Return what is used."""
        yield "#![allow(unused_imports)]"
        yield "use serde::{Deserialize, Serialize};"
        yield "use serde_json::Value;"
        if self.flag("AddServiceStackTypes"):
            yield "use servicestack::*;"
        yield "use std::collections::HashMap;"
        yield from (f"use {one};" for one in self.options.listed("DefaultImports"))

    def enum(self, dto: DtoType) -> Iterator[str]:
        """Return an enum; what is called otherwise on the wire says so."""
        yield from self._described(dto.doc)
        yield "#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]"
        if dto.is_int_enum:
            yield '#[serde(into = "i64", try_from = "i64")]'
        yield f"pub enum {dto.name} {{"
        for index, one in enumerate(dto.members):
            yield from ("    #[default]",) if index == 0 else ()
            if dto.is_int_enum:
                yield f"    {one.pascal} = {one.value},"
            else:
                yield f'    #[serde(rename = "{one.value}")]'
                yield f"    {one.pascal},"
        yield "}"
        if dto.is_int_enum:
            yield from self._numbers(dto)

    def _numbers(self, dto: DtoType) -> Iterator[str]:
        name = dto.name
        yield f"impl From<{name}> for i64 {{ fn from(one: {name}) -> i64 {{ one as i64 }} }}"
        yield f"impl TryFrom<i64> for {name} {{"
        yield "    type Error = String;"
        yield "    fn try_from(value: i64) -> Result<Self, String> {"
        arms = ", ".join(f"{one.value} => Ok({name}::{one.pascal})" for one in dto.members)
        yield f'        match value {{ {arms}, _ => Err(format!("no {name} is {{value}}")) }}'
        yield from ("    }", "}")

    def dto(self, dto: DtoType) -> Iterator[str]:
        """Return a struct with the properties of its bases."""
        yield from self._described(dto.doc)
        if dto.operation:
            yield f'// @Route("{dto.operation.route}", "{dto.operation.verb}")'
        yield from (_DERIVED, '#[serde(default, rename_all = "camelCase")]')
        of = f"<{', '.join(dto.params)}>" if dto.params else ""
        yield f"pub struct {dto.name}{of} {{"
        for prop in self.all_properties(dto):
            yield from self._property(prop)
        yield "}"
        yield from self._operation(dto)

    def _property(self, prop: Property) -> Iterator[str]:
        yield from self._described(prop.doc, "    ")
        name = free(prop.name, _RESERVED, "r#{}")
        marks = [] if lower_camel(prop.name) == prop.wire else [f'rename = "{prop.wire}"']
        marks += [] if prop.is_required else ['skip_serializing_if = "Option::is_none"']
        if marks:
            yield f"    #[serde({', '.join(marks)})]"
        written = self.ref(prop.type)
        yield f"    pub {name}: {written if prop.is_required else f'Option<{written}>'},"

    def _operation(self, dto: DtoType) -> Iterator[str]:
        told = dto.operation
        if told is None or not told.is_called_by_name:
            return
        yield f"impl IRequest for {dto.name} {{"
        yield f'    const NAME: &\'static str = "{dto.name}";'
        yield f'    const VERB: &\'static str = "{told.verb}";'
        yield "}"
        if told.returns:
            answer = self.ref(told.returns)
            yield f"impl IReturn for {dto.name} {{ type Response = {answer}; }}"
        else:
            yield f"impl IReturnVoid for {dto.name} {{}}"

    def _described(self, doc: str, indent: str = "") -> Iterator[str]:
        if found := self.doc(doc):
            yield f"{indent}/// {found}"
