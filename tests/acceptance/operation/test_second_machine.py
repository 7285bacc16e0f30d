"""A second machine that forgot a secret: it is refused in one line, or tells of it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.up import processes
from shared.settings import new_callback_secret
from tests.acceptance.system.polling import until
from tests.acceptance.system.process import Process
from tests.acceptance.system.stack import COMPLETION, GATEWAY, REDIS, Stack
from tests.support.factories import new_settings

pytestmark = pytest.mark.acceptance

_ROOT = Path(__file__).parents[3]
#: How long a process may take to refuse (seconds): it is loaded and says so.
_LIMIT_S = 120


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return the first machine: Redis, a gateway, a completion worker."""
    with Stack(tmp_path_factory.mktemp("first")).open(REDIS, GATEWAY, COMPLETION) as stack:
        yield stack


@pytest.fixture
def second(stack: Stack, tmp_path: Path) -> dict[str, str]:
    """Return the environment of the second machine: its data directory is another."""
    return {**stack.env, "REPLYTO_DATA_DIR": str(tmp_path), "REPLYTO_PORT": "1"}


def refused(argv: list[str], env: dict[str, str]) -> str:
    done = subprocess.run(
        argv, env=env, capture_output=True, text=True, timeout=_LIMIT_S, check=False, cwd=_ROOT
    )
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if line.startswith("replyto:")]
    assert len(lines) == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]


def test_gateway_with_a_database_of_its_own_is_refused(second: dict[str, str]) -> None:
    assert "the database (REPLYTO_DATABASE_URL)" in refused(processes.gateway(), second)


def test_worker_with_another_encryption_key_is_refused(second: dict[str, str]) -> None:
    del second["REPLYTO_ENCRYPTION_KEY"]
    line = refused(processes.chat(new_settings()), second)
    assert "the encryption key (REPLYTO_ENCRYPTION_KEY)" in line
    assert "REPLYTO_DATABASE_URL" not in line


def test_worker_that_is_told_to_warn_works_and_is_named_to_admins(
    stack: Stack, second: dict[str, str], tmp_path: Path
) -> None:
    second |= {"REPLYTO_CALLBACK_SECRET": new_callback_secret(), "REPLYTO_ON_MISMATCH": "warn"}
    argv = processes.worker("second", concurrency=2, queues=["callbacks"])
    worker = Process("second", argv, second, tmp_path / "log", stack._guard)
    try:
        text = until(lambda: _notice(stack, "second@"), "the admin is told of the worker")
        assert "REPLYTO_CALLBACK_SECRET" in text
        assert "REPLYTO_CALLBACK_SECRET" in (tmp_path / "log").read_text("utf-8")
    finally:
        worker.kill()
    until(lambda: not _notice(stack, "second@"), "the admin hears no more of it")


def _notice(stack: Stack, process: str) -> str:
    admin = stack.api((stack.directory / "auth_secret").read_text("utf-8").strip())
    rows = admin.get("/api/GetOverview").json()["notices"]
    return next((row["text"] for row in rows if row["process"].startswith(process)), "")
