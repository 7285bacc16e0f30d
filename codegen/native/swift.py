"""Writes Swift: Codable classes for ServiceStack.Swift."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from codegen import model as words
from codegen.casing import free, lower_camel, word_set
from codegen.model import DtoType, Property
from codegen.writer import LIBRARY, Writer

_RESERVED: Final = word_set(
    """
    associatedtype class deinit enum extension fileprivate func import init inout internal let
    open operator private protocol public rethrows static struct subscript typealias var break
    case continue default defer do else fallthrough for guard if in repeat return switch where
    while as Any catch false is nil super self Self throw throws true try
    """
)


class Swift(Writer):
    """`swift`."""

    key = "swift"
    label = "Swift"
    file_name = "dtos.swift"
    options_shown = (
        *("BaseClass", "MakePropertiesOptional"),
        *("IncludeTypes", "ExcludeTypes", "AddResponseStatus", "AddImplicitVersion"),
        *("AddDescriptionAsComments", "DefaultImports"),
    )
    defaults = {"MakePropertiesOptional": True}
    #: ServiceStack.Swift knows no other answers.
    library = LIBRARY - {"IdResponse", "StringResponse"}
    scalars = {
        words.STRING: "String",
        words.INT: "Int",
        words.LONG: "Int",
        words.DOUBLE: "Double",
        words.BOOLEAN: "Bool",
        words.DATE: "Date",
        words.DURATION: "TimeInterval",
        words.BYTES: "Data",
        # Codable has no word for any JSON; what may be several things is mostly a text.
        words.OBJECT: "String",
    }
    list_of = "[{}]"
    map_of = "[{}:{}]"

    def preamble(self) -> Iterator[str]:
        """Return imports."""
        yield from (f"import {one}" for one in self.imports(("Foundation", "ServiceStack")))

    def enum(self, dto: DtoType) -> Iterator[str]:
        """Return an enum whose raw values are the wire's."""
        yield from self._described(dto.doc)
        yield f"public enum {dto.name} : {'Int' if dto.is_int_enum else 'String'}, Codable"
        yield "{"
        for one in dto.members:
            value = one.value if dto.is_int_enum else f'"{one.value}"'
            yield f"    case {free(lower_camel(one.pascal), _RESERVED, '`{}`')} = {value}"
        yield "}"

    def dto(self, dto: DtoType) -> Iterator[str]:
        """Return a class; one with a base encodes its own properties beside the base's."""
        yield from self._described(dto.doc)
        if dto.operation:
            yield f'// @Route("{dto.operation.route}", "{dto.operation.verb}")'
        of = f"<{', '.join(f'{param} : Codable' for param in dto.params)}>" if dto.params else ""
        yield f"public class {dto.name}{of} : {', '.join(self._above(dto))}"
        yield "{"
        if dto.operation and dto.operation.is_called_by_name and dto.operation.returns:
            yield f"    public typealias Return = {self.ref(dto.operation.returns)}"
        for prop in dto.properties:
            yield from self._described(prop.doc, "    ")
            yield f"    public var {_named(prop)}:{self._typed(prop)}"
        yield from ("", f"    required public init(){self._start(dto)}")
        if dto.inherits:
            yield from self._coding(dto)
        yield "}"

    def _start(self, dto: DtoType) -> str:
        return "{ super.init() }" if dto.inherits else "{}"

    def _above(self, dto: DtoType) -> Iterator[str]:
        base = self.ref(dto.inherits) if dto.inherits else self.options.text("BaseClass")
        if base:
            yield base
        told = dto.operation
        if told and told.is_called_by_name:
            yield "IReturn" if told.returns else "IReturnVoid"
            yield f"I{told.verb.capitalize()}"
        if not dto.inherits:
            yield "Codable"

    def _typed(self, prop: Property) -> str:
        written = self.ref(prop.type)
        if prop.is_required and prop.type.name == words.LIST:
            return f"{written} = []"
        if prop.is_required and prop.type.name == words.MAP:
            return f"{written} = [:]"
        return f"{written}?"

    def _coding(self, dto: DtoType) -> Iterator[str]:
        if dto.properties:
            yield from ("", "    private enum CodingKeys : String, CodingKey {")
            yield from (f"        case {_named(prop)}" for prop in dto.properties)
            yield "    }"
        yield from ("", "    required public init(from decoder: Decoder) throws {")
        yield "        try super.init(from: decoder)"
        yield from self._each(
            dto, "let container = try decoder.container(keyedBy: CodingKeys.self)"
        )
        for prop in dto.properties:
            name, told = _named(prop), self.ref(prop.type)
            read = f"try container.decodeIfPresent({told}.self, forKey: .{name})"
            yield f"        self.{name} = {read}{self._or_empty(prop)}"
        yield "    }"
        yield from ("", "    public override func encode(to encoder: Encoder) throws {")
        yield "        try super.encode(to: encoder)"
        yield from self._each(dto, "var container = encoder.container(keyedBy: CodingKeys.self)")
        for prop in dto.properties:
            name = _named(prop)
            is_filled = bool(self._or_empty(prop))
            put = "encode" if is_filled else "encodeIfPresent"
            yield f"        try container.{put}(self.{name}, forKey: .{name})"
        yield "    }"

    def _each(self, dto: DtoType, line: str) -> Iterator[str]:
        yield from (f"        {line}",) if dto.properties else ()

    def _or_empty(self, prop: Property) -> str:
        empty = {words.LIST: " ?? []", words.MAP: " ?? [:]"}
        return empty.get(prop.type.name, "") if prop.is_required else ""

    def _described(self, doc: str, indent: str = "") -> Iterator[str]:
        if found := self.doc(doc):
            yield f"{indent}/// {found}"


def _named(prop: Property) -> str:
    return free(prop.wire, _RESERVED, "`{}`")
