"""Follows the stream of a job that is there already; leaving it changes nothing for the job."""

from __future__ import annotations

from contextlib import ExitStack, closing

from flask import Response, request

from gateway.client_presence import client_left
from gateway.event_form import EventForm
from gateway.event_stream import EventStream, Place, as_response
from gateway.queue_news import QueueNews
from gateway.services import Services
from shared.errors import StreamGone
from shared.job import Job


def follow_stream(
    gateway: Services, job: Job, place: Place, form: EventForm, news: QueueNews | None = None
) -> Response:
    """Return the response that relays the job's stream from behind a place.

    Raises StreamGone, TooManyWaiting.
    """
    left, ended = client_left(request.environ), job.state.has_result
    with ExitStack() as held:
        held.enter_context(gateway.chunk_reader.seat())
        stream = EventStream(gateway, job.id, place, left, ended=ended, form=form, news=news)
        held.enter_context(closing(stream))
        if stream.is_gone:
            raise StreamGone
        return as_response(stream, job.id, held.pop_all().close)
