"""The command lines of ReplyTo's processes: what `replyto up` starts, and the Procfile with it."""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence
from typing import Final

from shared.queues import names as task_names
from shared.settings import Settings

#: Completion tasks are batches; a few greenlets are enough to overlap them.
COMPLETION_CONCURRENCY = 10
#: Runs a module of ours. -P: not one that the current folder happens to have under its name.
_OWN_MODULE: Final = (sys.executable, "-P", "-m")


def gateway() -> list[str]:
    """Return the gateway's command line; its host, port and processes come from the environment."""
    return [*_OWN_MODULE, "gateway"]


def worker(
    name: str, *, concurrency: int, queues: Sequence[str] = (), exclude: Sequence[str] = ()
) -> list[str]:
    """Return the command line of a Celery worker that consumes `queues`, or all but `exclude`."""
    selection = ["-Q", ",".join(queues)] if queues else ["-X", ",".join(exclude)]
    # Gossip, mingle and heartbeat are chatter between workers that ReplyTo has no use for: its
    # workers find each other's failures by leases.
    silence = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    size = ["-P", "gevent", "-c", str(concurrency)]
    command = [*_OWN_MODULE, "workers", "-A", "workers.app", "--quiet", "worker"]
    return [*command, *size, *selection, "-n", f"{name}@%h", *silence]


def chat(settings: Settings, number: int = 1) -> list[str]:
    """Return the command line of a chat worker that serves every model of the registry."""
    return worker(
        f"chat{number}",
        concurrency=settings.chat_concurrency,
        exclude=[task_names.COMPLETION_QUEUE, task_names.CALLBACKS_QUEUE],
    )


def completion() -> list[str]:
    """Return the command line of the completion worker, which runs the tick too."""
    queues = [task_names.COMPLETION_QUEUE]
    return worker("completion", concurrency=COMPLETION_CONCURRENCY, queues=queues)


def callbacks(settings: Settings) -> list[str]:
    """Return the command line of the callbacks worker."""
    queues = [task_names.CALLBACKS_QUEUE]
    return worker("callbacks", concurrency=settings.callback_concurrency, queues=queues)


def workers(settings: Settings) -> dict[str, list[str]]:
    """Return the command line of every worker process by its name."""
    chats = {f"chat{n}": chat(settings, n) for n in range(1, settings.chat_processes + 1)}
    return {**chats, "completion": completion(), "callbacks": callbacks(settings)}


def demo_llm(port: int) -> list[str]:
    """Return the command line of the demo LLM on this port of the loopback."""
    return [*_OWN_MODULE, "cli.main", "demo-llm", "--port", str(port), "--quiet"]


def node_name(name: str) -> str:
    """Return the node name that the worker of this name gets from `-n <name>@%h`."""
    return f"{name}@{socket.gethostname()}"
