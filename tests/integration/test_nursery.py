"""Processes that begin in a nursery are those that their command lines start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.ports import free_port
from cli.up import processes
from tests.acceptance.system.polling import until
from tests.support.nursery import Nursery, Nursling, nursery_for

_ROOT = Path(__file__).parents[2]
_OWN = [sys.executable, "-P", "-m"]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Return an environment whose Redis is not there."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(_ROOT),
        "REPLYTO_DATA_DIR": str(tmp_path),
        "REPLYTO_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
    }


@pytest.fixture(scope="module")
def workers() -> Iterator[Nursery]:
    nursery = Nursery("workers")
    yield nursery
    nursery.close()


@pytest.fixture
def waiting(workers: Nursery, env: dict[str, str], tmp_path: Path) -> Iterator[Nursling]:
    """Start a worker, which waits for Redis."""
    begun = workers.start(processes.completion(), env, tmp_path, tmp_path / "waiting.log")
    yield begun
    if begun.poll() is None:
        os.kill(begun.pid, signal.SIGKILL)


@pytest.mark.parametrize("wrong", [["--version"], ["no-such-command"]])
def test_process_says_and_ends_as_its_command_line_does(
    workers: Nursery, env: dict[str, str], tmp_path: Path, wrong: list[str]
) -> None:
    argv = [*_OWN, "workers", *wrong]
    by_itself = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    log = tmp_path / "log"
    assert workers.start(argv, env, tmp_path, log).wait(120) == by_itself.returncode
    assert log.read_text("utf-8") == by_itself.stdout + by_itself.stderr


def test_process_has_its_own_group_folder_and_files(waiting: Nursling, tmp_path: Path) -> None:
    assert os.getpgid(waiting.pid) == os.getsid(waiting.pid) == waiting.pid
    process = Path(f"/proc/{waiting.pid}")
    until((tmp_path / "waiting.log").exists, "it prints into its log")
    until(lambda: (process / "fd" / "2").readlink().name == "waiting.log", "all of it")
    assert (process / "cwd").readlink() == tmp_path
    assert {(process / "fd" / name).readlink() for name in "12"} == {tmp_path / "waiting.log"}
    assert str((process / "fd" / "0").readlink()) == os.devnull


def test_how_a_process_ended_is_told_as_often_as_one_asks(waiting: Nursling) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(0)
    os.kill(waiting.pid, signal.SIGKILL)
    assert waiting.wait(120) == waiting.wait(120) == waiting.poll() == -signal.SIGKILL


def test_processes_live_on_when_their_nursery_is_gone(env: dict[str, str], tmp_path: Path) -> None:
    nursery = Nursery("workers")
    begun = nursery.start(processes.completion(), env, tmp_path, tmp_path / "log")
    try:
        until((tmp_path / "log").exists, "it has begun")
        nursery.close()
        os.kill(begun.pid, 0)
    finally:
        os.kill(begun.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    "argv", [["redis-server", "redis.conf"], [*_OWN, "cli.main", "up"], ["python", "-m", "gateway"]]
)
def test_other_programs_have_none(argv: list[str]) -> None:
    assert nursery_for(argv, {"PYTHONPATH": str(_ROOT)}) is None


def test_programs_of_another_source_tree_have_none(tmp_path: Path) -> None:
    assert nursery_for(processes.gateway(), {"PYTHONPATH": str(tmp_path)}) is None
