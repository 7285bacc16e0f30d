"""Lines of batches: cut where they end, read as they were written."""

from __future__ import annotations

import json

import pytest

from shared.batches import lines
from shared.batches.lines import answer_line, check, failure_line, request_of, split
from shared.batches.store import Line
from shared.errors import ValidationFailed

TEXT = b'{"a": 1}\n\r\n  \n{"b": "\xc3\xa4"}\r\nlast'


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100])
def test_lines_and_their_places(size: int) -> None:
    pieces = [TEXT[n : n + size] for n in range(0, len(TEXT), size)]
    found = list(split(pieces))
    assert [number for number, _, _ in found] == [1, 2, 3, 4, 5]
    assert [raw for _, _, raw in found] == TEXT.split(b"\n")
    for _, start, raw in found:
        assert raw is not None
        assert TEXT[start : start + len(raw)] == raw


def test_line_without_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_LONGEST", 10)
    checked = check("/v1/embeddings", iter([b"x" * 6] * 1000), lambda: None)
    assert [one["code"] for one in checked.errors] == ["line_too_long"]


def test_body_goes_on_as_it_was_written() -> None:
    raw = b'{"body": {"model":"m", "messages":[{"role":"user","content":"x"}],"temperature": 1.50}}'
    call = request_of("/v1/chat/completions", raw)
    assert call.chat.body == raw.decode()[9:-1]


@pytest.mark.parametrize("raw", [b"{}", b'{"body": {"model": 5}}', b"nonsense"])
def test_body_that_is_none_is_refused(raw: bytes) -> None:
    with pytest.raises(ValidationFailed):
        request_of("/v1/chat/completions", raw)


def test_too_many_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LINES", 2)
    row = '{"custom_id":"%d","method":"POST","url":"/v1/embeddings","body":{}}\n'
    checked = check("/v1/embeddings", [(row % n).encode() for n in range(9)], lambda: None)
    assert [one["code"] for one in checked.errors] == ["too_many_tasks"]


def test_answers_are_one_line_each() -> None:
    line = Line(3, 0, 5, 'a"b\n')
    answer = answer_line("batch_x", line, 200, "job_1", b'{"n": 1.50}')
    assert answer.endswith(b'"body":{"n": 1.50}},"error":null}\n')
    assert json.loads(answer)["custom_id"] == line.custom_id
    spread = answer_line("batch_x", line, 200, "job_1", b'{\r\n"n": 1\n}')
    failure = failure_line("batch_x", line, "batch_expired", "too late")
    assert [text.count(b"\n") for text in (answer, spread, failure)] == [1, 1, 1]
    assert json.loads(failure)["response"] is None
