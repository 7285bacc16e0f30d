"""A page of a list as OpenAI's lists are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


def page_fields(found: Sequence[T], limit: int, form: Callable[[T], Any]) -> dict[str, Any]:
    """Return the fields of a page, of rows of which one more than the limit was asked for.

    https://platform.openai.com/docs/api-reference/files/list
    """
    data = [form(one) for one in found[:limit]]
    return {
        "data": data,
        "first_id": data[0].id if data else None,
        "last_id": data[-1].id if data else None,
        "has_more": len(found) > limit,
    }
