"""Answers queries as ServiceStack's QueryDb does: filtered, ordered, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from flask import Response

from shared.dtos.base import Dto
from shared.dtos.chosen import as_told, chosen
from shared.dtos.providers import Query

_PAGE: Final = 100


def answer(kind: type[Dto], rows: Sequence[Dto], query: Query) -> Response:
    """Return the page of rows that was asked for, each of this kind.

    Raises ValidationFailed for an unknown field.
    """
    kept = {as_told(kind, name) for name in chosen(kind, query.fields)}
    dumped = [row.model_dump(mode="json", by_alias=True, exclude_none=True) for row in rows]
    names = [name for name in (query.order_by_desc or query.order_by or "").split(",") if name]
    # The first name decides, the next among those that are alike in it.
    for name in reversed(names):
        dumped = _ordered(kind, dumped, name.strip(), descending=bool(query.order_by_desc))
    skip = query.skip or 0
    page = dumped[skip : skip + (_PAGE if query.take is None else query.take)]
    if kept:
        page = [{key: value for key, value in row.items() if key in kept} for row in page]
    body = {"offset": skip, "total": len(rows), "results": page}
    return Response(json.dumps(body), mimetype="application/json")


def _ordered(
    kind: type[Dto], rows: list[dict[str, Any]], name: str, *, descending: bool
) -> list[dict[str, Any]]:
    descending ^= name.startswith("-")
    if not (found := chosen(kind, name.lstrip("-"), "orderBy")):
        return rows
    key = as_told(kind, found[0])

    def place(row: dict[str, Any]) -> tuple[bool, Any]:
        value = row.get(key)
        is_plain = isinstance(value, int | float | str)
        return (value is None, value if is_plain else str(value))

    return sorted(rows, key=place, reverse=descending)
