"""`replyto up` as a newcomer meets it: start, paste, see the callback, Ctrl-C, start again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.ports import free_port
from cli.up.presets import HOSTED
from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.guard import Guard
from tests.acceptance.system.polling import PATIENCE_S, until
from tests.acceptance.system.process import Process

_ROOT = Path(__file__).parents[3]
_COMMAND = [sys.executable, "-P", "-m", "cli.main"]
#: How long Ctrl-C may take (seconds).
STOP_LIMIT_S = 120.0


class Newcomer:
    """A person with terminals in an empty directory, and what stands in them."""

    def __init__(self, directory: Path) -> None:
        self.data_dir = directory / "data"
        self.port = free_port()
        self.callback_port = free_port()
        self._directory = directory
        self._guard = Guard()
        self._terminals: dict[str, Process] = {}
        keys = {provider.api_key_env for provider in HOSTED}
        self._env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("REPLYTO_")},
            **{key: "" for key in keys if key},
            "PYTHONPATH": str(_ROOT),
            "PYTHONUNBUFFERED": "1",
            "REPLYTO_PORT": str(self.port),
            "REPLYTO_DATA_DIR": str(self.data_dir),
        }

    def set(self, name: str, value: str) -> None:
        """Set an environment variable of what is run from now on."""
        self._env[name] = value

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process that `replyto up` runs."""
        os.kill(self.pids()[name], number)

    def run(self, name: str, *words: str) -> None:
        """Run a replyto command in a terminal of this name."""
        log = self._directory / f"{name}.log"
        argv = [*_COMMAND, *words]
        self._terminals[name] = Process(
            name, argv, self._env, log, self._guard, cwd=self._directory
        )

    def up(self, name: str) -> str:
        """Run `replyto up`; return what it prints until it is ready."""
        self.run(name, "up", "--no-color")
        return self.until_printed(name, "Ctrl-C here stops everything", within_s=180)

    def until_printed(self, name: str, text: str, *, within_s: float = PATIENCE_S) -> str:
        """Return what a terminal shows as soon as the text is in it."""

        def look() -> str | None:
            shown = self.shown(name)
            assert self._terminals[name].is_running, shown
            return shown if text in shown else None

        return until(look, f"{name} prints {text!r}", within_s=within_s)

    def shown(self, name: str) -> str:
        """Return what a terminal shows."""
        return (self._directory / f"{name}.log").read_text("utf-8", "replace")

    def logs(self) -> dict[str, str]:
        """Return what each terminal shows."""
        return {file.stem: self.shown(file.stem) for file in self._directory.glob("*.log")}

    def ctrl_c(self, name: str) -> int:
        """Press Ctrl-C; return the exit status."""
        process = self._terminals.pop(name)
        process.signal(signal.SIGINT)
        status = process.wait(STOP_LIMIT_S)
        process.kill()
        return status

    def paste(self, command: str) -> dict[str, object]:
        """Run a command as a shell does; return the JSON it prints."""
        command = command.replace(":8400/", f":{self.callback_port}/")
        done = subprocess.run(
            ["sh", "-c", f"{command} --silent --show-error --fail-with-body"],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    def chat_elsewhere(self, text: str) -> str:
        """Return what `replyto chat` answers in a terminal that knows the data directory alone."""
        env = {name: value for name, value in self._env.items() if name != "REPLYTO_PORT"}
        done = subprocess.run(
            [*_COMMAND, "chat", text, "--model", "demo-instant"],
            env=env,
            cwd=self._directory,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def pids(self) -> dict[str, int]:
        """Return the process ids that `replyto up` says it runs."""
        found: dict[str, int] = json.loads((self.data_dir / "up.json").read_text("utf-8"))
        return found

    def processes(self) -> set[int]:
        """Return all processes that were started with this data directory, however deep."""
        mark = f"REPLYTO_DATA_DIR={self.data_dir}\0".encode()
        return {int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _has(entry, mark)}

    def api(self, key: str) -> Api:
        """Return a session at the gateway."""
        return Api(f"http://127.0.0.1:{self.port}", key)

    def leave(self) -> None:
        """End everything."""
        for process in self._terminals.values():
            process.kill()
        self._guard.close()


def _has(entry: Path, mark: bytes) -> bool:
    try:
        return mark in (entry / "environ").read_bytes() + b"\0"
    except OSError:
        return False


def api_key_in(banner: str) -> str:
    found = re.search(r"API key\s+(ak-\S+)", banner)
    assert found, banner
    return found[1]


def curl_in(banner: str) -> str:
    found = re.search(r"^\s*(curl (?:.*\\\n)*.*)$", banner, re.MULTILINE)
    assert found, banner
    return found[1]


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    newcomer = Newcomer(tmp_path)
    yield newcomer
    newcomer.leave()


def test_up_from_the_first_start_to_the_second(newcomer: Newcomer) -> None:
    banner = newcomer.up("first")
    key = api_key_in(banner)
    assert f"http://127.0.0.1:{newcomer.port}" in banner
    assert "not real models" in banner
    newcomer.run(
        "listen", "callbacks", "listen", "--no-color", "--port", str(newcomer.callback_port)
    )
    newcomer.until_printed("listen", "Waiting for callbacks")

    job = newcomer.paste(curl_in(banner))
    shown = newcomer.until_printed("listen", "answered")
    assert "POST /answers?order=42" in shown
    assert re.search(r"signature\s+valid", shown)
    assert re.search(rf"x-job-id\s+{job['id']}\b", shown)
    with newcomer.api(key) as api:
        finished = api.until_ended(int(str(job["id"])))
        assert finished["jobState"] == "Completed"
        restarts_a_killed_worker(newcomer, api)

    before = newcomer.processes()
    assert len(before) > len(newcomer.pids())
    assert newcomer.ctrl_c("listen") == 0
    assert newcomer.ctrl_c("first") == 0
    assert newcomer.processes() == set()
    assert not (newcomer.data_dir / "up.json").exists()

    assert api_key_in(newcomer.up("second")) == key
    assert "found you" in newcomer.chat_elsewhere("found you"), "by gateway.json, whatever the port"
    with newcomer.api(key) as api:
        assert api.status(int(str(job["id"]))) == finished
        assert api.post("/v1/chat/completions", json=chat("demo-instant")).status_code == 200
    assert newcomer.ctrl_c("second") == 0
    assert newcomer.processes() == set()


def restarts_a_killed_worker(newcomer: Newcomer, api: Api) -> None:
    pid = newcomer.pids()["chat1"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: newcomer.pids().get("chat1", pid) != pid, "the chat worker runs again")
    assert "chat1 died" in newcomer.until_printed("first", "it starts again in")
    answer = api.post("/v1/chat/completions", json=chat("demo-instant", "after the restart"))
    assert answer.status_code == 200
