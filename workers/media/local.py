"""The dialect of our own engines: Pillow and ffmpeg, and those that speak, hear and read."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Final

from gevent.lock import BoundedSemaphore
from requests import Session

from shared.errors import Failure
from shared.media import request as media_request
from shared.media.engines import ENGINES
from shared.media.request import MediaRequest
from shared.operation import OPERATIONS_BY_TYPE, Operation
from workers.media.engines import changing, hearing, reading, speaking
from workers.media.process import folder
from workers.providers.base import Blame, ProviderCall, ProviderError

_WORK: Final[dict[Operation, Callable[[ProviderCall, MediaRequest, Path], bytes]]] = {
    Operation.TRANSFORM: changing.change,
    Operation.IMAGE_UPSCALE: changing.change,
    Operation.SPEECH: speaking.speak,
    Operation.TRANSCRIPTION: hearing.hear,
    Operation.TRANSLATION: hearing.hear,
    Operation.IMAGE_TO_TEXT: reading.read,
}


class LocalDialect:
    """Does what is asked on this machine, for callers that have waited for `room`."""

    operations = OPERATIONS_BY_TYPE["local"]
    always_tells_usage = False

    def __init__(self, concurrency: int = 0) -> None:
        """`concurrency` 0: as many as the machine has processors."""
        self.room = BoundedSemaphore(concurrency or os.cpu_count() or 1)

    def ask(self, session: Session, call: ProviderCall) -> bytes:
        """Run the engine; return a reference to what it made, or words. Raises ProviderError."""
        del session
        asked = media_request.read(call.body)
        _check_is_here(call, asked.model)
        try:
            with folder() as place:
                return _WORK[call.operation](call, asked, place)
        except OSError as exc:
            raise _without_room(exc) from exc

    def stream(self, session: Session, call: ProviderCall) -> Generator[bytes, None, None]:
        """Do the same: what is made here is made as a whole. Nobody asks for it."""
        yield self.ask(session, call)


def _without_room(exc: OSError) -> ProviderError:
    """Return the error of a machine whose disk is full, or that starts no more processes."""
    message = f"The machine of this worker has no room for the engine: {exc.strerror or exc}."
    failure = Failure(503, "server_error", "engine_without_room", message, "ServiceUnavailable")
    return ProviderError(failure, transient=True, status=503, blame=Blame.OURS)


def _check_is_here(call: ProviderCall, name: str) -> None:
    """Raise ProviderError, which says what to do, if this machine lacks the engine."""
    engine = ENGINES.get(name)
    lacks = engine.missing if engine else ()
    if engine is None or not lacks:
        return
    message = (
        f"The engine '{name}' is not on the machine of this worker ({', '.join(lacks)} is "
        f"missing): {engine.cure}, or let a worker of another machine serve '{call.provider.name}'."
    )
    failure = Failure(503, "server_error", "engine_missing", message, "ServiceUnavailable")
    raise ProviderError(failure, transient=False, status=503, blame=Blame.SETTINGS)
