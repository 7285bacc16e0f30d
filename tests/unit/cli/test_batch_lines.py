"""What people have becomes the input file of a batch, or is refused with its line."""

from __future__ import annotations

import json
from typing import Any

import click
import pytest

from cli.batch.lines import to_lines

CHAT = "/v1/chat/completions"
ASKED = [{"role": "user", "content": "Hi"}]


def made(*rows: Any, model: str | None = "m") -> list[dict[str, Any]]:
    text = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    return [json.loads(line) for line in to_lines(text, CHAT, model)]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("Hi", id="a text"),
        pytest.param({"prompt": "Hi"}, id="a prompt"),
        pytest.param({"messages": ASKED}, id="a request"),
        pytest.param({"custom_id": "1", "body": {"messages": ASKED}}, id="a line"),
    ],
)
def test_each_form_becomes_a_line(row: Any) -> None:
    line = {"custom_id": "1", "method": "POST", "url": CHAT}
    assert made(row) == [{**line, "body": {"messages": ASKED, "model": "m"}}]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        pytest.param(b"[" * 100_000, "line 1: ", id="nested deep"),
        pytest.param(b'"\\ud800"', "line 1: .*surrogates", id="half a character"),
        pytest.param(b'"gr\xfcn"', "line 1: not JSON", id="not UTF-8"),
    ],
)
def test_a_row_that_is_no_text_is_named(row: bytes, why: str) -> None:
    with pytest.raises(click.ClickException, match=why):
        made(row)


def test_names_and_models_of_the_lines_are_kept_and_blank_lines_are_none() -> None:
    rows = [{"custom_id": "a", "prompt": "x", "model": "own"}, b"  ", {"prompt": "y", "model": "o"}]
    lines = made(*rows, model=None)
    assert [(one["custom_id"], one["body"]["model"]) for one in lines] == [("a", "own"), ("3", "o")]
    assert "custom_id" not in lines[0]["body"]


def test_numbers_are_names_as_texts() -> None:
    rows = [{"custom_id": name, "prompt": "x"} for name in (7, 0, 1.5, "", None)]
    assert [one["custom_id"] for one in made(*rows)] == ["7", "0", "1.5", "4", "5"]


@pytest.mark.parametrize("row", [b"{", b"[1]", b"5", b'{"prompt":"x"}'])
def test_bad_row_is_told_with_its_number(row: bytes) -> None:
    with pytest.raises(click.ClickException, match="line 2: "):
        made(b'{"prompt":"x","model":"m"}', row, model=None)
