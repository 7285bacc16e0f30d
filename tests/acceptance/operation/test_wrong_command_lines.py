"""A process that is started in a wrong way ends with one line that says what to write instead."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest


def _started(tmp_path: Path, *words: str, **settings: str) -> tuple[int, list[str]]:
    """Run a module of ours with these settings; return its exit status and what it said."""
    outside = {k: v for k, v in os.environ.items() if not k.startswith("REPLYTO_")}
    done = subprocess.run(
        [sys.executable, "-m", *words],
        env={
            **outside,
            "REPLYTO_DATA_DIR": str(tmp_path / "data"),
            "REPLYTO_PROVIDERS_FILE": str(_providers(tmp_path)),
            "REPLYTO_REDIS_URL": "redis://127.0.0.1:1/0",
            **settings,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stderr.splitlines()


def _providers(tmp_path: Path) -> Path:
    file = tmp_path / "providers.toml"
    file.write_text('[[provider]]\npreset = "ollama"\nmodels = ["llama"]\n')
    return file


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param((), "-P: workers run with `-P gevent`", id="no pool"),
        pytest.param(("-P", "gevent", "-Q", "chat.lama"), "did you mean chat.llama?", id="a model"),
        pytest.param(("-P", "gevent", "-X", "calbacks"), "did you mean callbacks?", id="a queue"),
    ],
)
def test_worker_ends_with_one_line(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    status, said = _started(tmp_path, "celery", "-A", "workers.app", "worker", *words)
    assert status == 1, said
    assert told in said[-1]
    assert not any("Traceback" in line for line in said)


def test_gateway_whose_port_is_taken_says_which_setting_to_change(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, said = _started(tmp_path, "gateway", REPLYTO_PORT=str(port))
    assert status == 1, said
    assert said[-1] == (
        f"replyto: cannot listen on 127.0.0.1:{port} (Address already in use); set REPLYTO_PORT or "
        "REPLYTO_HOST to another"
    )
    assert not any("Errno" in line for line in said)
