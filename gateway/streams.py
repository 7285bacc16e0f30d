"""Streams: follow the answer of a job that streams, from the start or from where one left off."""

from __future__ import annotations

from flask import Blueprint, Response, request

from gateway.binding import bind
from gateway.client_presence import client_left
from gateway.event_stream import EventStream, as_response, parse_event_id
from gateway.find_job import find_job
from gateway.routes import dto_route
from gateway.services import services
from shared.api_keys.scopes import Scope
from shared.dtos.jobs import StreamOpenAiChat
from shared.errors import StreamGone, ValidationFailed

blueprint = Blueprint("streams", __name__)


@dto_route(blueprint, "StreamOpenAiChat", "GET")
def follow() -> Response:
    """Relay a job's stream; leaving it changes nothing for the job."""
    gateway, principal = services(), services().keys.authenticate(request, Scope.READ)
    wanted = bind(StreamOpenAiChat)
    place = parse_event_id(request.headers.get("Last-Event-ID", "") or wanted.last_event_id or "")
    job = find_job(gateway.jobs, principal, wanted.id, wanted.ref_id, gateway.history)
    if not job.streamed:
        raise ValidationFailed("This job does not stream: its request has no 'stream': true.")
    left = client_left(request.environ)
    stream = EventStream(gateway, job.id, place, left, ended=job.state.has_result)
    if stream.is_gone:
        stream.close()
        raise StreamGone
    return as_response(stream, job.id, stream.close)
