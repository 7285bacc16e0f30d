"""Answers with a job's chunks as server-sent events; each event's id lets a client resume."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from flask import Response

from gateway.chunk_reader import Follower
from gateway.services import Services
from shared import sse
from shared.chunk_store import START, Entry
from shared.errors import ValidationFailed
from shared.job import JobState

#: A comment is sent when nothing else was for this long (seconds): proxies close what is silent.
KEEP_ALIVE_S: Final = 10.0
_KEEP_ALIVE: Final = b": keep-alive\n\n"
_DONE: Final = b"[DONE]"
#: How often a silent stream looks whether its client is still there (seconds).
_LOOK_UP_S: Final = 0.5

_EVENT_ID: Final = re.compile(r"(\d{1,15}-\d{1,15})\.(\d{1,6})")


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
    """One request's way through one job's stream. Close it, or it follows for ever."""

    def __init__(
        self, services: Services, job_id: int, place: Place, client_left: Callable[[], bool]
    ) -> None:
        self._jobs = services.jobs
        self._job_id = job_id
        self._place = place
        self._client_left = client_left
        self._ahead: list[Entry] = []
        self._stack = ExitStack()
        self.is_over = False
        if place.entry != START:
            self._ahead = services.chunks.read_from(job_id, place.entry)
        last = self._ahead[-1].id if self._ahead else place.entry
        self._follower: Follower = self._stack.enter_context(
            services.chunk_reader.follow(job_id, last)
        )

    def close(self) -> None:
        """Follow no more."""
        self._stack.close()

    def wait_for_first(self, timeout_s: float) -> Entry | None:
        """Return the first entry, not taken; None if none came in time or the client left."""
        waited_s = 0.0
        while not self._ahead and waited_s < timeout_s and not self._client_left():
            entry = self._follower.next(_LOOK_UP_S) or self._if_over(waited_s)
            waited_s += _LOOK_UP_S
            if entry is not None:
                self._ahead.append(entry)
        return self._ahead[0] if self._ahead else None

    def events(self) -> Iterator[bytes]:
        """Yield the stream's events as they come, and how it ended."""
        silent_s = 0.0
        while not self._client_left():
            entry = self._ahead.pop(0) if self._ahead else self._follower.next(_LOOK_UP_S)
            silent_s = silent_s + _LOOK_UP_S if entry is None else 0.0
            if silent_s >= KEEP_ALIVE_S:
                yield _KEEP_ALIVE
                entry, silent_s = self._if_over(silent_s), 0.0
            if entry is None:
                continue
            yield from self._chunks(entry)
            if entry.end is not None:
                self.is_over = True
                yield self._last_event(entry.end)
                return

    def _chunks(self, entry: Entry) -> Iterator[bytes]:
        had = self._place.chunk if entry.id == self._place.entry else 0
        for number, chunk in enumerate(entry.chunks[had:], had + 1):
            yield sse.encode(chunk, f"{entry.id}.{number}")

    def _last_event(self, end: JobState) -> bytes:
        if end is JobState.COMPLETED:
            return sse.encode(_DONE)
        job = self._jobs.get(self._job_id)
        return sse.encode((job.error if job else None) or b"{}")

    def _if_over(self, silent_s: float) -> Entry | None:
        """Look for an end of the job, now and then: its stream may have gone before the job."""
        if silent_s % KEEP_ALIVE_S:
            return None
        job = self._jobs.get(self._job_id)
        if job is None:
            return Entry(self._follower.last, end=JobState.FAILED)
        return Entry(self._follower.last, end=JobState(job.outcome)) if job.outcome else None


def as_response(stream: EventStream, job_id: int, on_close: Callable[[], None]) -> Response:
    """Return the response that relays the stream and closes it at its end, however that comes."""
    response = Response(stream.events(), mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-cache, no-transform"
    response.headers["X-Accel-Buffering"] = "no"
    response.headers["x-job-id"] = str(job_id)
    response.call_on_close(on_close)
    return response
