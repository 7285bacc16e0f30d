"""Lines of batches: cut where they end, read as they were written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.batches import lines
from shared.batches.lines import Checked, answer_line, check, failure_line, request_of, split
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
    checked = check(Checked("/v1/embeddings"), iter([b"x" * 6] * 1000), lambda: None)
    assert [one["code"] for one in checked.errors] == ["line_too_long"]


def test_body_goes_on_as_it_was_written() -> None:
    raw = b'{"body": {"model":"m", "messages":[{"role":"user","content":"x"}],"temperature": 1.50}}'
    call = request_of("/v1/chat/completions", raw)
    assert call.chat.body == raw.decode()[9:-1]


@pytest.mark.parametrize("raw", [b"{}", b'{"body": {"model": 5}}', b"nonsense"])
def test_body_that_is_none_is_refused(raw: bytes) -> None:
    with pytest.raises(ValidationFailed):
        request_of("/v1/chat/completions", raw)


def test_byte_order_mark_is_no_part_of_a_line() -> None:
    row = b'{"custom_id":"%s","method":"POST","url":"/v1/embeddings","body":{}}\n'
    whole = b"\xef\xbb\xbf" + row % b"a" + b"\xef\xbb\xbf" + row % b"b" + row % b"c"
    checked = check(Checked("/v1/embeddings"), [whole], lambda: None)
    assert checked.errors == []
    found = [whole[line.start : line.start + line.size] for line in checked.lines]
    assert found == [row[:-1] % name for name in (b"a", b"b", b"c")]


def test_too_many_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LINES", 2)
    row = '{"custom_id":"%d","method":"POST","url":"/v1/embeddings","body":{}}\n'
    pieces = [(row % n).encode() for n in range(9)]
    checked = check(Checked("/v1/embeddings"), pieces, lambda: None)
    assert [one["code"] for one in checked.errors] == ["too_many_tasks"]


def test_file_of_empty_lines_is_not_read_to_its_end() -> None:
    read: list[int] = []

    def pieces(begin: int) -> Iterator[bytes]:
        for number in range(begin, 200):
            read.append(number)
            yield b" \n" * 1000

    checked = Checked("/v1/embeddings")
    while not checked.is_whole:
        check(checked, pieces(checked.number // 1000), lambda: None)
    assert [one["code"] for one in checked.errors] == ["too_many_lines"]
    assert len(read) == 151


@pytest.mark.parametrize("step", [(1, 10**9), (3, 10**9), (10**9, 1), (10**9, 150)])
@pytest.mark.parametrize("end", [b"", b"\n", b"\nnonsense"])
def test_file_that_is_looked_at_in_steps_is_found_as_at_once(
    step: tuple[int, int], end: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = b'{"custom_id":"%d","method":"POST","url":"/v1/embeddings","body":{}}'
    whole = b"\r\n\n".join(row % (n % 9) for n in range(10)) + end
    at_once = check(Checked("/v1/embeddings"), [whole], lambda: None)
    monkeypatch.setattr(lines, "STEP_LINES", step[0])
    monkeypatch.setattr(lines, "STEP_BYTES", step[1])
    checked, steps = Checked("/v1/embeddings"), 0
    while not checked.is_whole:
        check(checked, [whole[checked.at :]], lambda: None)
        steps += 1
    assert steps > 3
    assert (checked.lines, checked.errors) == (at_once.lines, at_once.errors)


def of_one_line(raw: bytes, most_values: int = 100) -> list[str]:
    """Return the codes of what is wrong with a file of this line."""
    empty = Checked("/v1/embeddings", most_values)
    return [one["code"] for one in check(empty, [raw], lambda: None).errors]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"[" * 100_000, "too_many_values"),
        (b'{"a":[' + b"{}," * 100 + b"{}]}", "too_many_values"),
        (b"[" * 90, "invalid_json_line"),
        (b'{"custom_id":NaN}', "invalid_json_line"),
    ],
)
def test_line_that_is_wrong_is_told(raw: bytes, code: str) -> None:
    assert of_one_line(raw) == [code]


@pytest.mark.parametrize("custom_id", ["\\ud800", "a\\u0000b"])
def test_name_that_no_database_takes_is_told(custom_id: str) -> None:
    rest = '"method":"POST","url":"/v1/embeddings","body":{}'
    row = f'{{"custom_id":"{custom_id}",{rest}}}'
    (error,) = check(Checked("/v1/embeddings"), [row.encode()], lambda: None).errors
    assert error["param"] == "custom_id"


def test_line_nested_too_deep_is_told() -> None:
    assert of_one_line(b"[" * 100_000 + b"]" * 100_000, 10**6) == ["invalid_json_line"]


def test_large_lines_are_read_away_and_others_have_their_turns() -> None:
    rests: list[int] = []
    sizes: list[int] = []

    def away(size: int, work: Any) -> Any:
        sizes.append(size)
        return work()

    row = b'{"custom_id":"%d","method":"POST","url":"/v1/embeddings","body":{"i":"' + b"x" * 600_000
    pieces = [row % n + b'"}}\n' for n in range(9)]
    checked = check(Checked("/v1/embeddings", away=away), pieces, lambda: rests.append(1))
    assert (checked.errors, len(checked.lines), len(sizes)) == ([], 9, 9)
    assert 3 <= len(rests) <= 9


def test_answers_are_one_line_each() -> None:
    line = Line(3, 0, 5, 'a"b\n')
    answer = answer_line("batch_x", line, 200, "job_1", b'{"n": 1.50}')
    assert answer.endswith(b'"body":{"n": 1.50}},"error":null}\n')
    assert json.loads(answer)["custom_id"] == line.custom_id
    spread = answer_line("batch_x", line, 200, "job_1", b'{\r\n"n": 1\n}')
    failure = failure_line("batch_x", line, "batch_expired", "too late")
    assert [text.count(b"\n") for text in (answer, spread, failure)] == [1, 1, 1]
    assert json.loads(spread)["response"]["body"] == {"n": 1}
    assert json.loads(failure)["response"] is None
