"""What all languages share: the header that tools read back, and how types are put together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from codegen import model as words
from codegen.casing import one_line
from codegen.model import DtoType, Model, Property, TypeRef
from codegen.options import Options
from codegen.selection import select

#: The options that each header offers, in ServiceStack's order.
COMMON: Final = (
    *("GlobalNamespace", "AddResponseStatus", "AddImplicitVersion"),
    *("AddDescriptionAsComments", "IncludeTypes", "ExcludeTypes", "DefaultImports"),
)
#: Types that most client libraries have, with the same properties.
LIBRARY: Final = frozenset(
    (
        *("ResponseStatus", "ResponseError", "QueryResponse"),
        *("EmptyResponse", "IdResponse", "StringResponse"),
    )
)


@dataclass(frozen=True, slots=True)
class Comment:
    """How a language marks the header, and an option in it that is not set."""

    begin: str
    end: str
    option: str = "//"
    line: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a file comes from."""

    base_url: str
    version: str
    date: str


class Writer(ABC):
    """Writes a file of DTOs in one language."""

    #: What `/types/{key}` is called by, and what people call it.
    key: ClassVar[str]
    label: ClassVar[str]
    #: What tools call the file.
    file_name: ClassVar[str]
    mimetype: ClassVar[str] = "text/plain"
    header: ClassVar[Comment] = Comment("/* Options:", "*/")
    options_shown: ClassVar[tuple[str, ...]] = COMMON
    defaults: ClassVar[Mapping[str, bool]] = {}
    #: Types that the client library has.
    library: ClassVar[frozenset[str]] = LIBRARY
    scalars: ClassVar[Mapping[str, str]]
    list_of: ClassVar[str] = "List<{}>"
    map_of: ClassVar[str] = "Dictionary<{}, {}>"
    applied: ClassVar[str] = "{}<{}>"

    def __init__(self, model: Model, options: Options) -> None:
        """Write what the options choose of the model."""
        self.options = options
        self.whole = select(model, options)
        self.model = self.whole.only(set(self.whole.by_name) - self.library)

    def text(self, origin: Origin) -> str:
        """Return the file."""
        return "\n".join((*self.head(self.options, origin), *self.body())) + "\n"

    def body(self) -> Iterator[str]:
        """Return the lines behind the header."""
        yield from self.preamble()
        for one in self.model.types:
            yield ""
            yield from self.enum(one) if one.is_enum else self.dto(one)
        yield from self.ending()

    @abstractmethod
    def preamble(self) -> Iterator[str]:
        """Return what stands above the types."""

    @abstractmethod
    def enum(self, dto: DtoType) -> Iterator[str]:
        """Return an enum."""

    @abstractmethod
    def dto(self, dto: DtoType) -> Iterator[str]:
        """Return a class."""

    def ending(self) -> Iterator[str]:
        """Return what stands below the types."""
        return iter(())

    def ref(self, ref: TypeRef) -> str:
        """Return the name of a type."""
        args = [self.ref(arg) for arg in ref.args]
        if ref.name == words.LIST:
            return self.list_of.format(*args)
        if ref.name == words.MAP:
            return self.map_of.format(*args)
        name = self.scalars.get(ref.name, ref.name)
        return self.applied.format(name, ", ".join(args)) if args else name

    def flag(self, name: str) -> bool:
        """Whether an option is on."""
        return self.options.flags[name]

    def doc(self, text: str) -> str:
        """Return a description for a comment, or nothing where none are wanted."""
        return one_line(text) if text and self.flag("AddDescriptionAsComments") else ""

    def all_properties(self, dto: DtoType) -> tuple[Property, ...]:
        """Return a type's properties with those of its bases, for languages without inheritance."""
        return (*self.whole.inherited(dto), *dto.properties)

    def uses(self, name: str) -> bool:
        """Whether any property or answer has this type."""
        refs = [prop.type for one in self.model.types for prop in one.properties]
        refs += [
            one.operation.returns
            for one in self.model.requests
            if one.operation and one.operation.returns
        ]
        return any(name in ref.names() for ref in refs)

    def imports(self, usual: tuple[str, ...]) -> tuple[str, ...]:
        """Return what to import: as asked, else as usual."""
        return self.options.listed("DefaultImports") or usual

    @classmethod
    def head(cls, options: Options, origin: Origin) -> Iterator[str]:
        """Return what tools read back: where the file comes from, and its options."""
        yield from cls.before(options)
        if options.flags["WithoutOptions"]:
            return
        mark = cls.header
        facts = (
            ("Date", origin.date),
            ("Version", origin.version),
            ("Tip", f'To set an option, take "{mark.option}" from its line and update the file'),
            ("BaseUrl", origin.base_url),
        )
        yield mark.begin
        yield from (f"{mark.line}{name}: {value}" for name, value in facts)
        # To tools, a bare `///` ends the header.
        yield from (mark.line.rstrip(),) if mark.line != "/// " else ()
        others = [name for name in options.given if name not in cls.options_shown]
        for name in (*cls.options_shown, *others):
            off = "" if name in options.given else mark.option
            yield f"{mark.line}{off}{name}: {options.shown(name)}".rstrip()
        yield from (mark.end, "")

    @classmethod
    def before(cls, _options: Options) -> Iterator[str]:
        """Return what must stand before the header."""
        return iter(())
