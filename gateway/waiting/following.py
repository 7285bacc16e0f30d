"""Follows the stream of a job that is there already; leaving it changes nothing for the job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from flask import Response, request

from gateway.jobs.progress import QueueProgress
from gateway.services import Services
from gateway.waiting.disconnect import client_left
from gateway.waiting.event_form import EventForm
from gateway.waiting.event_stream import EventStream, Place, as_response
from shared.errors import StreamGone
from shared.jobs.job import Job


@contextmanager
def seated(gateway: Services) -> Iterator[ExitStack]:
    """Hold a place among the streams of this process; what it holds is given up after the block.

    Raises TooManyWaiting.
    """
    with ExitStack() as held:
        held.enter_context(gateway.waiting.chunk_reader.seat())
        yield held


def follow_stream(
    gateway: Services,
    held: ExitStack,
    job: Job,
    form: EventForm,
    *,
    place: Place | None = None,
    progress: QueueProgress | None = None,
) -> Response:
    """Return the response that relays the job's stream, from behind a place or from its start.

    It takes over what is held. Raises StreamGone.
    """
    left, ended = client_left(request.environ), job.state.has_result
    stream = EventStream(
        gateway, job.id, place or Place(), left, ended=ended, form=form, progress=progress
    )
    held.enter_context(closing(stream))
    if stream.is_gone:
        raise StreamGone
    return as_response(stream, job.id, held.pop_all().close)
