"""Lines of a batch's output or error file as rows of a table (CSV, RFC 4180), for spreadsheets.

What an answer says stands in a column of its own, whichever API gave it. Pure.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from shared.batches.lines import split
from shared.codecs.csv_cells import cell
from shared.wire.usage import usage_in

NAMES: Final = (
    *("custom_id", "status_code", "model", "content", "finish_reason"),
    *("prompt_tokens", "completion_tokens", "total_tokens"),
    *("error_code", "error_message", "request_id"),
)
_MARK: Final = "\ufeff"


def as_csv(pieces: Iterable[bytes], rest: Callable[[], None]) -> Iterator[bytes]:
    """Give the table of a file, a line at a time. `rest` lets others have their turn.

    It begins with the mark by which spreadsheets know UTF-8.
    """
    yield (_MARK + _text(NAMES)).encode()
    for _, _, raw in split(pieces):
        if raw and raw.strip():
            yield _text([cell(value) for value in _row(raw)]).encode()
        rest()


def _row(raw: bytes) -> list[object]:
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        line = None
    if not isinstance(line, dict):
        # No line of a batch: as it is.
        return ["", "", "", raw.decode("utf-8", "replace"), *[""] * 7]
    response = _object(line.get("response"))
    body = _object(response.get("body"))
    error = _object(line.get("error")) or _object(body.get("error"))
    usage = usage_in(body)
    counts = (usage.prompt, usage.completion, usage.total)
    return [
        line.get("custom_id", ""),
        response.get("status_code", ""),
        body.get("model", ""),
        "" if error else _content(body),
        _first(body).get("finish_reason") or body.get("status") or "",
        *(counts if usage.total else ("", "", "")),
        error.get("code") or "",
        error.get("message", ""),
        response.get("request_id", ""),
    ]


def _content(body: dict[str, Any]) -> str:
    """Return what an answer says: its text, or what else it has, as JSON."""
    first = _first(body)
    message = _object(first.get("message"))
    for text in (message.get("content"), first.get("text"), _output_text(body)):
        if isinstance(text, str) and text:
            return text
    if calls := message.get("tool_calls"):
        return _json(calls)
    for name in ("data", "results"):
        if rows := body.get(name):
            return _json(rows)
    return "" if message else _json(body)


def _output_text(body: dict[str, Any]) -> str:
    """Return the text of a response of OpenAI's Responses API."""
    output = body.get("output")
    items = [one for one in output if isinstance(one, dict)] if isinstance(output, list) else []
    parts = [part for one in items for part in one.get("content") or () if isinstance(part, dict)]
    return "".join(str(part["text"]) for part in parts if part.get("type") == "output_text")


def _first(body: dict[str, Any]) -> dict[str, Any]:
    choices = body.get("choices")
    return _object(choices[0]) if isinstance(choices, list) and choices else {}


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(row: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(row)
    return text.getvalue()
