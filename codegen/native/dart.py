"""Writes Dart: classes for the `servicestack` package, with the table that it makes them by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from codegen import model as words
from codegen.casing import free, word_set
from codegen.model import DtoType, Property, TypeRef
from codegen.writer import Writer

#: The language's words, and what each class has of its own.
_RESERVED: Final = word_set(
    """
    assert await break case catch class const continue default do else enum extends false final
    finally for if in is new null rethrow return super switch this throw true try var void while
    with yield context fromMap toJson
    """
)
#: Answers that are no class.
_EMPTY: Final = {words.STRING: "''", words.BYTES: "Uint8List(0)"}
#: Values that JSON has as they are.
_PLAIN: Final = frozenset((words.STRING, words.INT, words.LONG, words.BOOLEAN, words.OBJECT))


class Dart(Writer):
    """`dart`."""

    key = "dart"
    label = "Dart"
    file_name = "dtos.dart"
    scalars = {
        words.STRING: "String",
        words.INT: "int",
        words.LONG: "int",
        words.DOUBLE: "double",
        words.BOOLEAN: "bool",
        words.DATE: "DateTime",
        words.DURATION: "Duration",
        words.BYTES: "Uint8List",
        words.OBJECT: "dynamic",
    }
    map_of = "Map<{},{}>"

    def preamble(self) -> Iterator[str]:
        """Return imports."""
        usual = ("package:servicestack/servicestack.dart",)
        bytes_too = ("dart:typed_data",) if self.uses(words.BYTES) else ()
        yield from (f"import '{one}';" for one in (*self.imports(usual), *bytes_too))

    def enum(self, dto: DtoType) -> Iterator[str]:
        """Return an enum whose members are called as on the wire, as far as names may be."""
        yield from self._described(dto.doc)
        yield f"enum {dto.name} {{"
        if dto.is_int_enum:
            members = [f"{one.pascal}({one.value})" for one in dto.members]
            yield f"    {', '.join(members)};"
            yield from (f"    const {dto.name}(this.value);", "    final int value;")
        else:
            members = [f"{one.pascal}('{one.value}')" for one in dto.members]
            yield f"    {', '.join(members)};"
            yield from (f"    const {dto.name}(this.value);", "    final String value;")
            yield "    String toJson() => value;"
        yield "}"

    def dto(self, dto: DtoType) -> Iterator[str]:
        """Return a class."""
        yield from self._described(dto.doc)
        if dto.operation:
            yield f'// @Route("{dto.operation.route}", "{dto.operation.verb}")'
        of = f"<{', '.join(dto.params)}>" if dto.params else ""
        base = f" extends {self.ref(dto.inherits)}" if dto.inherits else ""
        yield f"class {dto.name}{of}{base} implements {', '.join(self._markers(dto))} {{"
        for prop in dto.properties:
            yield from self._described(prop.doc, "    ")
            told = self.ref(prop.type)
            yield f"    {told}{'' if told == 'dynamic' else '?'} {_named(prop)};"
        yield from self._making(dto)
        yield from self._json(dto)
        yield from self._operation(dto)
        yield from ("    TypeContext? context = _ctx;", "}")

    def _markers(self, dto: DtoType) -> Iterator[str]:
        told = dto.operation
        if told and told.is_called_by_name:
            yield f"IReturn<{self.ref(told.returns)}>" if told.returns else "IReturnVoid"
            yield f"I{told.verb.capitalize()}"
        yield "IConvertible"

    def _making(self, dto: DtoType) -> Iterator[str]:
        own = [f"this.{_named(one)}" for one in dto.properties]
        above = [f"super.{_named(one)}" for one in self.whole.inherited(dto)]
        arguments = ", ".join((*own, *above))
        yield ""
        yield f"    {dto.name}({f'{{{arguments}}}' if arguments else ''});"
        yield f"    {dto.name}.fromJson(Map<String, dynamic> json) {{ fromMap(json); }}"

    def _json(self, dto: DtoType) -> Iterator[str]:
        yield from ("", "    fromMap(Map<String, dynamic> json) {")
        if dto.inherits:
            yield "        super.fromMap(json);"
        for prop in dto.properties:
            yield f"        {_named(prop)} = {self._read(prop)};"
        yield from ("        return this;", "    }", "")
        start = "super.toJson()..addAll({" if dto.inherits else "{"
        yield f"    Map<String, dynamic> toJson() => {start}"
        yield from (f"        '{one.wire}': {self._write(one)}," for one in dto.properties)
        yield "    });" if dto.inherits else "    };"

    def _read(self, prop: Property) -> str:
        value = f"json['{prop.wire}']"
        if prop.type.name == words.DOUBLE:
            return f"JsonConverters.toDouble({value})"
        if prop.type.name in _PLAIN:
            return value
        if self.whole.is_enum(prop.type):
            found = f"{prop.type.name}.values.firstWhere((x) => x.value == {value})"
            return f"{value} == null ? null : {found}"
        return f"JsonConverters.fromJson({value}, '{self.ref(prop.type)}', context!)"

    def _write(self, prop: Property) -> str:
        name = _named(prop)
        if prop.type.name in (*_PLAIN, words.DOUBLE):
            return name
        if self.whole.is_enum(prop.type):
            return f"{name}?.value"
        return f"JsonConverters.toJson({name}, '{self.ref(prop.type)}', context!)"

    def _operation(self, dto: DtoType) -> Iterator[str]:
        told = dto.operation
        yield ""
        if told and told.is_called_by_name and told.returns:
            written = self.ref(told.returns)
            made = _EMPTY.get(told.returns.name, f"{written}()")
            yield f"    createResponse() => {made};"
            yield f'    getResponseTypeName() => "{written}";'
        elif told and told.is_called_by_name:
            yield "    createResponse() {}"
        yield f'    getTypeName() => "{dto.name}";'

    def ending(self) -> Iterator[str]:
        """Return the table of types."""
        yield from (
            "",
            "TypeContext _ctx = TypeContext(library: 'replyto', types: <String, TypeInfo> {",
        )
        for one in self.model.types:
            if one.is_enum:
                yield f"    '{one.name}': TypeInfo(TypeOf.Enum, enumValues: {one.name}.values),"
            elif not one.params:
                yield f"    '{one.name}': TypeInfo(TypeOf.Class, create: () => {one.name}()),"
        for ref in self._generic():
            yield f"    '{self.ref(ref)}': TypeInfo(TypeOf.Class, create: () => {self._made(ref)}),"
        yield "});"

    def _made(self, ref: TypeRef) -> str:
        """Return how an empty one of a generic type is made."""
        inner = ",".join(map(self.ref, ref.args))
        return {words.LIST: f"<{inner}>[]", words.MAP: f"<{inner}>{{}}"}.get(
            ref.name, f"{self.ref(ref)}()"
        )

    def _generic(self) -> tuple[TypeRef, ...]:
        """Name the lists and maps, also those within others, and what answers apply to a class."""
        props = [prop.type for one in self.model.types for prop in one.properties]
        answers = [one.operation.returns for one in self.model.requests if one.operation]
        found = dict.fromkeys(part for ref in (*props, *answers) if ref for part in _parts(ref))
        return tuple(ref for ref in found if "T" not in ref.names())

    def _described(self, doc: str, indent: str = "") -> Iterator[str]:
        if found := self.doc(doc):
            yield f"{indent}/// {found}"


def _named(prop: Property) -> str:
    """Return a property's name: as on the wire, unless that is taken."""
    name = prop.wire
    return free(name, _RESERVED, name[:1].upper() + name[1:])


def _parts(ref: TypeRef) -> Iterator[TypeRef]:
    """Give what is generic of a type, the outer before the inner."""
    if ref.args:
        yield ref
        for arg in ref.args:
            yield from _parts(arg)
