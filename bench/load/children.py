"""Starts a benchmark's processes in a directory of their own, and ends every one of them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.load.cpu_time import cpu_s
from bench.load.interrupts import held_back
from bench.result import BenchmarkFailed

_ROOT = Path(__file__).resolve().parents[2]
_START_S = 60.0
_STOP_S = 10.0


class Child:
    """A running process, the leader of its own group."""

    def __init__(self, name: str, argv: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                argv,
                env=dict(env),
                cwd=log.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def cpu_s(self) -> float:
        """CPU seconds used so far, children included."""
        return cpu_s(self.pid)

    def wait_until(self, ready: Callable[[], bool], within_s: float = _START_S) -> None:
        """Wait until the process can work. Raises BenchmarkFailed with its last words."""
        until = time.monotonic() + within_s
        while not ready():
            if self._process.poll() is not None or time.monotonic() > until:
                raise BenchmarkFailed(f"{self.name} did not get ready:\n{self.last_words()}")
            time.sleep(0.05)

    def last_words(self) -> str:
        """Return the end of the process's log."""
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-15:])

    def pause(self) -> None:
        """Keep the process from using the CPU while another one is measured."""
        os.killpg(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it run on."""
        os.killpg(self.pid, signal.SIGCONT)

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)

    def end(self) -> None:
        """Wait for the end that was asked for; kill what is left of the group after that."""
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)


class Children:
    """All processes of one benchmark; leaving the block ends them, the youngest first."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._folder = folder
        foreign = ("REPLYTO_", "CELERY_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        self._env = {**kept, "PYTHONPATH": str(_ROOT), **env}
        self._children: list[Child] = []

    def start(self, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> Child:
        """Start a process whose output goes to `<name>.log`."""
        # Nothing comes between its start and its place among those to end.
        with held_back():
            child = Child(name, argv, {**self._env, **(env or {})}, self._folder / f"{name}.log")
            self._children.append(child)
        return child

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with held_back():
            for child in reversed(self._children):
                child.ask_to_stop()
                child.end()
