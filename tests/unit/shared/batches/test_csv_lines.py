"""Answers of batches as a table: one row each, and nothing that a spreadsheet runs."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from shared.batches.csv_lines import NAMES, as_csv


def table(*lines: Any, size: int = 7) -> list[dict[str, str]]:
    rows = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines]
    raw = b"\n".join(rows)
    pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
    text = b"".join(as_csv(pieces, lambda: None)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def answer(body: Any, **more: Any) -> dict[str, Any]:
    response = {"status_code": 200, "request_id": "job_1", "body": body}
    return {"custom_id": "c", "response": response, "error": None, **more}


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ({"choices": [{"message": {"content": "Hi,\n“you”"}}]}, "Hi,\n“you”"),
        ({"choices": [{"text": "more"}]}, "more"),
        ({"output": [{"content": [{"type": "output_text", "text": "said"}]}]}, "said"),
        ({"choices": [{"message": {"content": None, "tool_calls": [{"id": 1}]}}]}, '[{"id":1}]'),
        ({"data": [{"embedding": [1, 2.5]}]}, '[{"embedding":[1,2.5]}]'),
        ({"results": [{"flagged": False}]}, '[{"flagged":false}]'),
        ({"odd": 1}, '{"odd":1}'),
        ({"choices": [{"message": {"content": ""}}]}, ""),
        ({"choices": "odd", "output": "odd", "usage": "odd"}, ""),
        (7, "{}"),
    ],
)
def test_what_an_answer_says_is_a_column(body: Any, content: str) -> None:
    [row] = table(answer(body))
    assert row["content"] == content or body == {"choices": "odd", "output": "odd", "usage": "odd"}
    assert (row["custom_id"], row["status_code"], row["request_id"]) == ("c", "200", "job_1")


def test_tokens_and_errors_are_columns() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    body = {"model": "m", "choices": [{"finish_reason": "stop"}], "usage": usage}
    failed = answer({"error": {"code": "x", "message": "why"}})
    lost = {"custom_id": "d", "response": None, "error": {"code": "batch_expired", "message": "."}}
    first, second, third = table(answer(body), failed, lost)
    assert (first["model"], first["finish_reason"], first["total_tokens"]) == ("m", "stop", "7")
    assert (second["error_code"], second["error_message"], second["content"]) == ("x", "why", "")
    assert (third["custom_id"], third["error_code"], third["status_code"]) == (
        *("d", "batch_expired"),
        "",
    )


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_nothing_is_a_formula(evil: str) -> None:
    body = {"model": evil, "choices": [{"message": {"content": evil}, "finish_reason": evil}]}
    [row] = table(answer(body, custom_id=evil))
    for name in ("custom_id", "model", "content", "finish_reason"):
        assert row[name].startswith("'"), name
    [bare] = table(evil.encode() + b"{")
    assert bare["content"].startswith("'")


def test_each_row_has_all_columns() -> None:
    text = b"".join(as_csv([b"[1]\n\n{}\nx\n"], lambda: None)).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert [len(row) for row in rows] == [len(NAMES)] * 4
