"""What clients get of an answer with files while it is made, and what is left at its end.

The events are those of OpenAI's API; their files are read from the store as they go out. See
docs/adr/0057-live-media.md.
"""

from __future__ import annotations

import base64
import errno
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Response

from gateway.auth.authenticator import Principal
from gateway.http.request import incoming
from gateway.inference.answer import answer
from gateway.media import events, rendering
from gateway.services import Services
from gateway.waiting.event_form import AllInChunks, ChunkEvents, EventForm
from shared.codecs import sse
from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.strict_json import parse
from shared.errors import ServiceError, StreamGone
from shared.jobs.moves import Answer
from shared.media import live, result
from shared.media.result import Kept
from shared.operation import PICTURES, Operation
from shared.wire.chat_request import ChatCall

log = logging.getLogger(__name__)

Json = dict[str, Any]
#: Answers from the result of a job whose stream is over.
FromResult = Callable[[Answer], Response]


def answered(
    gateway: Services,
    principal: Principal,
    call: ChatCall,
    forms: Callable[[int], EventForm],
    from_result: FromResult,
) -> Response:
    """Run the call and answer as it is made; from its result when that is all there is.

    Raises what `gateway.inference.answer.answer` raises.
    """
    try:
        return answer(gateway, principal, call, forms)
    except StreamGone:
        told = gateway.jobs.answer(int(incoming().job_id or 0))
        if told is None or told.response is None:
            raise
        return from_result(told)


class MediaEvents(ChunkEvents):
    """The events of a job with files, each with its name."""

    def __init__(self, gateway: Services, job_id: int, operation: Operation) -> None:
        self._gateway = gateway
        self._job_id = job_id
        self._operation = operation
        self._has_said = False

    def chunk(self, chunk: bytes, event_id: str) -> bytes:
        """Return a chunk as an event, with its file in it; nothing if that is gone."""
        value: Json = parse(chunk)
        self._has_said = True
        if result.ARTIFACT in value:
            try:
                kept = Kept(**value[result.ARTIFACT])
                pieces = rendering.base64_of(rendering.read(self._gateway, kept))
                value["b64_json"] = b"".join(pieces).decode()
            except ServiceError as exc:
                log.warning("job %s: a partial picture has expired: %s", self._job_id, exc)
                return b""
        shown = live.shown(value)
        return sse.encode(to_json_bytes(shown), event_id, name=str(shown.get("type", "message")))

    def done(self) -> bytes:
        """Return nothing: the last event has what the result has."""
        return b""

    def rest(self) -> Iterable[bytes]:
        """Give the events that tell the result."""
        told = self._gateway.jobs.answer(self._job_id)
        if told is None or told.response is None:
            return ()
        if self._operation in PICTURES:
            return events.picture_events(self._gateway, told, self._operation)
        if self._operation is Operation.SPEECH:
            return events.speech_events(self._gateway, told)
        return events.transcript_events(told, with_delta=not self._has_said)


class SoundBytes(AllInChunks):
    """The bytes of a sound, as they come."""

    #: Nothing may stand between them.
    keep_alive = b""

    def __init__(self, gateway: Services, job_id: int) -> None:
        self._gateway = gateway
        self._job_id = job_id
        self._media_type = ""

    @property
    def mimetype(self) -> str:
        """What the sound is."""
        if not self._media_type and (kept := self._kept()):
            self._media_type = kept.media_type
        return self._media_type or "application/octet-stream"

    def opens(self, first: bytes) -> None:
        """Learn what the sound is."""
        self._media_type = str(parse(first).get(live.MEDIA_TYPE, ""))

    def chunk(self, chunk: bytes, event_id: str) -> bytes:
        """Return the bytes of a chunk."""
        del event_id
        return base64.b64decode(parse(chunk)["audio"])

    def done(self) -> bytes:
        """Return nothing: a sound ends where it ends."""
        return b""

    def rest(self) -> Iterator[bytes]:
        """Give what was not told while it was made."""
        told = self._gateway.jobs.answer(self._job_id)
        if told is not None and told.response is not None:
            yield from events.rest_of_sound(self._gateway, told)

    def failed(self, body: bytes) -> bytes:
        """Break the connection off: no byte of a sound says that the rest is missing."""
        log.info("job %s: its sound broke off: %s", self._job_id, json.loads(body).get("error"))
        raise ConnectionAbortedError(errno.ECONNABORTED, "the sound broke off")

    def _kept(self) -> Kept | None:
        told = self._gateway.jobs.answer(self._job_id)
        found = result.artifacts(told.response) if told is not None else []
        return found[0] if found else None
