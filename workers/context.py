"""Ties a process's dependencies to its Celery app, so that tasks find them without globals."""

from __future__ import annotations

from typing import Any

from workers.deps import Deps

_ATTRIBUTE = "replyto_deps"


def attach(app: Any, deps: Deps) -> None:
    """Give the app's tasks their dependencies."""
    setattr(app, _ATTRIBUTE, deps)


def deps_of(app: Any) -> Deps:
    """Return what `attach` gave."""
    deps: Deps = getattr(app, _ATTRIBUTE)
    return deps
