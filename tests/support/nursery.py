"""Where our own processes begin: forks of one that has imported all that they would import first.

To import takes each of them a second of CPU, and the tests start hundreds. What a fork runs then is
what its command line says, as the program that it names: `python -P -m gateway` is
`gateway/__main__.py`. That this works from the start is for the tests of `replyto up`.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

_ROOT: Final = Path(__file__).parents[2]
#: What each program imports before it does anything, and what follows soon.
_IMPORTS: Final = {
    "gateway": (
        *("gateway.__main__", "gateway.server.serving", "gateway.server.log", "gateway.app"),
        *("alembic.command", "gunicorn.glogging"),
    ),
    "workers": (
        *("celery.bin.celery", "celery.bin.worker", "celery.worker.components"),
        *("celery.worker.strategy", "celery.concurrency.gevent", "celery.app.events"),
        *("workers.app", "workers.chat.tasks", "workers.completion.tasks"),
        *("workers.callbacks.tasks", "alembic.command"),
    ),
}
#: How often it is asked whether a process has ended (seconds).
_LOOK_EVERY_S: Final = 0.01


class Nursling:
    """A process that began in a nursery, for its starter what subprocess.Popen would be."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self._nursery = nursery
        self._status: int | None = None
        # It is told once only.
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """Return its exit status; None while it runs."""
        with self._lock:
            if self._status is None:
                self._status = self._nursery.ask({"ended": self.pid})
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit status when it has ended. Raises subprocess.TimeoutExpired."""
        began = time.monotonic()
        while (status := self.poll()) is None:
            if timeout is not None and time.monotonic() - began > timeout:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(_LOOK_EVERY_S)
        return status

    def terminate(self) -> None:
        """Ask it to end."""
        os.kill(self.pid, signal.SIGTERM)


class Nursery:
    """The side of who starts processes. It ends with its starter, whose processes do not."""

    def __init__(self, program: str) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__, program],
            env={**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1"},
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            restore_signals=False,
        )

    def start(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path, log: Path) -> Nursling:
        """Start a process in a group of its own that prints into this file."""
        begun = {"argv": list(argv), "env": dict(env), "cwd": str(cwd), "log": str(log)}
        return Nursling(self, self.ask(begun))

    def ask(self, question: Mapping[str, Any]) -> Any:
        """Have it do something; return its answer."""
        with self._lock:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        with self._process:
            self._process.kill()


def nursery_for(argv: Sequence[str], env: Mapping[str, str]) -> Nursery | None:
    """Return where this command line may begin; None for what is no program of this source tree."""
    own = (sys.executable, "-P", "-m")
    is_ours = tuple(argv[:3]) == own and argv[3] in _IMPORTS and env["PYTHONPATH"] == str(_ROOT)
    return _running(argv[3]) if is_ours else None


@cache
def _running(program: str) -> Nursery:
    nursery = Nursery(program)
    atexit.register(nursery.close)
    return nursery


def main(program: str) -> None:
    """Fork when asked to, and tell how forks have ended, until nobody can ask any more."""
    fork, waitpid = os.fork, os.waitpid  # as they are: gevent's begin a loop in this process
    _import_all(program)
    for line in sys.stdin:
        asked = json.loads(line)
        if "ended" in asked:
            pid, status = waitpid(asked["ended"], os.WNOHANG)
            _say(os.waitstatus_to_exitcode(status) if pid else None)
        elif not fork():
            _become(program, asked)
            return


def _import_all(program: str) -> None:
    # As both programs begin: what has imported `ssl` before it is patched would block.
    importlib.import_module("gevent.monkey").patch_all()
    for name in _IMPORTS[program]:
        importlib.import_module(name)
    # It is to be run, not to be there already.
    sys.modules.pop(f"{program}.__main__", None)


def _say(answer: int | None) -> None:
    os.write(1, json.dumps(answer).encode() + b"\n")


def _become(program: str, asked: Mapping[str, Any]) -> None:
    """Be the process that was asked for, to its end."""
    os.setsid()
    # Not before: whoever knows it may signal its group at once.
    _say(os.getpid())
    os.chdir(asked["cwd"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.closerange(3, log + 1)
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.argv = ["", *asked["argv"][4:]]
    runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1])
