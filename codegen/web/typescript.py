"""Writes TypeScript: classes that @servicestack/client sends, with their answers' types."""

from __future__ import annotations

from collections.abc import Iterator

from codegen.model import DtoType, Property
from codegen.web.names import MARKERS, SCALARS, marker, new, text
from codegen.writer import Writer


class TypeScript(Writer):
    """`typescript`."""

    key = "typescript"
    label = "TypeScript"
    file_name = "dtos.ts"
    options_shown = (
        *("GlobalNamespace", "MakePropertiesOptional", "AddServiceStackTypes", "AddResponseStatus"),
        *("AddImplicitVersion", "AddDescriptionAsComments", "AddDocAnnotations", "ExportAsTypes"),
        *("IncludeTypes", "ExcludeTypes", "DefaultImports"),
    )
    defaults = {"ExportAsTypes": True}
    library = frozenset()
    scalars = SCALARS
    list_of = "{}[]"
    map_of = "{{ [index: string]: {1}; }}"

    @property
    def public(self) -> str:
        """What stands before each type."""
        in_space = self.options.text("GlobalNamespace")
        return "export " if self.flag("ExportAsTypes") or in_space else ""

    def preamble(self) -> Iterator[str]:
        """Return imports, and the interfaces of requests."""
        yield "// @ts-nocheck"
        yield from (f"import {one};" for one in self.imports(()))
        if name := self.options.text("GlobalNamespace"):
            yield from ("", f"export namespace {name} {{")
        if self.flag("AddServiceStackTypes"):
            yield from self._markers()

    def _markers(self) -> Iterator[str]:
        answer = {"IReturn<T>": "createResponse(): T;", "IReturnVoid": "createResponse(): void;"}
        for name, member in answer.items():
            yield from ("", f"{self.public}interface {name} {{", f"    {member}", "}")
        yield ""
        yield from (f"{self.public}interface {name} {{}}" for name in MARKERS)

    def enum(self, dto: DtoType) -> Iterator[str]:
        """Return an enum whose values are the wire's."""
        yield from self.described(dto.doc)
        yield f"{self.public}enum {dto.name} {{"
        yield from (f"    {one.pascal} = {text(one.value)}," for one in dto.members)
        yield "}"

    def dto(self, dto: DtoType) -> Iterator[str]:
        """Return a class."""
        yield from self.described(dto.doc)
        yield from self.routes(dto)
        yield f"{self.public}class {self.heading(dto)} {{"
        for prop in dto.properties:
            yield from self.described(prop.doc, "    ")
            yield f"    public {self.declared(prop)};"
        yield from self._constructor(dto)
        yield from self._operation(dto)
        yield "}"

    def declared(self, prop: Property) -> str:
        """Return a property with its type; what may be absent has a question mark."""
        mark = "!" if prop.is_required else "?"
        return f"{prop.wire}{mark}: {self.ref(prop.type)}"

    def heading(self, dto: DtoType) -> str:
        """Return a class's name with what it is made of."""
        name = f"{dto.name}<{', '.join(dto.params)}>" if dto.params else dto.name
        base = f" extends {self.ref(dto.inherits)}" if dto.inherits else ""
        markers = ", ".join(self.markers(dto))
        return f"{name}{base}{f' implements {markers}' if markers else ''}"

    def markers(self, dto: DtoType) -> Iterator[str]:
        """Name the interfaces of a request."""
        told = dto.operation
        if told is None or not told.is_called_by_name:
            return
        yield f"IReturn<{self.ref(told.returns)}>" if told.returns else "IReturnVoid"
        yield marker(told.verb)

    def _constructor(self, dto: DtoType) -> Iterator[str]:
        of = f"<{', '.join(dto.params)}>" if dto.params else ""
        above = "super(init); " if dto.inherits else ""
        yield ""
        yield f"    public constructor(init?: Partial<{dto.name}{of}>) {{ {above}(Object as any).assign(this, init); }}"  # noqa: E501

    def _operation(self, dto: DtoType) -> Iterator[str]:
        told = dto.operation
        if told is None or not told.is_called_by_name:
            return
        yield f"    public getTypeName() {{ return '{dto.name}'; }}"
        yield f"    public getMethod() {{ return '{told.verb}'; }}"
        made = new(told.returns, self.ref(told.returns) if told.returns else "")
        yield f"    public createResponse() {{ {f'return {made};' if told.returns else ''} }}"

    def described(self, doc: str, indent: str = "") -> Iterator[str]:
        """Return a description as JSDoc."""
        tag = "@description " if self.flag("AddDocAnnotations") else ""
        if found := self.doc(doc):
            yield f"{indent}/** {tag}{found} */"

    def routes(self, dto: DtoType) -> Iterator[str]:
        """Return where a request stands."""
        if dto.operation:
            yield f'// @Route("{dto.operation.route}", "{dto.operation.verb}")'

    def ending(self) -> Iterator[str]:
        """Close the namespace."""
        if self.options.text("GlobalNamespace"):
            yield from ("", "}")
