"""Ties a process's dependencies to its Celery app, so that tasks find theirs without globals."""

from __future__ import annotations

from typing import Any, TypeVar

_ATTRIBUTE = "replyto_deps"

T = TypeVar("T")


def attach(app: Any, *parts: object) -> None:
    """Give the app's tasks their dependencies, one object of each kind."""
    setattr(app, _ATTRIBUTE, {type(part): part for part in parts})


def deps_of(app: Any, kind: type[T]) -> T:
    """Return the one of this kind that `attach` gave."""
    part: T = getattr(app, _ATTRIBUTE)[kind]
    return part
