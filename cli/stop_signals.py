"""How a command of ours learns that it is to stop."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """Counts the requests to stop: Ctrl-C, SIGTERM, a closed terminal. For the main thread."""

    def __init__(self, *, hang_up: bool = True) -> None:
        """`hang_up`: whether a closed terminal is one; else children ignore it too."""
        self.count = 0
        # A pipe, because a handler can be interrupted by the next signal, and a lock that it
        # holds then is never released.
        self._woken, self._waker = os.pipe()
        os.set_blocking(self._waker, False)
        for signum in _SIGNALS:
            signal.signal(signum, self._note)
        signal.signal(signal.SIGHUP, self._note if hang_up else signal.SIG_IGN)

    def _note(self, signum: int, frame: object) -> None:
        del signum, frame
        self.count += 1
        with suppress(BlockingIOError):
            os.write(self._waker, b".")

    def wait(self) -> None:
        """Return when the first one came."""
        while not self.count:
            os.read(self._woken, 1)
