"""The options of a file of DTOs: as tools send them back, in any casing, each with its default.

https://docs.servicestack.net/add-servicestack-reference#change-default-server-configuration
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.errors import ValidationFailed
from shared.wire.naming import fold

#: Options that are on or off, with what they are when nothing is said.
FLAGS: Final[Mapping[str, bool]] = {
    "MakePartial": True,
    "MakeVirtual": True,
    "MakeInternal": False,
    "AddReturnMarker": True,
    "AddDescriptionAsComments": True,
    "AddDocAnnotations": True,
    "AddDataContractAttributes": False,
    "AddGeneratedCodeAttributes": False,
    "InitializeCollections": False,
    "AddResponseStatus": False,
    "AddServiceStackTypes": True,
    "AddPropertyAccessors": True,
    "SettersReturnThis": True,
    "AddNullableAnnotations": True,
    "MakePropertiesOptional": False,
    "ExportAsTypes": False,
    "DataClass": True,
    "DataClassJson": True,
    "WithoutOptions": False,
}
#: Options that are a name.
NAMES: Final = ("GlobalNamespace", "Package", "BaseClass")
#: Options that are names with commas between.
LISTS: Final = ("IncludeTypes", "ExcludeTypes", "DefaultImports", "AddNamespaces")
NUMBERS: Final = ("AddImplicitVersion",)

_known: Final = {fold(name): name for name in (*FLAGS, *NAMES, *LISTS, *NUMBERS)}
_WORDS: Final = {"true": True, "1": True, "false": False, "0": False, "": False}
_is_name: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*").fullmatch
#: What an import may be made of: nothing that ends a comment or a statement.
_is_import: Final = re.compile(r"[\w.:@*/ -]+").fullmatch
#: `Name`, `Name.*`, `*.Name`, `Namespace/*`, `{Tag}`, `{Tag1,Tag2}.*`.
_is_item: Final = re.compile(
    r"[A-Za-z_]\w*(\.\*)?|\*\.[A-Za-z_]\w*|[A-Za-z_][\w.]*/\*?|\{[\w ,-]+\}(\.\*)?"
).fullmatch
_between_items: Final = re.compile(r",(?![^{}]*\})")
#: Longest value (characters).
_LONGEST: Final = 4_000


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for. `given` is what stands in the file's header for the next update."""

    flags: Mapping[str, bool] = field(default_factory=lambda: dict(FLAGS))
    texts: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)

    def listed(self, name: str) -> tuple[str, ...]:
        """Return the items of a list."""
        return self.items.get(name, ())

    def text(self, name: str) -> str:
        """Return a name, or nothing."""
        return self.texts.get(name, "")

    def shown(self, name: str) -> str:
        """Return the value as a header has it."""
        if name in self.given:
            return self.given[name]
        return str(self.flags[name]) if name in self.flags else ""


def read_options(
    query: Iterable[tuple[str, str]], defaults: Mapping[str, bool] | None = None
) -> Options:
    """Return the options of a query string; unknown ones are ignored.

    Raises ValidationFailed naming the option.
    """
    flags, texts, items, given = {**FLAGS, **(defaults or {})}, {}, {}, {}
    for key, value in query:
        if (name := _known.get(fold(key))) is None:
            continue
        text = value.strip()
        if len(text) > _LONGEST:
            raise _wrong(name, f"is longer than {_LONGEST} characters")
        if name in FLAGS:
            flags[name] = _flag(name, text)
            given[name] = str(flags[name])
            continue
        if name in LISTS:
            items[name] = _items(name, text)
            text = ",".join(items[name])
        elif text:
            texts[name] = _text(name, text)
        if text:
            given[name] = text
    return Options(flags, texts, items, given)


def _flag(name: str, text: str) -> bool:
    if (found := _WORDS.get(text.lower())) is None:
        raise _wrong(name, "must be True or False")
    return found


def _text(name: str, text: str) -> str:
    if name in NUMBERS:
        if not (text.isascii() and text.isdecimal() and len(text) < 10):  # noqa: PLR2004
            raise _wrong(name, "must be a whole number")
    elif not _is_name(text):
        raise _wrong(name, "must be a name: letters, digits, underscores, with dots between")
    return text


def _items(name: str, text: str) -> tuple[str, ...]:
    parts = tuple(part for piece in _between_items.split(text) if (part := piece.strip()))
    is_right = _is_item if name in ("IncludeTypes", "ExcludeTypes") else _is_import
    for part in parts:
        if not is_right(part) or "*/" in part or "//" in part:
            raise _wrong(name, f"cannot hold '{part[:60]}'")
    # In a header a `/*` would open another comment, in languages whose comments nest.
    return tuple(part.removesuffix("*") if part.endswith("/*") else part for part in parts)


def _wrong(name: str, problem: str) -> ValidationFailed:
    return ValidationFailed(f"{name}: {problem}.", field=name)
