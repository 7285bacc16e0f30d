"""Reads the lines of a batch: of its input file, and those of its output. Pure.

The codes of errors are OpenAI's: https://platform.openai.com/docs/guides/batch
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from shared.batches.store import Line
from shared.codecs.half_characters import has_half
from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.json_size import has_more_values
from shared.codecs.json_text import decode_utf8, members
from shared.codecs.strict_json import parse, without_bom
from shared.errors import ValidationFailed
from shared.wire.chat_request import ChatCall, parse_chat_completion
from shared.wire.naming import fold
from shared.wire.operation_request import (
    parse_completion,
    parse_embedding,
    parse_moderation,
    parse_response,
)

#: How requests are read, by endpoint: those that batches may ask.
PARSERS: Final[dict[str, Callable[[bytes], ChatCall]]] = {
    "/v1/chat/completions": parse_chat_completion,
    "/v1/completions": parse_completion,
    "/v1/embeddings": parse_embedding,
    "/v1/moderations": parse_moderation,
    "/v1/responses": lambda raw: parse_response(raw).call,
}
#: Limits of an input file: OpenAI's, and the longest line (bytes).
MOST_LINES: Final = 50_000
MOST_BYTES: Final = 200 * 1024 * 1024
_LONGEST: Final = 20 * 1024 * 1024
_LONGEST_ID: Final = 512
#: Most lines with nothing in them; a file could be made of them alone.
_MOST_EMPTY: Final = 100_000
#: After so many lines or bytes others have their turn.
_REST_LINES: Final = 100
_REST_BYTES: Final = 1024 * 1024
#: Most errors that are told.
_MOST_ERRORS: Final = 100
#: So much of a file is looked at in one step: some tenths of a second.
STEP_LINES: Final = 5_000
STEP_BYTES: Final = 8 * 1024 * 1024


#: Does the work of so many bytes, where it holds up nobody.
Away = Callable[[int, Callable[[], Any]], Any]


def at_once(_size_bytes: int, work: Callable[[], Any]) -> Any:
    """Do it here."""
    return work()


@dataclass(slots=True)
class Checked:
    """What was found in an input file: its lines, or what is wrong with it.

    A line may have as many values as a request of its own, and a large one is read by `away`. The
    file was looked at up to the byte `at`, which is behind the line `number`, or to its end.
    """

    endpoint: str
    most_values: int = sys.maxsize
    away: Away = at_once
    lines: list[Line] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    number: int = 0
    at: int = 0
    is_whole: bool = False
    _ids: set[str] = field(default_factory=set)

    def wrong(self, code: str, message: str, line: int | None, param: str | None = None) -> None:
        """Note an error. Line numbers begin with 1."""
        row = {"code": code, "message": message, "param": param, "line": line}
        self.errors.append(row)

    @property
    def is_hopeless(self) -> bool:
        """Whether nothing more needs to be read."""
        return len(self.errors) >= _MOST_ERRORS or len(self.lines) > MOST_LINES

    def take(self, number: int, start: int, raw: bytes) -> None:
        """Look at a line."""
        # Editors put a byte order mark before the first, and `cat` before others: it is none of it.
        text = without_bom(raw)
        start += len(raw) - len(text)
        try:
            found = self.away(len(text), lambda: self._parsed(text))
        except OverflowError:
            told = f"A request has at most {self.most_values} JSON values."
            self.wrong("too_many_values", told, number)
            return
        except ValueError:
            self.wrong("invalid_json_line", "This line is not valid JSON.", number)
            return
        if not isinstance(found, dict):
            self.wrong("invalid_json_line", "This line is no JSON object.", number)
        elif (problem := self._problem(found)) is not None:
            self.wrong(*problem[:2], number, problem[2])
        else:
            self._ids.add(found["custom_id"])
            self.lines.append(Line(number, start, len(text), found["custom_id"]))

    def _parsed(self, raw: bytes) -> Any:
        """Return its value. Raises OverflowError for one of too many, ValueError for none."""
        if has_more_values(raw, self.most_values):
            raise OverflowError
        return parse(raw)

    def _problem(self, line: dict[str, Any]) -> tuple[str, str, str] | None:
        custom_id, body = line.get("custom_id"), line.get("body")
        if not isinstance(custom_id, str) or not 0 < len(custom_id) <= _LONGEST_ID:
            told = f"custom_id must be a text of at most {_LONGEST_ID} characters."
            return "missing_required_parameter", told, "custom_id"
        # What no database takes.
        if "\x00" in custom_id or has_half(custom_id):
            told = "custom_id must have no half character (\\ud800) and no \\u0000."
            return "missing_required_parameter", told, "custom_id"
        if custom_id in self._ids:
            return "duplicate_custom_id", "This custom_id was used before.", "custom_id"
        if not isinstance(body, dict):
            return "missing_required_parameter", "body must be an object.", "body"
        return self._wrong_call(line, body)

    def _wrong_call(
        self, line: dict[str, Any], body: dict[str, Any]
    ) -> tuple[str, str, str] | None:
        if line.get("method") != "POST":
            return "invalid_method", "method must be POST.", "method"
        if line.get("url") != self.endpoint:
            return "invalid_url", f"url must be the batch's endpoint, {self.endpoint}.", "url"
        if body.get("stream"):
            return "invalid_request", "Requests of a batch are not streamed.", "body.stream"
        return _wrong_here(body)


def _wrong_here(body: dict[str, Any]) -> tuple[str, str, str] | None:
    """Say what is wrong with a request that would be right by itself."""
    names = {fold(name) for name in body}
    if "runafter" in names:
        told = "Requests of a batch run as soon as there is room."
        return "invalid_request", told, "body.runAfter"
    if "groupid" in names:
        told = "Requests of a batch are in no other group: the batch is one."
        return "invalid_request", told, "body.groupId"
    return None


def check(checked: Checked, pieces: Iterable[bytes], rest: Callable[[], None]) -> Checked:
    """Look at some more of an input file, whose `pieces` begin at `checked.at`.

    `rest` is called now and then: others want to have their turn.
    """
    first, begin, rested_at = checked.number, checked.at, checked.at
    for number, start, raw in split(pieces, first, begin):
        if not _looked_at(checked, number, start, raw) or checked.is_hopeless:
            break
        checked.number, checked.at = number, start + len(raw or b"") + 1
        if number - first >= STEP_LINES or checked.at - begin >= STEP_BYTES:
            return checked
        if number % _REST_LINES == 0 or start - rested_at > _REST_BYTES:
            rested_at = start
            rest()
    checked.is_whole = True
    if len(checked.lines) > MOST_LINES:
        checked.wrong("too_many_tasks", f"A batch has at most {MOST_LINES} requests.", None)
    if not checked.lines and not checked.errors:
        checked.wrong("empty_file", "The input file has no requests.", None)
    return checked


def _looked_at(checked: Checked, number: int, start: int, raw: bytes | None) -> bool:
    """Look at a line; False when none behind it is worth a look."""
    if raw is None:
        checked.wrong("line_too_long", f"A line has at most {_LONGEST} bytes.", number)
        return False
    if raw.strip():
        checked.take(number, start, raw)
        return True
    if number > MOST_LINES + _MOST_EMPTY:
        checked.wrong("too_many_lines", "Most lines of the file are empty.", number)
        return False
    return True


def split(
    pieces: Iterable[bytes], number: int = 0, start: int = 0
) -> Iterator[tuple[int, int, bytes | None]]:
    """Give each line with its number from 1 and its place; None in place of one too long.

    The pieces begin at the byte `start`, behind the line `number`.
    """
    waiting = bytearray()
    for piece in pieces:
        seen = len(waiting)
        waiting += piece
        begin = 0
        while (end := waiting.find(b"\n", max(begin, seen))) >= 0:
            number += 1
            yield number, start, bytes(waiting[begin:end])
            start += end + 1 - begin
            begin = end + 1
        del waiting[:begin]
        if len(waiting) > _LONGEST:
            yield number + 1, start, None
            return
    if waiting:
        yield number + 1, start, bytes(waiting)


def request_of(endpoint: str, raw: bytes) -> ChatCall:
    """Return the call that a line asks for. Raises ValidationFailed and its kin."""
    # The line was read whole before the batch began; what is in it is read by its parser.
    text = decode_utf8(raw)
    # As it was written: numbers and the order of names are the client's.
    bodies = [text[one.value_start : one.end] for one in members(text) if one.name == "body"]
    if not bodies:
        raise ValidationFailed("The line is not what it was.")
    return PARSERS[endpoint](bodies[-1].encode())


def answer_line(batch_id: str, line: Line, status: int, request_id: str, body: bytes) -> bytes:
    """Return a line of the output or error file: an answer, good or bad, as it came."""
    # Between values only: no text of JSON has one.
    body = body.replace(b"\n", b" ").replace(b"\r", b" ")
    head = {"id": _request_name(batch_id, line), "custom_id": line.custom_id}
    about = {"status_code": status, "request_id": request_id}
    opening = to_json_bytes(head)[:-1] + b',"response":' + to_json_bytes(about)[:-1]
    return opening + b',"body":' + body + b'},"error":null}\n'


def failure_line(batch_id: str, line: Line, code: str, message: str) -> bytes:
    """Return a line of the error file for a request that was not made."""
    row = {
        "id": _request_name(batch_id, line),
        "custom_id": line.custom_id,
        "response": None,
        "error": {"code": code, "message": message},
    }
    return to_json_bytes(row) + b"\n"


def _request_name(batch_id: str, line: Line) -> str:
    return f"batch_req_{batch_id.removeprefix('batch_')}_{line.number}"
