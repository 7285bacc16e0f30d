"""Answers queries as ServiceStack's QueryDb does: filtered, ordered, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from flask import Response

from shared.dtos.base import Dto
from shared.dtos.providers import Query
from shared.errors import ValidationFailed
from shared.wire.naming import fold

_PAGE: Final = 100


def answer(rows: Sequence[Dto], query: Query) -> Response:
    """Return the page of rows that was asked for. Raises ValidationFailed for an unknown field."""
    dumped = [row.model_dump(mode="json", by_alias=True, exclude_none=True) for row in rows]
    for name in (query.order_by_desc or query.order_by or "").split(","):
        if name.strip():
            dumped = _ordered(dumped, name.strip(), descending=bool(query.order_by_desc))
    skip = query.skip or 0
    page = dumped[skip : skip + (_PAGE if query.take is None else query.take)]
    if query.fields:
        wanted = {fold(name.strip()) for name in query.fields.split(",")}
        page = [{k: v for k, v in row.items() if fold(k) in wanted} for row in page]
    body = {"offset": skip, "total": len(rows), "results": page}
    return Response(json.dumps(body), mimetype="application/json")


def _ordered(rows: list[dict[str, Any]], name: str, *, descending: bool) -> list[dict[str, Any]]:
    descending ^= name.startswith("-")
    wanted = fold(name.lstrip("-"))
    known = {fold(key): key for row in rows for key in row}
    if rows and wanted not in known:
        raise ValidationFailed(f"orderBy: there is no field '{name}'.", field="orderBy")
    key = known.get(wanted, name)

    def place(row: dict[str, Any]) -> tuple[bool, Any]:
        value = row.get(key)
        is_plain = isinstance(value, int | float | str)
        return (value is None, value if is_plain else str(value))

    return sorted(rows, key=place, reverse=descending)
