"""Answers with something around them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workers.providers.answers.wrapped import opened

ANSWER = {"choices": [{"message": {"content": "Hi"}}]}
TEXT = json.dumps(ANSWER)


def is_answer(value: dict[str, Any]) -> bool:
    return isinstance(value.get("choices"), list)


@pytest.mark.parametrize(
    "around",
    [
        TEXT + "\n<html></html>",
        TEXT + TEXT,
        f"{TEXT}\n{TEXT}\n",
        ")]}',\n" + TEXT,
        f"```json\n{TEXT}\n```",
        f"[{TEXT}]",
        json.dumps(TEXT),
        json.dumps({"data": ANSWER}),
        json.dumps({"code": 0, "data": None, "result": [TEXT]}),
    ],
)
def test_answer_is_found_in_what_is_around_it(around: str) -> None:
    found = opened(around.encode(), is_answer)
    assert found is not None
    assert json.loads(found) == ANSWER


@pytest.mark.parametrize(
    "other",
    [
        TEXT,
        "",
        "no",
        '"no"',
        "[]",
        f"[{TEXT},{TEXT}]",
        # Each line tells a piece.
        f'{TEXT}\n{{"choices": []}}',
        f"{TEXT}\n[{TEXT}]",
        TEXT[:-3],
        f"<html>{' ' * 99}{TEXT}",
        '{"error": {"message": "no"}, "data": null}',
        json.dumps({"data": {"data": {"data": {"data": ANSWER}}}}),
        "\ufeff" * 99,
        "[" * 100_000,
    ],
)
def test_what_is_no_answer_or_an_answer_itself_holds_none(other: str) -> None:
    assert opened(other.encode(), is_answer) is None
    assert opened(other.encode("utf-16"), is_answer) is None
