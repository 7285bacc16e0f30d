"""Writes PHP: classes with named arguments, for the `servicestack/client` package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from codegen import model as words
from codegen.model import DtoType, Property, TypeRef
from codegen.options import Options
from codegen.writer import Writer

_INTERFACES: Final = ("IReturn", "IReturnVoid", "IGet", "IPost", "IPut", "IDelete", "IPatch")


class Php(Writer):
    """`php`."""

    key = "php"
    label = "Php"
    file_name = "dtos.php"
    options_shown = (
        *("GlobalNamespace", "AddServiceStackTypes"),
        *("AddResponseStatus", "AddImplicitVersion", "AddDescriptionAsComments"),
        *("IncludeTypes", "ExcludeTypes", "DefaultImports"),
    )
    scalars = {
        words.STRING: "string",
        words.INT: "int",
        words.LONG: "int",
        words.DOUBLE: "float",
        words.BOOLEAN: "bool",
        words.DATE: "DateTime",
        words.DURATION: "string",
        words.BYTES: "string",
        words.OBJECT: "mixed",
    }
    list_of = "array<{}>"
    map_of = "array<{},{}>"

    @classmethod
    def before(cls, options: Options) -> Iterator[str]:
        """Return what must stand before the header."""
        namespace = (options.text("GlobalNamespace") or "dtos").replace(".", "\\")
        yield f"<?php namespace {namespace};"

    def preamble(self) -> Iterator[str]:
        """Return what is used."""
        yield from ("use DateTime;", "use Exception;", "use JsonSerializable;")
        if self.flag("AddServiceStackTypes"):
            yield f"use ServiceStack\\{{{', '.join((*_INTERFACES, *sorted(self.library)))}}};"
        yield from (f"use {one};" for one in self.options.listed("DefaultImports"))

    def enum(self, dto: DtoType) -> Iterator[str]:
        """Return an enum whose values are the wire's."""
        yield from self._described(dto.doc)
        yield f"enum {dto.name} : {'int' if dto.is_int_enum else 'string'}"
        yield "{"
        for one in dto.members:
            value = one.value if dto.is_int_enum else f"'{one.value}'"
            yield f"    case {one.pascal} = {value};"
        yield "}"

    def dto(self, dto: DtoType) -> Iterator[str]:
        """Return a class."""
        yield from self._described(dto.doc)
        if dto.operation:
            yield f'// @Route("{dto.operation.route}", "{dto.operation.verb}")'
        base = f" extends {dto.inherits.name}" if dto.inherits else ""
        yield f"class {dto.name}{base} implements {', '.join(self._markers(dto))}"
        yield "{"
        yield from self._constructor(dto)
        yield from self._from_map(dto)
        yield from self._to_json(dto)
        yield from self._operation(dto)
        yield "}"

    def _markers(self, dto: DtoType) -> Iterator[str]:
        if dto.operation and dto.operation.is_called_by_name:
            yield "IReturn" if dto.operation.returns else "IReturnVoid"
            yield f"I{dto.operation.verb.capitalize()}"
        yield "JsonSerializable"

    def _constructor(self, dto: DtoType) -> Iterator[str]:
        inherited = self.whole.inherited(dto)
        yield "    public function __construct("
        for prop in inherited:
            yield f"        {self._declared(prop)},"
        for prop in dto.properties:
            doc = self.doc(prop.doc)
            yield f"        /** @var {self.ref(prop.type)}|null{f' {doc}' if doc else ''} */"
            yield f"        public {self._declared(prop)},"
        yield "    ) {"
        if inherited:
            names = ", ".join(f"{one.wire}: ${one.wire}" for one in inherited)
            yield f"        parent::__construct({names});"
        yield "    }"

    def _declared(self, prop: Property) -> str:
        told = self.ref(prop.type).split("<")[0]
        told = "mixed" if told in ("mixed", "T") else f"?{told}"
        return f"{told} ${prop.wire} = null"

    def _from_map(self, dto: DtoType) -> Iterator[str]:
        yield "    /** @throws Exception */"
        yield "    public function fromMap($o): void"
        yield "    {"
        if dto.inherits:
            yield "        parent::fromMap($o);"
        for prop in dto.properties:
            read = self._read(prop.type, f"$o['{prop.wire}']")
            yield f"        if (isset($o['{prop.wire}'])) $this->{prop.wire} = {read};"
        yield "    }"

    def _read(self, ref: TypeRef, value: str) -> str:
        """Return the expression that reads a value as json_decode(…, true) gives it."""
        if ref.name in (words.LIST, words.MAP):
            inner = self._read(ref.args[-1], "$x")
            return value if inner == "$x" else f"array_map(fn($x) => {inner}, {value})"
        if self.whole.is_enum(ref):
            return f"{ref.name}::from({value})"
        if ref.name == words.DATE:
            return f"new DateTime({value})"
        if ref.name in words.SCALARS or ref.name not in self.whole.by_name:
            return value
        return f"(function ($v) {{ $x = new {ref.name}(); $x->fromMap($v); return $x; }})({value})"

    def _to_json(self, dto: DtoType) -> Iterator[str]:
        yield "    public function jsonSerialize(): mixed"
        yield "    {"
        start = "array_filter((array)parent::jsonSerialize(), fn($x) => $x !== null)"
        yield f"        $o = {start if dto.inherits else '[]'};"
        for prop in dto.properties:
            at = f"$this->{prop.wire}"
            told = f"{at}->format(DATE_ATOM)" if prop.type.name == words.DATE else at
            if prop.type.name == words.MAP:
                told = f"(object){at}"
            yield f"        if (isset({at})) $o['{prop.wire}'] = {told};"
        yield "        return empty($o) ? new class(){} : $o;"
        yield "    }"

    def _operation(self, dto: DtoType) -> Iterator[str]:
        told = dto.operation
        yield f"    public function getTypeName(): string {{ return '{dto.name}'; }}"
        if told is None or not told.is_called_by_name:
            return
        yield f"    public function getMethod(): string {{ return '{told.verb}'; }}"
        is_text = told.returns is None or told.returns.name in words.SCALARS
        made = "''" if is_text or not told.returns else f"new {told.returns.name}()"
        yield f"    public function createResponse(): mixed {{ return {made}; }}"

    def _described(self, doc: str) -> Iterator[str]:
        if found := self.doc(doc):
            yield f"/** {found} */"
