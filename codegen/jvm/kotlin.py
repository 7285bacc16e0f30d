"""Writes Kotlin: open classes for net.servicestack:client and Gson."""

from __future__ import annotations

from collections.abc import Iterator

from codegen import model as words
from codegen.casing import lower_camel
from codegen.jvm.names import GSON, IMPORTS, LIBRARY, property_name
from codegen.model import DtoType, Property, TypeRef
from codegen.writer import Writer


class Kotlin(Writer):
    """`kotlin`."""

    key = "kotlin"
    label = "Kotlin"
    file_name = "dtos.kt"
    options_shown = (
        *("Package", "AddResponseStatus", "AddImplicitVersion"),
        *("AddDescriptionAsComments", "IncludeTypes", "ExcludeTypes", "InitializeCollections"),
        "DefaultImports",
    )
    library = LIBRARY
    scalars = {
        words.STRING: "String",
        words.INT: "Int",
        words.LONG: "Long",
        words.DOUBLE: "Double",
        words.BOOLEAN: "Boolean",
        words.DATE: "Date",
        words.DURATION: "TimeSpan",
        words.BYTES: "ByteArray",
        words.OBJECT: "Any",
    }
    list_of = "ArrayList<{}>"
    map_of = "HashMap<{}, {}>"

    def preamble(self) -> Iterator[str]:
        """Return package and imports."""
        if package := self.options.text("Package"):
            yield from (f"package {package}", "")
        yield from (f"import {one}" for one in (*self.imports(IMPORTS), *GSON))

    def enum(self, dto: DtoType) -> Iterator[str]:
        """Return an enum with the names of the wire."""
        yield from self._described(dto.doc)
        yield f"enum class {dto.name}"
        yield "{"
        yield from (f'    @SerializedName("{one.value}") {one.pascal},' for one in dto.members)
        yield "}"

    def dto(self, dto: DtoType) -> Iterator[str]:
        """Return a class."""
        yield from self._described(dto.doc)
        if dto.operation:
            verb, route = dto.operation.verb, _literal(dto.operation.route)
            yield f'@Route(Path="{route}", Verbs="{verb}")'
        of = f"<{', '.join(dto.params)}>" if dto.params else ""
        above = ", ".join(self._above(dto))
        yield f"open class {dto.name}{of}{f' : {above}' if above else ''}"
        yield "{"
        for prop in dto.properties:
            yield from self._property(prop)
        yield from self._answer(dto)
        yield "}"

    def _above(self, dto: DtoType) -> Iterator[str]:
        if dto.inherits:
            yield f"{self.ref(dto.inherits)}()"
        told = dto.operation
        if told and told.is_called_by_name:
            yield f"IReturn<{self.ref(told.returns)}>" if told.returns else "IReturnVoid"
            yield f"I{told.verb.capitalize()}"

    def _property(self, prop: Property) -> Iterator[str]:
        yield from self._described(prop.doc, "    ")
        name = property_name(lower_camel(prop.name))
        if name != prop.wire:
            yield f'    @SerializedName("{prop.wire}")'
        told = self.ref(prop.type)
        is_filled = prop.type.name in (words.LIST, words.MAP) and self.flag("InitializeCollections")
        if is_filled and prop.is_required:
            yield f"    open var {name}: {told} = {told}()"
        else:
            yield f"    open var {name}: {told}? = null"

    def _answer(self, dto: DtoType) -> Iterator[str]:
        told = dto.operation
        if told and told.is_called_by_name and told.returns:
            token = self._token(told.returns)
            yield f"    companion object {{ private val responseType: Any = {token} }}"
            yield f"    override fun getResponseType(): Any? = {dto.name}.responseType"

    def _token(self, ref: TypeRef) -> str:
        written = self.ref(ref)
        return f"object : TypeToken<{written}>(){{}}.type" if ref.args else f"{written}::class.java"

    def _described(self, doc: str, indent: str = "") -> Iterator[str]:
        if found := self.doc(doc):
            yield f"{indent}/** {found} */"


def _literal(text: str) -> str:
    """Return a text without what the language would fill in."""
    return text.replace("$", r"\$")
