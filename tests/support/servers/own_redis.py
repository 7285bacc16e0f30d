"""Redis servers that tests start for themselves, each on a port of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from cli.ports import free_port

#: How many ports are tried, and how long a server may take to answer (seconds).
_PORTS: Final = 5
_START_LIMIT_S: Final = 60.0
_ASK_EVERY_S: Final = 0.05


def start_redis(
    binary: Path, folder: Path, *more: str, next_port: Callable[[], int] = free_port
) -> tuple[subprocess.Popen[bytes], int]:
    """Start a server that keeps no snapshots; return it, and its port, when it answers.

    Between choosing a port and listening at it, another process may take it; and a server of a
    cluster needs one more for its bus, 10,000 above, where outgoing connections have theirs.
    """
    for _ in range(_PORTS):
        port = next_port()
        argv = [str(binary), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        argv += ["--dir", str(folder), "--logfile", "redis.log", *more]
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        try:
            if _answers(process, port):
                return process, port
        except BaseException:
            _end(process)
            raise
        _end(process)
    raise AssertionError((folder / "redis.log").read_text("utf-8")[-2000:])


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until it answers; False when it has ended, or another one answers in its place."""
    once = Retry(ConstantBackoff(0), 0)
    for _ in range(round(_START_LIMIT_S / _ASK_EVERY_S)):
        try:
            with redis.Redis(port=port, socket_timeout=5, retry=once) as asked:
                return bool(asked.info("server")["process_id"] == process.pid)
        except (redis.ConnectionError, redis.TimeoutError):
            try:
                process.wait(_ASK_EVERY_S)
            except subprocess.TimeoutExpired:
                continue
            return False
    raise AssertionError(f"the server does not answer at port {port}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(20)
