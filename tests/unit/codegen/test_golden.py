"""What each language writes of a small model, as a strict eye has read it.

For Swift, Dart and VB.NET no compiler is at hand: these files, and a grammar, are what holds them.
After a change that is meant, write them anew and read what changed:

    python -m tests.unit.codegen.test_golden
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from codegen.model import DtoType, Model, TypeRef
from codegen.options import FLAGS, read_options
from codegen.registry import LANGUAGES
from codegen.writer import Origin, Writer
from tests.unit.codegen.small_model import SMALL

GOLDEN = Path(__file__).parent / "golden"
_ORIGIN = Origin("https://shop.test", "1.0", "2026-01-31 08:00:00")


def written(language: type[Writer]) -> str:
    return language(SMALL, read_options((), language.defaults)).text(_ORIGIN)


@pytest.mark.parametrize("language", [pytest.param(one, id=one.key) for one in LANGUAGES])
def test_language_writes_what_was_read(language: type[Writer]) -> None:
    golden = (GOLDEN / f"{language.key}.txt").read_text("utf-8")
    assert written(language) == golden


@pytest.mark.parametrize("language", [pytest.param(one, id=one.key) for one in LANGUAGES])
def test_description_ends_no_comment(language: type[Writer]) -> None:
    text = written(language)
    assert "A part; * / and" in text
    assert "and *) end" not in text


@pytest.mark.parametrize("language", [pytest.param(one, id=one.key) for one in LANGUAGES])
def test_namespace_in_the_header_opens_no_comment(language: type[Writer]) -> None:
    options = read_options([("IncludeTypes", "Shop/*")], language.defaults)
    head = "\n".join(language.head(options, _ORIGIN))
    assert "IncludeTypes: Shop/\n" in head
    assert head.count("/*") == language.header.begin.count("/*")


@pytest.mark.parametrize("language", [pytest.param(one, id=one.key) for one in LANGUAGES])
def test_option_in_the_header_changes_the_file(language: type[Writer]) -> None:
    usual = read_options((), language.defaults)
    answers = Model(tuple(_answered(one) for one in SMALL.types), SMALL.namespace)
    for name in set(language.options_shown) & set(FLAGS):
        other = read_options([(name, str(not usual.flags[name]))], language.defaults)
        files = [[*language(answers, options).body()] for options in (usual, other)]
        assert files[0] != files[1], name


def _answered(dto: DtoType) -> DtoType:
    """Return a type; one that was answered with nothing, with a part."""
    if dto.operation is None or dto.operation.returns is not None:
        return dto
    return replace(dto, operation=replace(dto.operation, returns=TypeRef("Part")))


if __name__ == "__main__":
    for one in LANGUAGES:
        (GOLDEN / f"{one.key}.txt").write_text(written(one), "utf-8")
