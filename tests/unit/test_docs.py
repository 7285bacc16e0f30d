"""The docs name what the code has."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic.alias_generators import to_camel

from shared import errors
from shared.api_keys.scopes import Scope
from shared.dtos.api_keys import KeyLimits
from shared.providers.presets import PRESETS
from shared.settings import Settings
from tests.upstreams.manners import MANNERS

ROOT = Path(__file__).parents[2]


def test_operations_page_lists_exactly_the_settings() -> None:
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    listed = re.findall(r"^\| `REPLYTO_(\w+)` \|", text, re.MULTILINE)
    assert listed == [name.upper() for name in Settings.model_fields]


def test_api_page_lists_every_error_code() -> None:
    text = (ROOT / "docs" / "api.md").read_text("utf-8")
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    codes = {
        error.code
        for error in classes
        if issubclass(error, errors.ServiceError)
        and error not in (errors.ServiceError, errors.Forbidden)
    }
    assert {code for code in codes if f"`{code}`" not in text} == set()


def test_api_page_lists_errors_once_and_in_order() -> None:
    text = (ROOT / "docs" / "api.md").read_text("utf-8")
    table = text.partition("| status | code | when |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (\d{3}) \| ([^|]+) \| ([^|]*)\|$", table, re.MULTILINE)
    statuses = [int(status) for status, _, _ in rows]
    codes = [code for _, told, _ in rows for code in re.findall(r"`(\w+)`", told)]
    assert len(codes) > 50
    assert statuses == sorted(statuses)
    assert [code for code in codes if codes.count(code) > 1] == []
    assert [told for _, told, when in rows if not when.strip()] == []


def test_compose_file_passes_on_the_keys_of_the_example() -> None:
    """Who keeps an entry of the example has its key in the containers, once it is set outside."""
    example = tomllib.loads((ROOT / "providers.example.toml").read_text("utf-8"))
    presets = [PRESETS[one["preset"]] for one in example["provider"] if "preset" in one]
    wanted = {preset.api_key_env for preset in presets if preset.api_key_env}
    compose = (ROOT / "docker-compose.yml").read_text("utf-8")
    assert len(wanted) > 2
    assert {name for name in wanted if f"{name}: ${{{name}:-}}" not in compose} == set()


def test_keys_page_lists_exactly_the_scopes_and_the_limits() -> None:
    text = (ROOT / "docs" / "keys.md").read_text("utf-8")
    listed = re.findall(r"^\| `([\w:]+)` \|", text, re.MULTILINE)
    limits = [to_camel(name) for name in KeyLimits.model_fields]
    assert listed == [*Scope, *limits]


@pytest.mark.parametrize(
    "page",
    [pytest.param(path, id=path.name) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]],
)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target, _, anchor in re.findall(
        r"\]\((?!https?:)([^)#]*)(#([^)]*))?\)", page.read_text("utf-8")
    ):
        path = page.parent / target if target else page
        assert path.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(path), f"{page.name} links to {target}#{anchor}"


def anchors(page: Path) -> set[str]:
    """Return the names of a page's headings, as links name them."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_index_leads_to_every_page() -> None:
    text = (ROOT / "docs" / "index.md").read_text("utf-8")
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert {name for name in pages if f"({name}" not in text} == set()
    decisions = (ROOT / "docs" / "adr" / "index.md").read_text("utf-8")
    listed = re.findall(r"\((0\d+-[^)]+)\)", decisions)
    assert listed == sorted(path.name for path in (ROOT / "docs" / "adr").glob("0*.md"))


def test_pages_page_names_tests_that_there_are() -> None:
    text = (ROOT / "docs" / "pages.md").read_text("utf-8")
    named = re.findall(r"`([\w/-]*test\w*\.py|js/[\w-]+\.test\.mjs)(?:::(test_\w+))?`", text)
    assert named
    for path, function in named:
        where = {"unit": ROOT / "tests", "js": ROOT / "tests/unit/gateway/pages"}
        file = where.get(path.split("/")[0], ROOT / "tests/acceptance/pages") / path
        assert file.exists(), path
        assert f"def {function}" in file.read_text("utf-8") or not function, f"{path}::{function}"


def test_provider_types_page_lists_exactly_the_manners_that_are_tested() -> None:
    text = (ROOT / "docs" / "provider-types.md").read_text("utf-8")
    table = text.split("## Manners", 1)[1]
    listed = re.findall(r"^\| (.+?) \| .+ \|$", table, re.MULTILINE)
    assert listed[1:] == list(dict.fromkeys(manner.title for manner in MANNERS))
