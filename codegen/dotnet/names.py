"""What the .NET languages share: ServiceStack's namespaces and types, and CLR names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from codegen import model as words
from codegen.writer import LIBRARY as _COMMON

#: Types that ServiceStack's .NET libraries have.
LIBRARY: Final = _COMMON
USINGS: Final = (
    *("System", "System.Collections.Generic", "System.Runtime.Serialization"),
    *("ServiceStack", "ServiceStack.DataAnnotations"),
)
CLR: Final[Mapping[str, str]] = {
    words.STRING: "String",
    words.INT: "Int32",
    words.LONG: "Int64",
    words.DOUBLE: "Double",
    words.BOOLEAN: "Boolean",
    words.DATE: "DateTime",
    words.DURATION: "TimeSpan",
    words.OBJECT: "Object",
}
CSHARP_SCALARS: Final[Mapping[str, str]] = {
    words.STRING: "string",
    words.INT: "int",
    words.LONG: "long",
    words.DOUBLE: "double",
    words.BOOLEAN: "bool",
    words.DATE: "DateTime",
    words.DURATION: "TimeSpan",
    words.BYTES: "byte[]",
    words.OBJECT: "object",
}


def xml(text: str) -> str:
    """Return a description as documentation comments have it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
