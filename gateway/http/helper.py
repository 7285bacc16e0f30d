"""A process that works for this one: Python runs one thread at a time, but processes side by side.

It is started when it is first needed, does one work after the other, and ends when this process
does, however that ends: its connection, a pair of sockets, closes. Messages are a length of 8
bytes and a pickle; both sides are ours.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from gevent import Timeout, socket
from gevent.lock import BoundedSemaphore
from gevent.monkey import get_original

from shared.errors import BodyNotRead

log = logging.getLogger(__name__)

#: Longest work (seconds); the largest body that is allowed takes a second or two.
MOST_S: Final = 60.0
_LENGTH: Final = struct.Struct("!Q")
_PIECE_BYTES: Final = 262_144
_ROOT: Final = str(Path(__file__).parents[2])


class Helper:
    """The process, as this one sees it. Works wait in line for it, and take `most_s` at most."""

    def __init__(self, most_s: float = MOST_S) -> None:
        self.most_s = most_s
        self._line = BoundedSemaphore()
        self._link: Any = None
        self._pid: int | None = None

    @property
    def pid(self) -> int | None:
        """Its id, None before it is needed."""
        return self._pid

    def do(self, work: Callable[[], Any]) -> tuple[Any, Exception | None]:
        """Return what the work returned and what it raised.

        Raises BodyNotRead when the process died of it, or took too long; the next work has a new
        one.
        """
        message = pickle.dumps(work, pickle.HIGHEST_PROTOCOL)
        with self._line:
            try:
                with Timeout(self.most_s):
                    return self._exchange(message)  # type: ignore[no-any-return]
            except (OSError, EOFError, pickle.UnpicklingError, Timeout) as exc:
                log.warning("the helper failed at a body of %d bytes: %r", len(message), exc)
                self.stop()
                raise BodyNotRead(retry_after_s=1) from None
            except BaseException:
                # Its answer, which is still to come, would be taken for the next one's.
                self.stop()
                raise

    def stop(self) -> None:
        """End the process."""
        if self._link is not None:
            self._link.close()
        if self._pid is not None:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(self._pid, signal.SIGKILL)
                get_original("os", "waitpid")(self._pid, 0)
        self._link = self._pid = None

    def _exchange(self, message: bytes) -> Any:
        if self._link is None:
            self._start()
        self._link.sendall(_LENGTH.pack(len(message)))
        self._link.sendall(message)
        (length,) = _LENGTH.unpack(self._receive(_LENGTH.size))
        return pickle.loads(self._receive(length))  # noqa: S301 - our own process

    def _receive(self, length: int) -> bytearray:
        received = bytearray()
        while len(received) < length:
            piece = self._link.recv(min(length - len(received), _PIECE_BYTES))
            if not piece:
                raise EOFError("it has ended")
            received += piece
        return received

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # Not gevent's, which has child processes in the main thread's loop only; and where
            # gevent has patched it, the library's own Popen does not work any more.
            spawn = get_original("os", "posix_spawn")
            os.set_inheritable(theirs.fileno(), True)  # noqa: FBT003
            argv = [sys.executable, "-P", "-m", "gateway.http.helper_process"]
            self._pid = spawn(sys.executable, [*argv, str(theirs.fileno())], _environment())
        self._link = ours


def _environment() -> dict[str, str]:
    """Return what a Python needs to start: none of our secrets."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join([_ROOT, *filter(None, sys.path)])}
