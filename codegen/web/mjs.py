"""Writes JavaScript modules: classes whose types stand in JSDoc."""

from __future__ import annotations

from collections.abc import Iterator

from codegen.model import DtoType, Property
from codegen.web.names import SCALARS, new, text
from codegen.writer import Writer


class Mjs(Writer):
    """`mjs`."""

    key = "mjs"
    label = "Mjs"
    file_name = "dtos.mjs"
    mimetype = "text/javascript"
    options_shown = (
        *("AddResponseStatus", "AddImplicitVersion"),
        *("AddDescriptionAsComments", "AddDocAnnotations", "IncludeTypes", "ExcludeTypes"),
        "DefaultImports",
    )
    library = frozenset()
    scalars = SCALARS
    list_of = "{}[]"
    map_of = "{{ [index: string]: {1}; }}"

    def preamble(self) -> Iterator[str]:
        """Return imports."""
        yield '"use strict";'
        yield from (f"import {one};" for one in self.imports(()))

    def enum(self, dto: DtoType) -> Iterator[str]:
        """Return an enum, frozen, with the values that may stand in JSON."""
        values = " | ".join(text(one.value) for one in dto.members)
        yield f"/** @typedef {{{values}}} */"
        yield f"export var {dto.name};"
        yield f"(function ({dto.name}) {{"
        yield from (f'    {dto.name}["{one.pascal}"] = {text(one.value)}' for one in dto.members)
        yield f"}})({dto.name} || ({dto.name} = {{}}));"

    def dto(self, dto: DtoType) -> Iterator[str]:
        """Return a class."""
        yield from self._described(dto)
        base = f" extends {dto.inherits.name}" if dto.inherits else ""
        yield f"export class {dto.name}{base} {{"
        yield from self._constructor(dto)
        for prop in dto.properties:
            yield from self._property(prop)
        yield from self._operation(dto)
        yield "}"

    def _described(self, dto: DtoType) -> Iterator[str]:
        tags = [f"@template {param}" for param in dto.params]
        if dto.inherits and dto.inherits.args:
            tags.append(f"@extends {{{self.ref(dto.inherits)}}}")
        if told := " ".join(filter(None, (self.doc(dto.doc), *tags))):
            yield f"/** {told} */"

    def _constructor(self, dto: DtoType) -> Iterator[str]:
        every = self.all_properties(dto)
        members = "; ".join(f"{one.wire}?: {self.ref(one.type)}" for one in every)
        yield f"    /** @param {{{{{members}}}}} [init] */"
        above = "super(init); " if dto.inherits else ""
        yield f"    constructor(init) {{ {above}Object.assign(this, init) }}"

    def _property(self, prop: Property) -> Iterator[str]:
        mark = "" if prop.is_required else "?"
        tag = " @description " if self.flag("AddDocAnnotations") else " "
        doc = self.doc(prop.doc)
        yield f"    /** @type {{{mark}{self.ref(prop.type)}}}{f'{tag}{doc}' if doc else ''} */"
        yield f"    {prop.wire};"

    def _operation(self, dto: DtoType) -> Iterator[str]:
        told = dto.operation
        if told is None or not told.is_called_by_name:
            return
        yield f"    getTypeName() {{ return '{dto.name}' }}"
        yield f"    getMethod() {{ return '{told.verb}' }}"
        made = new(told.returns, told.returns.name if told.returns else "")
        yield f"    createResponse() {{ {f'return {made}' if told.returns else ''} }}"
