"""Cuts what has sizes into pages of so many, and of so many bytes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def pages(
    items: Iterable[T], size_of: Callable[[T], int], most: int, most_bytes: int
) -> Iterator[list[T]]:
    """Give the items on in pages. One that is larger by itself has a page of its own."""
    page: list[T] = []
    room = most_bytes
    for item in items:
        size = size_of(item)
        if page and (len(page) == most or size > room):
            yield page
            page, room = [], most_bytes
        page.append(item)
        room -= size
    if page:
        yield page
