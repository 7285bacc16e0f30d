"""Writes Java: static classes in one outer class, for net.servicestack:client and Gson."""

from __future__ import annotations

from collections.abc import Iterator

from codegen import model as words
from codegen.casing import lower_camel, upper_camel
from codegen.jvm.names import GSON, IMPORTS, LIBRARY, property_name
from codegen.model import DtoType, Property, TypeRef
from codegen.writer import Writer


class Java(Writer):
    """`java`."""

    key = "java"
    label = "Java"
    file_name = "dtos.java"
    options_shown = (
        *("Package", "GlobalNamespace", "AddPropertyAccessors", "SettersReturnThis"),
        *("AddResponseStatus", "AddDescriptionAsComments"),
        *("AddImplicitVersion", "IncludeTypes", "ExcludeTypes", "DefaultImports"),
    )
    library = LIBRARY
    scalars = {
        words.STRING: "String",
        words.INT: "Integer",
        words.LONG: "Long",
        words.DOUBLE: "Double",
        words.BOOLEAN: "Boolean",
        words.DATE: "Date",
        words.DURATION: "TimeSpan",
        words.BYTES: "byte[]",
        words.OBJECT: "Object",
    }
    list_of = "ArrayList<{}>"
    map_of = "HashMap<{}, {}>"

    def preamble(self) -> Iterator[str]:
        """Return package, imports and the outer class."""
        if package := self.options.text("Package"):
            yield from (f"package {package};", "")
        yield from (f"import {one};" for one in (*self.imports(IMPORTS), *GSON))
        outer = self.options.text("GlobalNamespace") or "dtos"
        yield from ("", f"public class {outer}", "{")

    def ending(self) -> Iterator[str]:
        """Close the outer class."""
        yield "}"

    def enum(self, dto: DtoType) -> Iterator[str]:
        """Return an enum with the names of the wire."""
        yield from self._described(dto.doc, "    ")
        yield f"    public static enum {dto.name}"
        yield "    {"
        for index, one in enumerate(dto.members):
            end = ";" if index == len(dto.members) - 1 else ","
            yield f'        @SerializedName("{one.value}") {one.pascal}{end}'
        yield "    }"

    def dto(self, dto: DtoType) -> Iterator[str]:
        """Return a class."""
        yield from self._described(dto.doc, "    ")
        if dto.operation:
            verb, route = dto.operation.verb, dto.operation.route
            yield f'    @Route(Path="{route}", Verbs="{verb}")'
        of = f"<{', '.join(dto.params)}>" if dto.params else ""
        base = f" extends {self.ref(dto.inherits)}" if dto.inherits else ""
        markers = ", ".join(self._markers(dto))
        above = f"{base}{f' implements {markers}' if markers else ''}"
        yield f"    public static class {dto.name}{of}{above}"
        yield "    {"
        for prop in dto.properties:
            yield from self._field(dto, prop)
        if self.flag("AddPropertyAccessors"):
            for prop in dto.properties:
                yield from self._accessors(dto, prop)
        yield from self._answer(dto)
        yield "    }"

    def _markers(self, dto: DtoType) -> Iterator[str]:
        told = dto.operation
        if told and told.is_called_by_name:
            yield f"IReturn<{self.ref(told.returns)}>" if told.returns else "IReturnVoid"
            yield f"I{told.verb.capitalize()}"

    def _field(self, dto: DtoType, prop: Property) -> Iterator[str]:
        yield from self._described(prop.doc, "        ")
        name = self._called(dto, prop)
        if name != prop.wire:
            yield f'        @SerializedName("{prop.wire}")'
        yield f"        public {self.ref(prop.type)} {name} = null;"

    def _called(self, dto: DtoType, prop: Property) -> str:
        # What answers have of their own is called responseType.
        taken = dto.operation is not None and prop.name == "response_type"
        return property_name(lower_camel(prop.name)) + ("_" if taken else "")

    def _accessors(self, dto: DtoType, prop: Property) -> Iterator[str]:
        name, told = self._called(dto, prop), self.ref(prop.type)
        upper = upper_camel(prop.name)
        # Of Object is getClass, which no class may have anew.
        upper = f"{upper}_" if upper == "Class" else upper
        get = "is" if prop.type.name == words.BOOLEAN else "get"
        yield f"        public {told} {get}{upper}() {{ return {name}; }}"
        if self.flag("SettersReturnThis"):
            own = f"{dto.name}<{', '.join(dto.params)}>" if dto.params else dto.name
            yield f"        public {own} set{upper}({told} value) {{ this.{name} = value; return this; }}"  # noqa: E501
        else:
            yield f"        public void set{upper}({told} value) {{ this.{name} = value; }}"

    def _answer(self, dto: DtoType) -> Iterator[str]:
        told = dto.operation
        if told and told.is_called_by_name and told.returns:
            yield f"        private static Object responseType = {self._token(told.returns)};"
            yield "        public Object getResponseType() { return responseType; }"

    def _token(self, ref: TypeRef) -> str:
        written = self.ref(ref)
        return f"new TypeToken<{written}>(){{}}.getType()" if ref.args else f"{written}.class"

    def _described(self, doc: str, indent: str) -> Iterator[str]:
        if found := self.doc(doc):
            yield f"{indent}/** {found} */"
