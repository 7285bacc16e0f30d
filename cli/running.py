"""Where the gateway of `replyto up` is reached: noted in the data directory while it runs."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

_NAME = "gateway.json"


def note(data_dir: Path, url: str) -> None:
    """Note that this process runs a gateway there."""
    (data_dir / _NAME).write_text(json.dumps({"url": url, "pid": os.getpid()}), "utf-8")


def forget(data_dir: Path) -> None:
    """Take the note away, if it is this process's."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        if json.loads((data_dir / _NAME).read_text("utf-8"))["pid"] == os.getpid():
            (data_dir / _NAME).unlink()


def url_of(data_dir: Path) -> str | None:
    """Return where it is reached; None when none runs, or nobody noted it."""
    try:
        told = json.loads((data_dir / _NAME).read_text("utf-8"))
        url, pid = str(told["url"]), int(told["pid"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    try:
        os.kill(pid, 0)
    except PermissionError:
        # Somebody else's process is one that runs.
        return url
    except (OSError, OverflowError):
        return None
    return url
