"""Names of Celery tasks and queues, known to both sides, so that neither imports the other."""

from __future__ import annotations

from typing import Final

CHAT: Final = "workers.chat.run"
COMPLETE: Final = "workers.completion.run"
DELIVER: Final = "workers.callbacks.run"
TEST_CALLBACK: Final = "workers.callbacks.test"

ALL: Final = (CHAT, COMPLETE, DELIVER, TEST_CALLBACK)

COMPLETION_QUEUE: Final = "completion"
CALLBACKS_QUEUE: Final = "callbacks"

#: The queue of our own engines; its jobs are for the model of that name.
MEDIA_QUEUE: Final = "media"
_MEDIA_MODEL: Final = "replyto-media"

_CHAT_PREFIX: Final = "chat."

#: Celery priorities on Redis: 0 is the highest and the default.
INTERACTIVE: Final = 0
QUEUED: Final = 5
BULK: Final = 9
PRIORITIES: Final = (INTERACTIVE, QUEUED, BULK)


def chat_queue(model: str) -> str:
    """Return the name of the queue that this model's pool consumes."""
    return MEDIA_QUEUE if model == _MEDIA_MODEL else f"{_CHAT_PREFIX}{model}"


def is_chat_queue(queue: str) -> bool:
    """Whether a queue is the one of a model."""
    return queue.startswith(_CHAT_PREFIX) or queue == MEDIA_QUEUE


def model_of(queue: str) -> str:
    """Return the model whose jobs are in this queue; the inverse of `chat_queue`."""
    return _MEDIA_MODEL if queue == MEDIA_QUEUE else queue.removeprefix(_CHAT_PREFIX)
