"""One process of a stack: started in a group of its own, logged, stopped, killed, frozen."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.acceptance.system.guard import Guard
from tests.support.nursery import nursery_for

#: How long a process may take to end after SIGTERM (seconds).
_STOP_LIMIT_S = 120.0
_ROOT = Path(__file__).parents[3]


class Process:
    """A role's process. What it prints is in `log`, also that of earlier lives."""

    def __init__(
        self,
        role: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        log: Path,
        guard: Guard,
        cwd: Path = _ROOT,
    ) -> None:
        self.role = role
        self.log = log
        self._guard = guard
        nursery = nursery_for(argv, env)
        self._popen = (
            nursery.start(argv, env, cwd, log) if nursery else _started(argv, env, cwd, log)
        )
        guard.watch(self.pid)

    @property
    def pid(self) -> int:
        """The process id; also that of its group."""
        return self._popen.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._popen.poll() is None

    def signal(self, signum: signal.Signals) -> None:
        """Send a signal to the whole group."""
        os.killpg(self.pid, signum)

    def wait(self, limit_s: float) -> int:
        """Return its exit status. Raises subprocess.TimeoutExpired."""
        return self._popen.wait(limit_s)

    def stop(self) -> int:
        """Ask it to end; return its exit status. Fails when it does not end."""
        if self.is_running:
            self._popen.terminate()
        status = self.wait(_STOP_LIMIT_S)
        self.kill()
        return status

    def kill(self) -> None:
        """Kill the whole group, also what is frozen in it."""
        with contextlib.suppress(ProcessLookupError):
            self.signal(signal.SIGKILL)
        self._popen.wait()
        self._guard.forget(self.pid)


def _started(
    argv: Sequence[str], env: Mapping[str, str], cwd: Path, log: Path
) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            argv,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # Python ignores SIGXFSZ: a Redis that does too meets a full disk as an error.
            restore_signals=False,
        )
