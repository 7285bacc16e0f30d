"""Puts load on a server from a process of its own, and says what came of it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass, field, replace

from bench.load.load import Job, Load
from bench.result import BenchmarkFailed

#: Above this share of a core the generator itself may be what is measured.
_GENERATOR_SHARE = 0.85

CHAT = json.dumps(
    {
        "model": "bench",
        "messages": [
            {"role": "system", "content": "You are a helpful assistant that answers briefly."},
            {"role": "user", "content": "What is the answer to life, the universe and everything?"},
        ],
        "temperature": 0.7,
        "max_tokens": 200,
    }
)


@dataclass(frozen=True, slots=True)
class Target:
    """A server and the one request that it is asked again and again."""

    port: int
    path: str
    body: str
    headers: dict[str, str] = field(default_factory=dict)

    def load(self, clients: int, seconds: float) -> Load:
        """Put the load on. Raises BenchmarkFailed unless every request was answered well."""
        job = Job("127.0.0.1", self.port, self.path, self.headers, self.body, clients, seconds)
        done = subprocess.run(
            [sys.executable, "-m", "bench.load.load"],
            input=json.dumps(asdict(job)),
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds + 90,
        )
        if done.returncode:
            raise BenchmarkFailed(f"the load generator failed:\n{done.stderr[-1000:]}")
        load = Load(**json.loads(done.stdout))
        if load.errors:
            raise BenchmarkFailed(f"{load.errors} requests failed:\n{load.first_error}")
        return load


def chat_to(port: int, headers: dict[str, str] | None = None) -> Target:
    """Return a target that takes synchronous chats."""
    return Target(port, "/v1/chat/completions", CHAT, headers or {})


def queue_to(port: int, headers: dict[str, str] | None = None) -> Target:
    """Return a target that takes chats for later."""
    target = chat_to(port, headers)
    body = f'{{"request":{CHAT}}}'
    return replace(target, path="/api/QueueOpenAiChatCompletion", body=body)


def warn_of_generator(loads: list[Load]) -> tuple[str, ...]:
    """Return a note when the generator was so busy that it may have been the limit."""
    busiest = max(load.cpu_share for load in loads)
    note = f"The load generator used up to {busiest:.0%} of one core"
    if busiest > _GENERATOR_SHARE:
        return (f"{note}: it may be what limits.",)
    return (f"{note}: it is not what limits.",)
