"""The languages, in the order of ServiceStack's own list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from codegen.dotnet.csharp import CSharp
from codegen.dotnet.fsharp import FSharp
from codegen.dotnet.vbnet import VbNet
from codegen.jvm.java import Java
from codegen.jvm.kotlin import Kotlin
from codegen.native.dart import Dart
from codegen.native.go import Go
from codegen.native.rust import Rust
from codegen.native.swift import Swift
from codegen.native.zig import Zig
from codegen.scripts.php import Php
from codegen.scripts.python import Python
from codegen.scripts.ruby import Ruby
from codegen.web.mjs import Mjs
from codegen.web.typescript import TypeScript
from codegen.web.typescript_definition import TypeScriptDefinition
from codegen.writer import Writer

LANGUAGES: Final[tuple[type[Writer], ...]] = (
    *(CSharp, FSharp, VbNet),
    *(TypeScript, TypeScriptDefinition, Mjs),
    *(Python, Php, Dart, Java, Kotlin, Swift),
    *(Go, Rust, Ruby, Zig),
)

#: Other names that tools and people use.
ALIASES: Final[Mapping[str, str]] = {
    "ts": "typescript",
    "tsd": "typescript.d",
    "js": "mjs",
    "javascript": "mjs",
    "py": "python",
    "cs": "csharp",
    "fs": "fsharp",
    "vb": "vbnet",
    "da": "dart",
    "ja": "java",
    "kt": "kotlin",
    "sw": "swift",
    "swift4": "swift",
    "rb": "ruby",
    "rs": "rust",
}

_BY_KEY: Final = {language.key: language for language in LANGUAGES}


def language_of(name: str) -> type[Writer] | None:
    """Return the language that is called so, in any casing; None if there is none."""
    wanted = name.lower()
    return _BY_KEY.get(ALIASES.get(wanted, wanted))
