"""Which processes `replyto work` runs, as the operator chose them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from signal import SIGTERM
from typing import Final

from cli.up import child_environment, processes
from cli.up.child import ChildSpec
from shared.queues import names as task_names

#: What workers there are; each can run by itself.
CHAT: Final = "chat"
COMPLETION: Final = task_names.COMPLETION_QUEUE
CALLBACKS: Final = task_names.CALLBACKS_QUEUE
KINDS: Final = (CHAT, COMPLETION, CALLBACKS)

#: Completion and callbacks end within this after they were told to (seconds).
_LATER_GRACE_S: Final = 40.0


@dataclass(frozen=True, slots=True)
class Choice:
    """What the operator wants of this machine."""

    kinds: tuple[str, ...] = KINDS
    gateway: bool = False
    #: Models that chat workers serve; all of them where none is named.
    models: tuple[str, ...] = ()
    chat_processes: int = 1
    chat_concurrency: int = 200
    callback_concurrency: int = 1000
    #: Put before the workers' names, where several run on one machine.
    name: str = ""
    #: How long calls of LLMs may go on after SIGTERM (seconds).
    patience_s: float = 630.0


def roster(choice: Choice, environment: Mapping[str, str]) -> list[ChildSpec]:
    """Return what to run.

    The gateway and chat workers stop first: what they still answer is completed and called back.
    Whoever outlives the supervisor is told to stop as by it, and finishes what it runs.
    """
    found = [_gateway(choice, environment)] if choice.gateway else []
    if CHAT in choice.kinds:
        numbers = range(1, choice.chat_processes + 1)
        found += [_worker(choice, CHAT, f"{CHAT}{n}", environment) for n in numbers]
    later = (kind for kind in (COMPLETION, CALLBACKS) if kind in choice.kinds)
    return found + [_worker(choice, kind, kind, environment) for kind in later]


def _gateway(choice: Choice, environment: Mapping[str, str]) -> ChildSpec:
    return ChildSpec(
        "gateway",
        processes.gateway(),
        environment,
        grace_s=choice.patience_s,
        orphan_signal=SIGTERM,
    )


def _worker(choice: Choice, kind: str, name: str, environment: Mapping[str, str]) -> ChildSpec:
    full = f"{choice.name}-{name}" if choice.name else name
    is_first = kind == CHAT
    return ChildSpec(
        full,
        _argv(choice, kind, full),
        child_environment.of_worker(kind, environment),
        stage=0 if is_first else 1,
        grace_s=choice.patience_s if is_first else min(choice.patience_s, _LATER_GRACE_S),
        orphan_signal=SIGTERM,
    )


def _argv(choice: Choice, kind: str, name: str) -> list[str]:
    if kind == COMPLETION:
        size = processes.COMPLETION_CONCURRENCY
        return processes.worker(name, concurrency=size, queues=[COMPLETION])
    if kind == CALLBACKS:
        size = choice.callback_concurrency
        return processes.worker(name, concurrency=size, queues=[CALLBACKS])
    queues = [task_names.chat_queue(model) for model in choice.models]
    others = [] if queues else [COMPLETION, CALLBACKS]
    return processes.worker(
        name, concurrency=choice.chat_concurrency, queues=queues, exclude=others
    )
