"""The Celery app and its tasks: chat, completion, callbacks, maintenance."""
