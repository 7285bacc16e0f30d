"""The lock that keeps two `replyto up` off one data directory."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.up.start_problem import StartProblem


class DataDirInUse(StartProblem):
    """Another `replyto up` runs on this data directory."""


@contextmanager
def data_lock(data_dir: Path) -> Iterator[None]:
    """Hold the data directory for this process; the kernel lets go of it however we end.

    Raises DataDirInUse, naming the process that holds it.
    """
    path = data_dir / "up.lock"
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            msg = f"another 'replyto up' (process {holder}) runs on {data_dir}; stop it first"
            raise DataDirInUse(f"{msg}, or set REPLYTO_DATA_DIR to another directory") from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
