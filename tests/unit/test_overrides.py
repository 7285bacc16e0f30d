"""What we override of libraries is known, explained, and still what it was written against."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.overrides import ROOT, Override, distribution, overrides, source_hash

_TABLE = Path(__file__).parent / "overrides.toml"
KNOWN: dict[str, str] = tomllib.loads(_TABLE.read_text("utf-8"))["overridden"]
_ADR = ROOT / "docs" / "adr" / "0013-a-lean-hot-path.md"
_PRINT = "python -m tests.support.overrides"


@cache
def found() -> list[Override]:
    return overrides()


def test_every_overridden_method_of_a_library_is_listed() -> None:
    theirs = {one.theirs for one in found()}
    new, gone = sorted(theirs - KNOWN.keys()), sorted(KNOWN.keys() - theirs)
    assert not new, f"{_TABLE.name} lacks {new}; `{_PRINT}` prints the lines"
    assert not gone, f"{_TABLE.name} has {gone}, which nothing of ours overrides any more"


def test_every_module_that_overrides_something_is_explained() -> None:
    text = _ADR.read_text("utf-8")
    silent = sorted({one.file for one in found() if f"`{one.file}`" not in text})
    assert not silent, f"{_ADR.name} does not say what these override, and why: {silent}"


@pytest.mark.parametrize("theirs", sorted(KNOWN))
def test_what_is_overridden_is_what_it_was(theirs: str) -> None:
    package = distribution(theirs)
    mine = sorted({f"{one.ours} ({one.file})" for one in found() if one.theirs == theirs})
    now = source_hash(theirs)
    assert now == KNOWN[theirs], (
        f"{theirs} reads differently in {package} {version(package)}. Ours was written against the "
        f"source before: {', '.join(mine)}. Read the new source beside ours and what "
        f"docs/adr/{_ADR.name} says of it, mend ours, run the tests of that module; then "
        f'{_TABLE.name} gets: "{theirs}" = "{now}"'
    )
