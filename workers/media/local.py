"""The dialect of our own engines, Pillow and ffmpeg: each in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import gevent
from gevent import subprocess
from gevent.lock import BoundedSemaphore
from requests import Session

from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.plain_text import one_line
from shared.errors import Failure
from shared.media import request as media_request
from shared.media import result
from shared.media.ffmpeg import ffmpeg_path
from shared.media.formats import Task
from shared.media.request import FileRef, MediaRequest
from shared.operation import OPERATIONS_BY_TYPE, Operation
from workers.media import ffmpeg_commands
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.media.answers import desk_of

#: Most memory of an engine (bytes); ffmpeg's threads reserve more than they use.
_PICTURE_BYTES: Final = 1024**3
_FFMPEG_BYTES: Final = 3 * 1024**3
#: Most bytes of what an engine writes.
_OUTPUT_BYTES: Final = 512 * 1024**2
#: Most bytes of what an engine says that are read.
_SAID_BYTES: Final = 4096
_SAID_LONGEST: Final = 300
_READ_BYTES: Final = 65_536
_OWN: Final = (sys.executable, "-P", "-m")


class LocalDialect:
    """Changes pictures, videos and sound; at most so many at once in a process."""

    operations = OPERATIONS_BY_TYPE["local"]
    always_tells_usage = False

    def __init__(self, concurrency: int = 0) -> None:
        """`concurrency` 0: as many as the machine has processors."""
        self._room = BoundedSemaphore(concurrency or os.cpu_count() or 1)

    def ask(self, session: Session, call: ProviderCall) -> bytes:
        """Run the engine; return a reference to what it made. Raises ProviderError."""
        del session
        asked = media_request.read(call.body)
        with self._room, _folder() as folder:
            _bring(call, asked, folder)
            _run(_command(asked, call), folder)
            return _kept(call, asked, folder / "output")

    def stream(self, session: Session, call: ProviderCall) -> Generator[bytes, None, None]:
        """Do the same: what is made here is made as a whole. Nobody asks for it."""
        yield self.ask(session, call)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="replyto-media-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _bring(call: ProviderCall, asked: MediaRequest, folder: Path) -> None:
    for file in asked.files:
        name = "watermark" if file.field == "watermark" else "input"
        with (folder / name).open("wb") as written:
            for piece in desk_of(call).open(file):
                written.write(piece)


def _command(asked: MediaRequest, call: ProviderCall) -> list[str]:
    fields = _fields(asked, call)
    is_picture = Task(fields["task"]).is_of_a_picture
    limits = json.dumps(
        {
            "memory_bytes": _PICTURE_BYTES if is_picture else _FFMPEG_BYTES,
            "cpu_s": max(1, round(call.timeout_s)),
            "file_bytes": _OUTPUT_BYTES,
        }
    )
    if is_picture:
        return [*_OWN, "workers.media.picture_engine", limits, json.dumps(fields)]
    program = [ffmpeg_path(), *ffmpeg_commands.arguments(fields, _input(asked).media_type)]
    return [*_OWN, "workers.media.confined", limits, *program]


def _fields(asked: MediaRequest, call: ProviderCall) -> dict[str, Any]:
    if call.operation is Operation.IMAGE_UPSCALE:
        return {"task": Task.UPSCALE_IMAGE}
    return dict(asked.fields)


def _run(command: list[str], folder: Path) -> None:
    """Run an engine in the folder, and kill it when this attempt ends. Raises ProviderError."""
    with (folder / "said").open("wb") as said:
        engine = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
            env=_environment(folder),
        )
        try:
            status = engine.wait()
        finally:
            # A cancelled job, a deadline, a lease that is lost: nobody wants it any more.
            with suppress(ProcessLookupError):
                os.killpg(engine.pid, signal.SIGKILL)
            with gevent.Timeout(1, exception=False):
                engine.wait()
    if status != 0 or not (folder / "output").exists():
        raise ProviderError(_refusal(_said(folder, status)), transient=False, status=400)


def _environment(folder: Path) -> dict[str, str]:
    """Return what an engine needs; no secret of ours is in it."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    ours = str(Path(__file__).parents[2])
    return {**kept, "PYTHONPATH": ours, "TMPDIR": str(folder), "HOME": str(folder), "LANG": "C"}


def _said(folder: Path, status: int) -> str:
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return "it takes too much time or memory"
    if status == -signal.SIGXFSZ:
        return f"what comes of it is larger than {_OUTPUT_BYTES} bytes"
    with (folder / "said").open("rb") as said:
        text = said.read(_SAID_BYTES).decode("utf-8", "replace").strip()
    last = one_line(text.splitlines()[-1]) if text else f"the engine ended with {status}"
    return last.replace(str(folder), "").replace("file:", "")[:_SAID_LONGEST]


def _refusal(why: str) -> Failure:
    message = f"The file could not be changed: {why}."
    return Failure(400, "invalid_request_error", "media_refused", message, "ArgumentException")


def _kept(call: ProviderCall, asked: MediaRequest, output: Path) -> bytes:
    fields, sent = _fields(asked, call), _input(asked)
    task = Task(fields["task"])
    if task.is_of_a_picture:
        ending = str(fields.get("format") or "png")
    else:
        ending = ffmpeg_commands.extension(fields, sent.media_type)
    name = f"{Path(sent.name).stem[:100] or 'output'}.{ending}"
    kept = desk_of(call).keep(_pieces(output), name=name)
    answer = {"data": [{result.ARTIFACT: kept.to_json()}]}
    made = result.Made(images=1) if call.operation is Operation.IMAGE_UPSCALE else result.Made()
    return result.with_made(to_json_bytes(answer), made)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as read:
        while piece := read.read(_READ_BYTES):
            yield piece
            gevent.sleep(0)


def _input(asked: MediaRequest) -> FileRef:
    return next(one for one in asked.files if one.field != "watermark")
