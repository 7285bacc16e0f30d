"""Runs an engine of our own on the files of a folder: within limits, killed when nobody waits."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import gevent
from gevent import subprocess

from shared.codecs.plain_text import one_line
from shared.errors import Failure
from workers.providers.base import ProviderError

#: Most bytes of what an engine writes.
OUTPUT_BYTES: Final = 512 * 1024**2
#: Most bytes of what an engine says that are read.
_SAID_BYTES: Final = 4096
_SAID_LONGEST: Final = 300
NOT_CHANGED: Final = "The file could not be changed"
#: What ffmpeg says of what it does not read; of a file that ends at once, too.
_UNREAD: Final = ("Invalid data found when processing input", ": End of file")
#: What ffmpeg says, by its version, when it has written nothing.
_EMPTY: Final = ("Output file is empty", "Empty output", "Nothing was written")
_READ_BYTES: Final = 65_536
_OWN: Final = (sys.executable, "-P", "-m")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process and all that it becomes may use; `cpu_s` counts each of its threads."""

    memory_bytes: int
    cpu_s: int
    file_bytes: int = OUTPUT_BYTES

    def __str__(self) -> str:
        """Return them as `workers.media.confined` reads them."""
        return json.dumps(asdict(self))


def cpu_seconds(timeout_s: float, threads: int = 1) -> int:
    """Return how much processor time an attempt may use that has so long."""
    return max(1, round(timeout_s * threads))


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder for the files of one job; it is removed."""
    made = Path(tempfile.mkdtemp(prefix="replyto-media-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def own(module: str, limits: Limits, *words: str) -> list[str]:
    """Return the command of a module of ours, which confines itself."""
    return [*_OWN, module, str(limits), *words]


def program(limits: Limits, *words: str) -> list[str]:
    """Return the command of a program, confined."""
    path = shutil.which(words[0]) or words[0]
    return [*_OWN, "workers.media.confined", str(limits), path, *words[1:]]


def run(command: list[str], place: Path, makes: str = "output", what: str = NOT_CHANGED) -> None:
    """Run an engine in its folder, where it makes a file; kill it when this attempt ends.

    Raises ProviderError: a 400 that says what could not be done, and what the engine did not like.
    """
    with (place / "said").open("wb") as said:
        engine = subprocess.Popen(
            command,
            cwd=place,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
            env=_environment(place),
        )
        try:
            status = engine.wait()
        finally:
            # A cancelled job, a deadline, a lease that is lost: nobody wants it any more.
            with suppress(ProcessLookupError):
                os.killpg(engine.pid, signal.SIGKILL)
            with gevent.Timeout(1, exception=False):
                engine.wait()
    if status != 0 or not (place / makes).exists():
        raise refused(_said(place, status), what)


def refused(why: str, what: str = NOT_CHANGED) -> ProviderError:
    """Return the error of a file, or a wish, that an engine does not take."""
    failure = Failure(
        400, "invalid_request_error", "media_refused", f"{what}: {why}.", "ArgumentException"
    )
    return ProviderError(failure, transient=False, status=400)


def pieces(path: Path) -> Iterator[bytes]:
    """Give the bytes of a file; others have turns in between."""
    with path.open("rb") as read:
        while piece := read.read(_READ_BYTES):
            yield piece
            gevent.sleep(0)


def _environment(place: Path) -> dict[str, str]:
    """Return what an engine needs; no secret of ours is in it."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    ours = str(Path(__file__).parents[2])
    here = str(place)
    # Models come with packages: nobody is to be asked for others.
    offline = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "2", "OMP_THREAD_LIMIT": "2"}
    return {**kept, **offline, "PYTHONPATH": ours, "TMPDIR": here, "HOME": here, "LANG": "C.UTF-8"}


def _said(place: Path, status: int) -> str:
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return "it takes too much time or memory"
    if status == -signal.SIGXFSZ:
        return f"what comes of it is larger than {OUTPUT_BYTES} bytes"
    with (place / "said").open("rb") as said:
        text = said.read(_SAID_BYTES).decode("utf-8", "replace").strip()
    if any(sign in text for sign in _EMPTY):
        return "there is nothing in the part of it that was asked for"
    if any(sign in text for sign in _UNREAD):
        return "it is broken, or no sound or film of a kind that is read"
    last = one_line(text.splitlines()[-1]) if text else f"the engine ended with {status}"
    return last.replace(str(place), "").replace("file:", "")[:_SAID_LONGEST].rstrip(".")
