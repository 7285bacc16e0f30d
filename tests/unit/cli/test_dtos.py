"""`replyto dtos`: fetches a file, and brings it up to date with the options that stand in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
import redis
from click.testing import CliRunner
from werkzeug.serving import make_server

from cli.dtos import dtos
from codegen.registry import LANGUAGES
from tests.support.foreign.jobs import new_gateway


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, new_gateway(redis.Redis()).client.application)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ran(*words: str | Path, status: int = 0) -> str:
    result = CliRunner().invoke(dtos, list(map(str, words)))
    assert result.exit_code == status, result.output
    return result.output


def test_prints_the_file_of_a_language(url: str) -> None:
    text = ran("ts", "--url", url, "--include", "Reload.*")
    assert "class Reload" in text
    assert "class OpenAiChat" not in text


@pytest.mark.parametrize("language", [one.key for one in LANGUAGES])
def test_file_is_brought_up_to_date_with_its_own_options(
    url: str, tmp_path: Path, language: str
) -> None:
    file = tmp_path / "dtos"
    given = ("--url", url, "-o", "IncludeTypes=GetUsage.*", "-o", "AddImplicitVersion=7")
    assert "Wrote" in ran(language, "--out", file, *given)
    first = file.read_text("utf-8")
    file.write_text(first + "\n-- old --\n", "utf-8")
    assert "Updated" in ran(language, "--out", file)
    assert file.read_text("utf-8") == first
    assert "IncludeTypes: GetUsage.*" in first


def test_a_file_that_is_none_of_ours_is_told_in_a_line(url: str, tmp_path: Path) -> None:
    file = tmp_path / "dtos.ts"
    file.write_bytes("grün".encode("latin-1"))
    told = ran("ts", "--url", url, "--out", file, status=1)
    assert told == f"Error: {file} is not UTF-8\n"
    assert file.read_bytes() == "grün".encode("latin-1")
    assert "cannot write" in ran("ts", "--url", url, "--out", tmp_path / "no" / "x", status=1)


def test_unknown_language_and_option_are_told(url: str) -> None:
    assert "there is no language 'cobol'" in ran("cobol", "--url", url, status=2)
    assert "Name=Value" in ran("ts", "--url", url, "-o", "x", status=2)
    assert "there is no DTO 'Nope'" in ran("ts", "--url", url, "--include", "Nope", status=1)
