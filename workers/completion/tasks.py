"""The Celery task behind the doorbell."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from shared.queues import names as task_names
from workers.completion.deps import CompletionDeps
from workers.completion.run import complete_executed
from workers.context import deps_of


@shared_task(name=task_names.COMPLETE, bind=True)
def run(self: Any, _rung_by: int) -> None:
    """Complete all executed jobs; the job that rang the bell is only one of them."""
    complete_executed(deps_of(self.app, CompletionDeps))
