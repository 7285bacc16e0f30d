"""Celery's configuration, made from our settings. Why each value: `docs/adr/0002` and `0005`."""

from __future__ import annotations

from typing import Any

import redis
from kombu import Queue

from shared.providers.provider import Registry, read_file
from shared.providers.registry_store import RegistryStore
from shared.queues import names as task_names
from shared.settings import Settings
from shared.store.client import WORKER_TIMEOUT_S, connect
from workers.broker_pool import HEALTH_CHECK_S


def celery_config(settings: Settings) -> dict[str, Any]:
    """Return the whole configuration of the Celery app."""
    names = [task_names.chat_queue(model) for model in _models(settings)]
    names += [*(task_names.COMPLETION_QUEUE, task_names.CALLBACKS_QUEUE, task_names.MEDIA_QUEUE)]
    return {
        # Both by name: a CELERY_BROKER_URL in the environment would overrule `broker_url`. Where
        # Redis is says `address` below, the same for the workers' two sides and the gateway.
        "broker_read_url": "redis://",
        "broker_write_url": "redis://",
        "broker_transport": "workers.broker:Transport",
        "imports": ("workers.chat.tasks", "workers.completion.tasks", "workers.callbacks.tasks"),
        "task_queues": [Queue(name, routing_key=name) for name in names],
        # A mistyped model in -Q is an error, not a queue that nobody fills.
        "task_create_missing_queues": False,
        "task_default_queue": task_names.COMPLETION_QUEUE,
        "task_serializer": "json",
        "accept_content": ["json"],
        # The ledger holds results and knows what runs; messages are only hints.
        "task_ignore_result": True,
        "result_backend": None,
        # Else each task builds a disabled backend of its own, about 70 µs of CPU.
        "result_backend_thread_safe": True,
        "task_acks_late": False,
        # A message counts until its task starts, just after the worker has looked for the next one.
        # With 1, a worker of one slot would sleep half a second at each.
        "worker_prefetch_multiplier": 2,
        "worker_disable_rate_limits": True,
        # Nobody asks by it: the ledger knows what runs, and a cancel has a channel of its own.
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "task_send_sent_event": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_soft_shutdown_timeout": 0,
        "worker_hijack_root_logger": True,
        "worker_redirect_stdouts": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # A Redis that refuses is one that is away: a worker that ended itself would stay away.
        "broker_channel_error_retry": True,
        "broker_transport_options": {
            "ack_emulation": False,
            "priority_steps": list(task_names.PRIORITIES),
            # Round robin over the models of one priority; priorities stay strict.
            "queue_order_strategy": "round_robin",
            "address": settings.redis_address,
            "health_check_interval": HEALTH_CHECK_S,
        },
    }


def _models(settings: Settings) -> list[str]:
    """Return the models to begin with: the registry's, or the file's while Redis is away."""
    file = read_file(settings.providers_file)
    client = connect(settings.redis_address, timeout_s=WORKER_TIMEOUT_S, name="replyto-start")
    try:
        return Registry(RegistryStore(client).seed(file).providers).known_models
    except redis.RedisError:
        return Registry(file or []).known_models
    finally:
        client.close()
