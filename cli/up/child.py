"""One child process: started in its own process group, read line by line, ended with its group."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

#: prctl(2): the signal that this process gets when the thread that started it ends.
_PR_SET_PDEATHSIG = 1

#: Longest line passed on in one piece, bytes; a child that prints no newline fills no memory.
_MAX_LINE_BYTES = 64 * 1024

_READ_BYTES = 1024 * 1024

#: Last lines of a child that are kept, to show why it died.
_TAIL_LINES = 20


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to start, and when to stop it: children of a lower stage are stopped first."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None
    stage: int = 0
    #: How long this one may take to end after SIGTERM before it is killed, seconds.
    grace_s: float = 15.0
    #: What the kernel sends it when the supervisor itself was killed.
    orphan_signal: signal.Signals = signal.SIGKILL


class Child:
    """A running process and the text that it prints."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self.tail: deque[str] = deque(maxlen=_TAIL_LINES)
        #: The child closed its output, or ended: there is nothing more to wait for.
        self.at_eof = False
        self._started_at = time.monotonic()
        self._partial = b""
        self._process = subprocess.Popen(  # noqa: S603 - the command lines are ours
            list(spec.argv),
            env=None if spec.env is None else dict(spec.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # A session of its own: a terminal's Ctrl-C reaches only the supervisor.
            start_new_session=True,
            preexec_fn=_die_with_parent(spec.orphan_signal),  # noqa: PLW1509 - no threads here
        )
        os.set_blocking(self.fd, False)

    @property
    def pid(self) -> int:
        """The process id; also that of its group."""
        return self._process.pid

    @property
    def fd(self) -> int:
        """The descriptor from which its output is read."""
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        return self._process.stdout.fileno()

    def alive_s(self) -> float:
        """Return for how long it has been running, seconds."""
        return time.monotonic() - self._started_at

    def read_lines(self) -> Iterator[str]:
        """Yield the complete lines that are there to be read, without waiting."""
        *lines, self._partial = (self._partial + self._read_available()).split(b"\n")
        if len(self._partial) > _MAX_LINE_BYTES:
            lines.append(self._partial)
            self._partial = b""
        yield from self._decoded(lines)

    def _read_available(self) -> bytes:
        try:
            chunk = os.read(self.fd, _READ_BYTES)
        except BlockingIOError:
            return b""
        self.at_eof = not chunk
        return chunk

    def _decoded(self, lines: Sequence[bytes]) -> Iterator[str]:
        for raw in lines:
            line = raw.decode("utf-8", "replace").rstrip()
            if line:
                self.tail.append(line)
                yield line

    def has_exited(self) -> bool:
        """Tell whether it has ended, without reaping it: until then its group id stays its own."""
        status = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return status is not None

    def signal(self, signum: signal.Signals) -> None:
        """Send a signal to the process; nothing happens if it has ended."""
        # Not Popen.send_signal, which reaps: the id would be free for another process.
        os.kill(self.pid, signum)

    def kill_group(self) -> None:
        """Kill the process and all it started."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def reap(self) -> Iterator[str]:
        """End what is left of its group and yield the last lines; nothing of it survives."""
        self.kill_group()
        self._process.wait()
        while chunk := self._read_available():
            self._partial += chunk
        rest, self._partial = self._partial.split(b"\n"), b""
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        self._process.stdout.close()
        yield from self._decoded(rest)

    def ending(self) -> str:
        """Say how it ended: by which signal or with which exit status."""
        code = self._process.returncode
        if code is None or code >= 0:
            return f"exit status {code}"
        return f"signal {signal.Signals(-code).name}"


def _die_with_parent(signum: signal.Signals) -> Callable[[], None] | None:
    """Return what makes a new process get `signum` when this one dies; None where it can't be."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
        # The parent may have died before the call above.
        if os.getppid() != parent:
            os._exit(1)

    return bind
