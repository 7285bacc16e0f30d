"""Which languages' files the slow compilers have taken, as they are now.

Kotlin, F#, Go, Rust and Zig take minutes, and their files change seldom. So it is written down, in
`compiled.toml`, what was compiled and run when all of them passed (`make test-types-all`): the
file's text, the example and the stub. CI runs the slow compilers where anything of it has changed.

`python -m tests.typed_clients.compiled` names what has changed since, and ends with 1 if anything
has; `--record` writes down what is there now.
"""

from __future__ import annotations

import hashlib
import sys
import tomllib
from pathlib import Path
from typing import Final

from codegen.registry import language_of
from codegen.writer import Origin
from gateway.typed.files import write

_HERE: Final = Path(__file__).parent
RECORD: Final = _HERE / "compiled.toml"
#: What else is compiled with each language's file.
SOURCES: Final = {
    "kotlin": ("programs/example.kt", "stubs/java"),
    "fsharp": ("programs/example.fs", "stubs/ServiceStack.fs", "stubs/check.cjs"),
    "go": ("programs/example.go", "stubs/servicestack.go"),
    "rust": ("programs/example.rs",),
    "zig": ("programs/example.zig",),
}
_ORIGIN: Final = Origin("http://127.0.0.1:5006", "0", "")


def fingerprint(language: str) -> str:
    """Return what a language's file, its example and its stub come to."""
    writer = language_of(language)
    assert writer is not None, language
    text = write(writer, [("WithoutOptions", "true")], _ORIGIN).text
    found = hashlib.sha256(text.encode())
    for source in SOURCES[language]:
        for file in _files(_HERE / source):
            found.update(file.read_bytes())
    return found.hexdigest()[:16]


def recorded() -> dict[str, str]:
    """Return what was compiled."""
    return tomllib.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}


def changed() -> list[str]:
    """Return the languages whose compilers have not seen what is there now."""
    known = recorded()
    return [name for name in SOURCES if known.get(name) != fingerprint(name)]


def record() -> None:
    """Write down that all of it was compiled."""
    lines = "".join(f'{name} = "{fingerprint(name)}"\n' for name in SOURCES)
    head = "# What the slow compilers took when they all passed: make test-types-all writes it.\n"
    RECORD.write_text(head + lines, "utf-8")


def _files(place: Path) -> list[Path]:
    return sorted(one for one in place.rglob("*") if one.is_file()) if place.is_dir() else [place]


if __name__ == "__main__":
    if "--record" in sys.argv:
        record()
    elif new := changed():
        sys.exit(f"not compiled as they are now: {', '.join(new)}")
