"""Makes the input file of a batch of what people have: requests, whole lines, or texts. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import click


def to_lines(rows: Iterable[bytes], endpoint: str, model: str | None) -> Iterator[bytes]:
    """Give the lines of an input file. Raises click.ClickException with the number of a bad row.

    A row is a line of OpenAI's form, a request, `{"prompt": …}`, or a JSON text: what is asked.
    """
    for number, raw in enumerate(rows, 1):
        if raw.strip():
            try:
                line = _line(_parsed(raw), number, endpoint, model)
                made = json.dumps(line, ensure_ascii=False).encode()
            except RecursionError:
                raise click.ClickException(f"line {number}: it is nested too deep") from None
            except ValueError as exc:
                raise click.ClickException(f"line {number}: {exc}") from exc
            yield made + b"\n"


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError as exc:
        raise ValueError(f'not JSON ({exc}); a text stands in quotes: "What is …?"') from exc


def _line(row: Any, number: int, endpoint: str, model: str | None) -> dict[str, Any]:
    whole = isinstance(row, dict) and isinstance(row.get("body"), dict)
    body = dict(row["body"]) if whole else _body(row)
    if model:
        body["model"] = model
    if not body.get("model"):
        raise ValueError("no model: name one in the line, or with --model")
    custom_id = row.get("custom_id") if isinstance(row, dict) else None
    body.pop("custom_id", None)
    name = str(number) if custom_id in (None, "") else _name(custom_id)
    line = {"custom_id": name, "method": "POST", "url": endpoint, "body": body}
    return {**row, **line, "url": row.get("url") or endpoint} if whole else line


def _name(custom_id: Any) -> Any:
    """Return what names a line: a table's numbers as texts, which a batch wants."""
    is_number = isinstance(custom_id, (int, float)) and not isinstance(custom_id, bool)
    return json.dumps(custom_id) if is_number else custom_id


def _body(row: Any) -> dict[str, Any]:
    if isinstance(row, dict) and isinstance(row.get("prompt"), str) and "messages" not in row:
        rest = {name: value for name, value in row.items() if name != "prompt"}
        return {**rest, "messages": [{"role": "user", "content": row["prompt"]}]}
    if isinstance(row, dict):
        return dict(row)
    if isinstance(row, str):
        return {"messages": [{"role": "user", "content": row}]}
    raise ValueError("must be a request, a line with a body, or a text")
