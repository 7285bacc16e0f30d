"""Writes Zig: structs that std.json reads and writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from codegen import model as words
from codegen.casing import free, word_set
from codegen.model import DtoType, Property
from codegen.writer import Comment, Writer

_RESERVED: Final = word_set(
    """
    addrspace align allowzero and anyframe anytype asm async await break callconv catch comptime
    const continue defer else enum errdefer error export extern fn for if inline linksection
    noalias noinline nosuspend opaque or orelse packed pub resume return struct suspend switch
    test threadlocal try union unreachable usingnamespace var volatile while type null undefined
    true false bool void anyerror f16 f32 f64
    """
)
_EMPTY: Final = {
    words.STRING: '""',
    words.DATE: '""',
    words.DURATION: '""',
    words.BYTES: '""',
    words.INT: "0",
    words.LONG: "0",
    words.DOUBLE: "0",
    words.BOOLEAN: "false",
    words.OBJECT: ".null",
    words.LIST: "&.{}",
    words.MAP: ".{}",
}


class Zig(Writer):
    """`zig`."""

    key = "zig"
    label = "Zig"
    file_name = "dtos.zig"
    header = Comment("/// Options:", "///", "//", "/// ")
    options_shown = (
        *("MakePropertiesOptional", "AddResponseStatus"),
        *("AddImplicitVersion", "AddDescriptionAsComments", "IncludeTypes", "ExcludeTypes"),
    )
    library = frozenset()
    scalars = {
        words.STRING: "[]const u8",
        words.INT: "i32",
        words.LONG: "i64",
        words.DOUBLE: "f64",
        words.BOOLEAN: "bool",
        words.DATE: "[]const u8",
        words.DURATION: "[]const u8",
        words.BYTES: "[]const u8",
        words.OBJECT: "std.json.Value",
    }
    list_of = "[]const {}"
    map_of = "std.json.ArrayHashMap({1})"
    applied = "{}({})"

    def preamble(self) -> Iterator[str]:
        """Return what is imported."""
        yield 'const std = @import("std");'

    def enum(self, dto: DtoType) -> Iterator[str]:
        """Return an enum whose members are called as on the wire."""
        yield from self._described(dto.doc)
        yield f"pub const {dto.name} = enum{'(i32)' if dto.is_int_enum else ''} {{"
        for one in dto.members:
            told = f"{one.pascal} = {one.value}" if dto.is_int_enum else f'@"{one.value}"'
            yield f"    {told},"
        yield "};"

    def dto(self, dto: DtoType) -> Iterator[str]:
        """Return a struct with the properties of its bases; a generic one is a function."""
        yield from self._described(dto.doc)
        if dto.operation:
            yield f'// @Route("{dto.operation.route}", "{dto.operation.verb}")'
        if dto.params:
            params = ", ".join(f"comptime {param}: type" for param in dto.params)
            yield f"pub fn {dto.name}({params}) type {{ return struct {{"
        else:
            yield f"pub const {dto.name} = struct {{"
        for prop in self.all_properties(dto):
            yield from self._described(prop.doc, "    ")
            name = free(prop.wire, _RESERVED, '@"{}"')
            yield f"    {name}: {self._typed(prop)},"
        yield from self._operation(dto)
        yield "}; }" if dto.params else "};"

    def _typed(self, prop: Property) -> str:
        """Return a property's type with what it is when nothing is said."""
        written = self.ref(prop.type)
        if not prop.is_required:
            return f"?{written} = null"
        if self.whole.is_enum(prop.type):
            return f"?{written} = null"
        return f"{written} = {_EMPTY.get(prop.type.name, '.{}')}"

    def _operation(self, dto: DtoType) -> Iterator[str]:
        told = dto.operation
        if told is None or not told.is_called_by_name:
            return
        yield ""
        yield f'    pub const type_name = "{dto.name}";'
        yield f'    pub const method = "{told.verb}";'
        if told.returns:
            yield f"    pub const Response = {self.ref(told.returns)};"

    def _described(self, doc: str, indent: str = "") -> Iterator[str]:
        if found := self.doc(doc):
            yield f"{indent}/// {found}"
