"""Which models this worker serves: those of `-Q`, or all of the registry, as it changes."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Collection, Sequence
from typing import Any

from celery import bootsteps
from kombu import Queue

from shared.queues import names as task_names
from workers.chat.deps import ChatDeps
from workers.context import deps_of

log = logging.getLogger(__name__)


def follows_registry(app: Any) -> bool:
    """Whether the worker was started without `-Q`."""
    return app.amqp.queues._consume_from is None  # noqa: SLF001 - there is no other way to tell


def queue_problem(known: Collection[str], take: Sequence[str], leave: Sequence[str]) -> str:
    """Return which queue of `-Q` or `-X` there is none of, and what it was to be; else nothing.

    A model that is left out may come later; Celery takes any name there, and leaves out nothing.
    """
    wrong = [("-Q", name) for name in take if name not in known]
    wrong += [("-X", name) for name in leave if name not in known and not _may_come(name)]
    if not wrong:
        return ""
    option, name = wrong[0]
    model = task_names.model_of(name)
    what = f"no provider with the model '{model}'" if _may_come(name) else f"no queue '{name}'"
    close = difflib.get_close_matches(name, known, n=1)
    return f"{option}: there is {what}{f'; did you mean {close[0]}?' if close else ''}"


def _may_come(name: str) -> bool:
    return task_names.is_chat_queue(name)


class PoolStep(bootsteps.StartStopStep):  # type: ignore[misc,unused-ignore]
    """Adds and takes away the consumers of models while the worker runs."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self._is_told = False

    def start(self, consumer: Any) -> None:
        """Follow the registry; comes again after each loss of the broker's connection."""
        if not follows_registry(consumer.app):
            return
        if not self._is_told:
            follower = deps_of(consumer.app, ChatDeps).routing.follower
            follower.on_change(lambda: consumer.call_soon(adjust, consumer))
            self._is_told = True
        consumer.call_soon(adjust, consumer)


def adjust(consumer: Any) -> None:
    """Consume exactly the queues of the registry's models, and what is no model's as before.

    Runs in the consumer's own loop.
    """
    app = consumer.app
    models = deps_of(app, ChatDeps).routing.registry.known_models
    wanted = {task_names.chat_queue(model) for model in models}
    now = {name for name in app.amqp.queues.consume_from if task_names.is_chat_queue(name)}
    now.discard(task_names.MEDIA_QUEUE)
    for name in sorted(wanted - now):
        # Known first: what is not would be an error (`task_create_missing_queues`).
        app.amqp.queues.add(Queue(name, routing_key=name))
        consumer.add_task_queue(name)
        log.info("serves %s", name)
    for name in sorted(now - wanted):
        consumer.cancel_task_queue(name)
        log.info("does not serve %s any more", name)
