"""Answers with a job's chunks as server-sent events; each event's id lets a client resume."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from flask import Response
from redis.exceptions import RedisError

from gateway.errors import as_failure
from gateway.jobs.progress import QueueProgress
from gateway.services import Services
from gateway.waiting.chunk_reader import Follower
from gateway.waiting.event_form import ChunkEvents, EventForm
from shared.errors import StreamGone, ValidationFailed
from shared.jobs.job import Job, JobState, failure_body
from shared.ledger.chunk_store import START, Entry
from shared.named_error import named

log = logging.getLogger(__name__)

#: A comment is sent when nothing else was for this long (seconds): proxies close what is silent.
KEEP_ALIVE_S: Final = 10.0
#: How often a silent stream looks whether its client is still there (seconds).
_LOOK_UP_S: Final = 0.5

#: The last number of a millisecond in a Redis Stream.
_LAST_NUMBER: Final = 2**64 - 1

_EVENT_ID: Final = re.compile(r"([0-9]{1,15}-[0-9]{1,15})\.([0-9]{1,6})")


@dataclass(frozen=True, slots=True)
class Place:
    """The last event that a client has: its entry, and which of the entry's chunks it was."""

    entry: str = START
    chunk: int = 0


def parse_event_id(text: str) -> Place:
    """Return the place that a Last-Event-ID names. Raises ValidationFailed."""
    if not text:
        return Place()
    match = _EVENT_ID.fullmatch(text)
    if match is None:
        raise ValidationFailed("Last-Event-ID is none that this gateway gave.", field="lastEventId")
    return Place(match[1], int(match[2]))


class EventStream:
    """One request's way through one job's stream. Close it, or it follows for ever.

    `ended`: whether the job was known to have ended, so that nothing will come that is not there.
    `progress`: what to tell of the job until its first chunk.
    """

    def __init__(
        self,
        services: Services,
        job_id: int,
        place: Place,
        client_left: Callable[[], bool],
        *,
        ended: bool = False,
        form: EventForm | None = None,
        progress: QueueProgress | None = None,
    ) -> None:
        self._form = form or ChunkEvents()
        self._jobs = services.jobs
        self._job_id = job_id
        self._place = place
        self._client_left = client_left
        self._progress = progress
        self._silent_s = 0.0
        self._stack = ExitStack()
        self.is_over = False
        self._is_whole = False
        self._follower: Follower = self._stack.enter_context(
            services.waiting.chunk_reader.follow(job_id, _before(place.entry))
        )
        with self._stack:
            self._ahead: list[Entry] = self._follower.next(0)
            self._stack = self._stack.pop_all()
        self.is_gone = ended and not self._ahead

    @property
    def mimetype(self) -> str:
        """The content type of the events."""
        return self._form.mimetype

    def close(self) -> None:
        """Follow no more."""
        self._stack.close()

    def wait_for_first(self, timeout_s: float) -> Entry | None:
        """Return the first entry, not taken; None if none came in time or the client left."""
        waited_s = timeout_s if self.is_gone else 0.0
        while not self._ahead and waited_s < timeout_s and not self._client_left():
            self._ahead = self._next()
            waited_s += _LOOK_UP_S
        if self._ahead and self._ahead[0].chunks:
            self._form.opens(self._ahead[0].chunks[0])
        return self._ahead[0] if self._ahead else None

    def events(self) -> Iterator[bytes]:
        """Yield the stream's events as they come, and how it ended."""
        while not self.is_over and not self._client_left():
            if piece := self._piece():
                yield piece
        if self._is_whole:
            yield from self._form.rest()

    def _piece(self) -> bytes:
        """Return what there is to send, empty when there was nothing for a moment."""
        if not self._ahead and self._progress and (told := self._progress.look()):
            self._silent_s = 0.0
            return told
        entries, self._ahead = self._ahead or self._next(), []
        if entries:
            self._progress = None
            # Together: each piece is a chunk of HTTP and a call of the system of its own.
            return b"".join(text for entry in entries for text in self._texts(entry))
        return b"" if self._silent_s % KEEP_ALIVE_S else self._form.keep_alive

    def _texts(self, entry: Entry) -> Iterator[bytes]:
        had = self._place.chunk if entry.id == self._place.entry else 0
        for number, chunk in enumerate(entry.chunks[had:], had + 1):
            yield self._form.chunk(chunk, f"{entry.id}.{number}")
        if entry.end is not None:
            self.is_over = True
            yield self._last_event(entry.end)

    def _last_event(self, end: JobState) -> bytes:
        if end is JobState.COMPLETED:
            self._is_whole = True
            return self._form.done()
        job = self._job()
        error = (job and job.error) or failure_body(as_failure(StreamGone()))
        return self._form.failed(error)

    def _next(self) -> list[Entry]:
        """Return the next entries; none when none has come for a moment."""
        try:
            entries = self._follower.next(_LOOK_UP_S)
        except RedisError as exc:
            log.warning("job %s: its stream cannot be read: %s", self._job_id, named(exc))
            time.sleep(_LOOK_UP_S)
            entries = []
        self._silent_s = 0.0 if entries else self._silent_s + _LOOK_UP_S
        if not entries and self._silent_s % KEEP_ALIVE_S == 0:
            return self._look_up()
        return entries

    def _look_up(self) -> list[Entry]:
        """Look for oneself, now and then: the reader may have lost its connection.

        Returns what was missed, or the end of a stream that has none of its own.
        """
        self._follower.catch_up()
        try:
            job = self._jobs.get(self._job_id)
            missed = self._follower.next(0)
        except RedisError as exc:
            log.warning("job %s: its stream cannot be read: %s", self._job_id, named(exc))
            return []
        if not missed and (job is None or job.state.has_result):
            # Never as if it were whole: the rest of it was not kept.
            return [Entry(self._follower.last, end=JobState.FAILED)]
        return missed

    def _job(self) -> Job | None:
        try:
            return self._jobs.get(self._job_id)
        except RedisError as exc:
            log.warning("job %s: its error cannot be read: %s", self._job_id, named(exc))
            return None


def _before(entry_id: str) -> str:
    """Return the id behind which this entry is the first: some of its chunks may be unread."""
    milliseconds, _, number = entry_id.partition("-")
    if int(number):
        return f"{milliseconds}-{int(number) - 1}"
    return f"{int(milliseconds) - 1}-{_LAST_NUMBER}" if int(milliseconds) else START


def as_response(stream: EventStream, job_id: int, on_close: Callable[[], None]) -> Response:
    """Return the response that relays the stream and closes it at its end, however that comes."""
    response = Response(stream.events(), mimetype=stream.mimetype)
    response.headers["Cache-Control"] = "no-cache, no-transform"
    response.headers["X-Accel-Buffering"] = "no"
    response.headers["x-job-id"] = str(job_id)
    response.call_on_close(on_close)
    return response
