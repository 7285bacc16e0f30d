"""The catalog of the pages' texts, as the server reads it; `js/texts.test.mjs` has the rest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.pages import texts
from gateway.pages.system_prompts import SYSTEM_PROMPTS
from shared import errors
from shared.errors import ServiceError

GATEWAY = Path(texts.__file__).parents[1]
FILES = sorted((texts.CATALOG / texts.LANGUAGE).glob("*.js"))
#: What may stand in a template beside its texts: names, signs and what is Jinja's.
_NO_TEXT = re.compile(
    r"<style.*?</style>|<[^>]*>|\{\{.*?\}\}|\{%.*?%\}|&\w+;|ReplyTo|[^\w]", re.DOTALL
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_file_of_the_catalog_is_json_of_keys_and_messages(file: Path) -> None:
    messages = texts.messages(file)
    assert messages
    assert all(re.fullmatch(r"\w+\.[\w ]+", key) and message for key, message in messages.items())


def test_a_file_that_is_no_catalog_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.js").write_text("const one = {};", "utf-8")
    with pytest.raises(ValueError, match="no default export"):
        texts.messages(tmp_path / "no.js")


@pytest.mark.parametrize("name", sorted(path.name for path in GATEWAY.glob("templates/*.html")))
def test_templates_have_their_texts_from_the_catalog(name: str) -> None:
    template = (GATEWAY / "templates" / name).read_text("utf-8")
    assert not _NO_TEXT.sub("", template)


def test_each_text_of_the_server_is_used() -> None:
    sources = [*GATEWAY.glob("templates/*.html"), GATEWAY / "pages/views.py"]
    source = "".join(path.read_text("utf-8") for path in sources)
    shells = {f"shell.{app}" for app in ("chat", "media", "admin", "docs")}
    for key in texts.messages(texts.CATALOG / texts.LANGUAGE / "server.js"):
        assert key in shells or f'text("{key}")' in source


def test_errors_of_the_catalog_are_those_of_the_api() -> None:
    said: dict[str, set[str]] = {}
    for one in vars(errors).values():
        if isinstance(one, type) and issubclass(one, ServiceError) and one.code:
            said.setdefault(f"errors.{one.code}", set()).add(one().message)
    catalog = texts.messages(texts.CATALOG / texts.LANGUAGE / "errors.js")
    assert catalog.keys() == said.keys()
    assert [key for key, message in catalog.items() if message not in said[key]] == []


def test_system_prompts_are_those_of_the_catalog() -> None:
    catalog = texts.messages(texts.CATALOG / texts.LANGUAGE / "prompts.js")
    shown = [text for prompt in SYSTEM_PROMPTS for text in (prompt.name, prompt.value)]
    assert shown == list(catalog.values())
