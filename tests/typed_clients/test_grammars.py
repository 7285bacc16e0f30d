"""Swift and Dart, whose compilers cannot be had here: each file is what a grammar says.

That finds a bracket that is missing and a word that is reserved, and no type that is wrong.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.typed_clients.conftest import HERE, TOOLS, Fetch

pytestmark = pytest.mark.skipif(
    not (Path(TOOLS) / "grammars").exists(), reason="tree-sitter's grammars are not installed"
)
_LANGUAGES = [("swift", "dtos.swift"), ("dart", "dtos.dart")]


def _faults(language: str, text: str) -> list[str]:
    """Return the lines where a text is none of the language."""
    sys.path.insert(0, str(Path(TOOLS) / "grammars"))
    try:
        tree_sitter: Any = importlib.import_module("tree_sitter")
        grammar: Any = importlib.import_module(f"tree_sitter_{language}")
    finally:
        sys.path.pop(0)
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    waiting, found = [parser.parse(text.encode()).root_node], []
    lines = text.splitlines()
    while waiting:
        node = waiting.pop()
        if node.type == "ERROR" or node.is_missing:
            row = node.start_point[0]
            found.append(f"{row + 1}: {lines[row] if row < len(lines) else ''}")
        elif node.has_error:
            waiting += node.children
    return found


@pytest.mark.parametrize(("language", "file"), _LANGUAGES)
def test_file_is_what_the_grammar_says(language: str, file: str, fetch: Fetch) -> None:
    text = fetch(language, file).read_text("utf-8")
    assert not _faults(language, text)
    assert _faults(language, text.replace("{", "", 1)), "a missing bracket is found"


@pytest.mark.parametrize(("language", "_file"), _LANGUAGES)
def test_example_is_what_the_grammar_says(language: str, _file: str) -> None:
    text = (HERE / f"programs/example.{language}").read_text("utf-8")
    assert not _faults(language, text)
