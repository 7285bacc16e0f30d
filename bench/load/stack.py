"""A whole ReplyTo for one benchmark: its Redis, an instant LLM, and the processes asked for."""

from __future__ import annotations

import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from bench.load.children import Child, Children
from cli.ports import free_port
from cli.up import embedded_redis, processes, readiness
from shared.queues.names import COMPLETION_QUEUE, chat_queue
from shared.settings import Settings

API_KEY = "ak-bench"
MODEL = "bench"
QUEUE = chat_queue(MODEL)

_PROVIDERS = """\
[[provider]]
name = "instant"
base_url = "http://127.0.0.1:{port}/v1"
models = {{ "{model}" = "{own_name}" }}
"""


@dataclass(frozen=True)
class Stack:
    """What runs, and how to start more."""

    folder: Path
    children: Children
    ledger: Child
    redis_url: str
    llm: Child
    llm_port: int

    @property
    def headers(self) -> dict[str, str]:
        """What a client of the gateway sends."""
        return {"Authorization": f"Bearer {API_KEY}"}

    @property
    def other_redis_url(self) -> str:
        """Another database of the same Redis, for what ReplyTo is compared with."""
        return self.redis_url.removesuffix("/0") + "/1"

    @property
    def settings(self) -> Settings:
        """The settings of the processes, for a benchmark that issues job moves itself."""
        return Settings(redis_url=self.redis_url, data_dir=self.folder)  # type: ignore[call-arg,unused-ignore]

    def gateway(self) -> tuple[Child, int]:
        """Start one gateway process; return it with its port."""
        port = free_port()
        gateway = self.children.start("gateway", processes.gateway(), {"REPLYTO_PORT": str(port)})
        gateway.wait_until(lambda: readiness.gateway_is_up("127.0.0.1", port))
        return gateway, port

    def worker(self, name: str, queues: Sequence[str], concurrency: int) -> Child:
        """Start a worker of these queues."""
        child = self.children.start(
            name, processes.worker(name, concurrency=concurrency, queues=queues)
        )
        with self.client() as client:
            child.wait_until(lambda: not readiness.workers_not_up(client, {name: child.pid}))
        return child

    def completion_worker(self) -> Child:
        """Start the completion worker as `replyto up` does."""
        return self.worker("completion", [COMPLETION_QUEUE], processes.COMPLETION_CONCURRENCY)

    def messages(self) -> int:
        """Return how many messages were pushed so far, also those that scripts pushed."""
        with self.client() as client:
            stats = client.info("commandstats")
        calls = (stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("lpush", "rpush"))
        return sum(calls)

    def client(self) -> redis.Redis:
        """Return a client of the ledger."""
        return redis.Redis.from_url(self.redis_url)


def _instant_llm(port: int, folder: Path) -> list[str]:
    del folder
    return [sys.executable, "-m", "bench.load.instant_llm", str(port)]


@contextmanager
def running(
    *,
    llm: Callable[[int, Path], list[str]] = _instant_llm,
    own_name: str = MODEL,
    settings: Mapping[str, str] | None = None,
    steady: bool = True,
) -> Iterator[Stack]:
    """Run Redis and the LLM, in a temporary directory, for the length of the block.

    `llm` is the LLM's command line for a port and that directory, `own_name` what it calls the
    model, `settings` variables of the processes. Not steady: Redis rewrites its file when it likes.
    """
    with tempfile.TemporaryDirectory(prefix="replyto-bench-") as name:
        folder, llm_port = Path(name), free_port()
        providers = folder / "providers.toml"
        providers.write_text(
            _PROVIDERS.format(port=llm_port, model=MODEL, own_name=own_name), "utf-8"
        )
        env = {
            "REPLYTO_API_KEY": API_KEY,
            "REPLYTO_DATA_DIR": str(folder),
            "REPLYTO_PROVIDERS_FILE": str(providers),
            **(settings or {}),
        }
        with Children(folder, env) as children:
            server = embedded_redis.prepare(folder)
            ledger = children.start("redis", server.argv)
            ledger.wait_until(lambda: embedded_redis.answers(server.url))
            if steady:
                _keep_file(server.url)
            server_of_llm = children.start("llm", llm(llm_port, folder))
            server_of_llm.wait_until(listening(llm_port))
            yield Stack(folder, children, ledger, server.url, server_of_llm, llm_port)


def _keep_file(url: str) -> None:
    """Keep Redis from rewriting its append-only file in the middle of somebody's turn."""
    with redis.Redis.from_url(url) as client:
        client.config_set("auto-aof-rewrite-percentage", 0)


def listening(port: int, host: str = "127.0.0.1") -> Callable[[], bool]:
    """Return a check whether a server listens on this port of the loopback."""

    def check() -> bool:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            return False
        return True

    return check
