"""Streams: follow the answer of a job that streams, from the start or from where one left off."""

from __future__ import annotations

from flask import Blueprint, Response, request

from gateway.http.routes import Call, route
from gateway.jobs.lookup import find_job
from gateway.jobs.progress import QueueProgress
from gateway.media.live import MediaEvents
from gateway.services import Services
from gateway.waiting.event_form import EventForm, form_of
from gateway.waiting.event_stream import parse_event_id
from gateway.waiting.following import follow_stream, seated
from shared.dtos import catalog
from shared.dtos.jobs import StreamOpenAiChat
from shared.errors import ValidationFailed
from shared.jobs.job import Job
from shared.operation import MEDIA

blueprint = Blueprint("streams", __name__)


@route(blueprint, catalog.FOLLOW_JOB)
def follow(call: Call[StreamOpenAiChat]) -> Response:
    """Relay a job's stream, before it where the job stands; leaving it changes nothing for it."""
    gateway, principal, wanted = call.services, call.principal, call.request
    place = parse_event_id(request.headers.get("Last-Event-ID", "") or wanted.last_event_id or "")
    job = find_job(gateway.jobs, principal, wanted.id, wanted.ref_id, gateway.history)
    if not job.streamed:
        raise ValidationFailed("This job does not stream: its request has no 'stream': true.")
    progress = QueueProgress(gateway.jobs, job.id)
    with seated(gateway) as held:
        return follow_stream(
            gateway, held, job, _form(gateway, job), place=place, progress=progress
        )


def _form(gateway: Services, job: Job) -> EventForm:
    if job.operation in MEDIA:
        return MediaEvents(gateway, job.id, job.operation)
    return form_of(job.operation)
