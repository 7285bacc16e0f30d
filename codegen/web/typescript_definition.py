"""Writes TypeScript definitions: interfaces alone, for code that makes its own objects."""

from __future__ import annotations

from collections.abc import Iterator

from codegen.model import DtoType, Property
from codegen.web.names import MARKERS, text
from codegen.web.typescript import TypeScript


class TypeScriptDefinition(TypeScript):
    """`typescript.d`."""

    key = "typescript.d"
    label = "TypeScriptDefinition"
    file_name = "dtos.d.ts"
    defaults = {}

    def preamble(self) -> Iterator[str]:
        """Return imports, and the interfaces of requests."""
        yield from (f"import {one};" for one in self.imports(()))
        if name := self.options.text("GlobalNamespace"):
            yield f"declare namespace {name} {{"
        if self.flag("AddServiceStackTypes"):
            names = ("IReturn<T>", "IReturnVoid", *MARKERS)
            yield from (f"{self.public}interface {name} {{}}" for name in names)

    def enum(self, dto: DtoType) -> Iterator[str]:
        """Return an enum as what may stand in JSON."""
        yield from self.described(dto.doc)
        values = " | ".join(text(one.value) for one in dto.members)
        yield f"{self.public}type {dto.name} = {values};"

    def dto(self, dto: DtoType) -> Iterator[str]:
        """Return an interface."""
        yield from self.described(dto.doc)
        yield from self.routes(dto)
        yield f"{self.public}interface {self.heading(dto)} {{"
        for prop in dto.properties:
            yield from self.described(prop.doc, "    ")
            yield f"    {self.declared(prop)};"
        yield "}"

    def declared(self, prop: Property) -> str:
        """Return a property with its type."""
        mark = "" if prop.is_required else "?"
        return f"{prop.wire}{mark}: {self.ref(prop.type)}"

    def heading(self, dto: DtoType) -> str:
        """Return an interface's name with what it extends."""
        name = f"{dto.name}<{', '.join(dto.params)}>" if dto.params else dto.name
        above = [self.ref(dto.inherits)] if dto.inherits else []
        above += self.markers(dto)
        return f"{name} extends {', '.join(above)}" if above else name
