"""Stock Celery: default settings, and two tasks that do nothing but be moved.

Celery itself reads the broker's URL from CELERY_BROKER_URL.
"""

from __future__ import annotations

from celery import Celery

app = Celery("stock")


@app.task
def second() -> None:
    """Do nothing: where a result would be stored."""


@app.task
def first() -> None:
    """Hand over to the second task: where an LLM would be called."""
    second.apply_async()
