"""Writes Ruby: classes with keyword arguments, which read and write the wire's JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from codegen import model as words
from codegen.casing import free, upper_camel, word_set
from codegen.model import DtoType, Property, TypeRef
from codegen.writer import Comment, Writer

#: The language's words, and methods that every object needs.
_RESERVED: Final = word_set(
    """
    alias and begin break case class def do else elsif end ensure false for if in module next
    nil not or redo rescue retry return self super then true undef unless until when while yield
    method hash send object_id freeze display
    """
)
#: What all classes stand on: it needs the standard library alone.
_BASE: Final = """
# What all DTOs do: take keyword arguments, read JSON, write JSON without what is absent.
class Dto
  def self.property(name, wire, kind = nil)
    attr_accessor name
    own_properties[name] = [wire, kind]
  end

  def self.own_properties = (@own_properties ||= {})

  def self.properties
    inherited = superclass.respond_to?(:properties) ? superclass.properties : {}
    inherited.merge(own_properties)
  end

  def initialize(**values)
    values.each { |name, value| public_send("#{name}=", value) }
  end

  def self.from_hash(hash)
    made = new
    properties.each do |name, (wire, kind)|
      made.public_send("#{name}=", Dto.read(kind, hash[wire])) if hash.key?(wire)
    end
    made
  end

  def self.read(kind, value)
    return value if kind.nil? || value.nil?
    return value.map { |one| read(kind.first, one) } if kind.is_a?(Array)
    return value.transform_values { |one| read(kind[:values], one) } if kind.is_a?(Hash)
    return Time.iso8601(value) if kind == Time

    Dto.const_get(kind).from_hash(value)
  end

  def to_h
    self.class.properties.each_with_object({}) do |(name, (wire, _)), found|
      value = public_send(name)
      found[wire] = value.is_a?(Time) ? value.utc.iso8601(3) : value unless value.nil?
    end
  end

  def to_json(*args) = to_h.to_json(*args)
end
"""


class Ruby(Writer):
    """`ruby`."""

    key = "ruby"
    label = "Ruby"
    file_name = "dtos.rb"
    # Tools know the end of a header by the first of these two lines.
    header = Comment("=begin\nOptions:", "*/\n=end", "#")
    options_shown = (
        *("GlobalNamespace", "AddResponseStatus", "AddImplicitVersion"),
        *("AddDescriptionAsComments", "IncludeTypes", "ExcludeTypes", "DefaultImports"),
    )
    library = frozenset()
    scalars = dict.fromkeys(words.SCALARS, "")

    def preamble(self) -> Iterator[str]:
        """Return what is required, and the base of all classes."""
        yield from ("require 'json'", "require 'time'")
        yield from (f"require '{one}'" for one in self.options.listed("DefaultImports"))
        if name := self.options.text("GlobalNamespace"):
            yield from ("", f"module {upper_camel(name.replace('.', '_'))}")
        yield from _BASE.rstrip().split("\n")

    def ending(self) -> Iterator[str]:
        """Close the module."""
        if self.options.text("GlobalNamespace"):
            yield from ("", "end")

    def enum(self, dto: DtoType) -> Iterator[str]:
        """Return the values of the wire by name."""
        yield from self._described(dto.doc)
        yield f"module {dto.name}"
        for one in dto.members:
            value = one.value if dto.is_int_enum else f"'{one.value}'"
            yield f"  {one.name} = {value}"
        yield "end"

    def dto(self, dto: DtoType) -> Iterator[str]:
        """Return a class."""
        yield from self._described(dto.doc)
        if dto.operation:
            yield f'# @Route("{dto.operation.route}", "{dto.operation.verb}")'
        yield f"class {dto.name} < {dto.inherits.name if dto.inherits else 'Dto'}"
        for prop in dto.properties:
            yield from self._property(prop)
        yield from self._operation(dto)
        yield "end"

    def _property(self, prop: Property) -> Iterator[str]:
        yield from self._described(prop.doc, "  ")
        kind = self._kind(prop.type)
        name = free(prop.name, _RESERVED)
        yield f"  property :{name}, '{prop.wire}'{f', {kind}' if kind else ''}"

    def _kind(self, ref: TypeRef) -> str:
        """Return how a value is read; nothing where JSON has it as it is."""
        if ref.name == words.LIST:
            inner = self._kind(ref.args[0])
            return f"[{inner}]" if inner else ""
        if ref.name == words.MAP:
            inner = self._kind(ref.args[1])
            return f"{{ values: {inner} }}" if inner else ""
        if ref.name == words.DATE:
            return "Time"
        is_class = ref.name in self.whole.by_name and not self.whole.is_enum(ref)
        return f"'{ref.name}'" if is_class else ""

    def _operation(self, dto: DtoType) -> Iterator[str]:
        told = dto.operation
        if told is None or not told.is_called_by_name:
            return
        yield f"  def self.type_name = '{dto.name}'"
        yield f"  def self.http_method = '{told.verb}'"
        if told.returns and told.returns.name not in words.SCALARS:
            rows = [arg.name for arg in told.returns.args]
            yield f"  def self.response_type = {told.returns.name}"
            yield from (f"  def self.row_type = {row}" for row in rows)

    def _described(self, doc: str, indent: str = "") -> Iterator[str]:
        if found := self.doc(doc):
            yield f"{indent}# {found}"
