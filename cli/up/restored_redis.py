"""A copy of Redis that was put back, `dump.rdb`, is made into the append-only file it starts from.

Where an append-only file is asked for and none is there, Redis begins empty, whatever `dump.rdb`
holds. So a server is run once that reads the copy and writes the file, in a folder beside: whatever
ends us meanwhile, the next start begins with it again.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import redis

from cli.ports import free_port
from cli.up.start_problem import StartProblem

#: The copy, as Redis names it, and what it is called when it was read.
_COPY: Final = "dump.rdb"
_DONE: Final = "dump.rdb.restored"
#: The append-only file of Redis since 7, and of the versions before.
_FILES: Final = ("appendonlydir", "appendonly.aof")
#: How long reading and writing may take (seconds): some gigabytes on a slow disk.
_LIMIT_S: Final = 1800.0
_LOOK_S: Final = 0.05
_CONFIG: Final = """\
bind 127.0.0.1
port {port}
requirepass {password}
daemonize no
loglevel warning
appendonly no
save ""
"""


def restore(server: Path, directory: Path) -> None:
    """Make the file, if there is a copy and no file yet. Raises StartProblem if that fails."""
    copy = directory / _COPY
    if not copy.exists() or any((directory / name).exists() for name in _FILES):
        return
    beside = directory / "restoring"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(mode=0o700)
    shutil.copyfile(copy, beside / _COPY)
    _convert(server, beside)
    for name in _FILES:
        if (beside / name).exists():
            (beside / name).replace(directory / name)
    copy.replace(directory / _DONE)
    shutil.rmtree(beside)


def _convert(server: Path, folder: Path) -> None:
    """Run the server until it has written what it read."""
    port, password = free_port(), secrets.token_hex(32)
    config = folder / "redis.conf"
    config.touch(mode=0o600)
    config.write_text(_CONFIG.format(port=port, password=password), "utf-8")
    argv = [str(server), str(config)]
    with (
        subprocess.Popen(  # noqa: S603 - a Redis server's own binary
            argv, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
        redis.Redis(port=port, password=password, socket_timeout=30) as client,
    ):
        try:
            _wait(process, lambda: bool(client.ping()))
            client.config_set("appendonly", "yes")
            _wait(process, lambda: _is_written(client))
            client.shutdown()
            process.wait(_LIMIT_S)
        finally:
            process.kill()


def _is_written(client: redis.Redis) -> bool:
    told = client.info("persistence")
    if told["aof_last_bgrewrite_status"] != "ok":
        raise StartProblem("the append-only file of the restored Redis cannot be written")
    return bool(told["aof_enabled"]) and not (
        told["aof_rewrite_in_progress"] or told["aof_rewrite_scheduled"]
    )


def _wait(process: subprocess.Popen[str], done: Callable[[], bool]) -> None:
    until = time.monotonic() + _LIMIT_S
    while time.monotonic() < until:
        if process.poll() is not None:
            said = (process.stdout.read() if process.stdout else "").strip().splitlines()
            why = said[-1] if said else f"status {process.returncode}"
            raise StartProblem(f"the Redis server cannot read the copy {_COPY}: {why}")
        try:
            if done():
                return
        except redis.ConnectionError:
            # It starts, or reads the copy yet.
            pass
        time.sleep(_LOOK_S)
    raise StartProblem(f"the copy {_COPY} was not read within {_LIMIT_S:.0f} s")
