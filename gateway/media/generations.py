"""AI Server's calls for pictures, speech and transcripts: to wait for, or queued."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from flask import Blueprint, Response

from gateway.base_url import base_url
from gateway.http.response import JsonResponse
from gateway.http.routes import Call, route
from gateway.inference.accept import accept_job
from gateway.inference.answer import answer_of, dressed, result_of
from gateway.jobs.lookup import find_job
from gateway.media import generation_forms as forms
from gateway.media.requests import Asked, call_of, reader_of
from gateway.media.uploads import Upload, dropped_without_job, keep_until_due
from gateway.services import Services
from shared.api_keys.principal import Principal
from shared.dtos import catalog
from shared.dtos.base import Dto
from shared.dtos.endpoint import Endpoint
from shared.dtos.media import ai_server as dtos
from shared.errors import JobNotFound, ValidationFailed
from shared.jobs.job import JobState
from shared.operation import TEXTS
from shared.queues import names as task_names
from shared.wire.chat_request import ChatCall

blueprint = Blueprint("media_generations", __name__)

_WAITED_FOR: Final = (
    *(catalog.TEXT_TO_IMAGE, catalog.IMAGE_TO_IMAGE, catalog.IMAGE_UPSCALE),
    *(catalog.IMAGE_WITH_MASK, catalog.IMAGE_TO_TEXT, catalog.TEXT_TO_SPEECH),
    catalog.SPEECH_TO_TEXT,
)
_QUEUED: Final = (
    *(catalog.QUEUE_TEXT_TO_IMAGE, catalog.QUEUE_IMAGE_TO_IMAGE, catalog.QUEUE_IMAGE_UPSCALE),
    *(catalog.QUEUE_IMAGE_WITH_MASK, catalog.QUEUE_IMAGE_TO_TEXT, catalog.QUEUE_TEXT_TO_SPEECH),
    catalog.QUEUE_SPEECH_TO_TEXT,
)


def generate(call: Call[Asked]) -> Response:
    """Run a generation and answer with what it made."""
    with dropped_without_job(call.services, call.request.upload):
        return waited_for(call.services, call.principal, call_of(call.principal, call.request))


def queue(call: Call[Asked]) -> dtos.QueueGenerationResponse:
    """Accept a generation, and say where to ask for it."""
    with dropped_without_job(call.services, call.request.upload):
        chat = call_of(call.principal, call.request)
        return queued(call.services, call.principal, chat, call.request.upload)


for _endpoint in _WAITED_FOR:
    route(blueprint, _endpoint, read=reader_of(_endpoint.request))(generate)
for _queued in _QUEUED:
    route(blueprint, _queued, read=reader_of(_queued.request))(queue)


def waited_for(gateway: Services, principal: Principal, chat: ChatCall) -> Response:
    """Run a call and answer with what it made, in AI Server's words."""
    told = result_of(gateway, principal, chat)
    if told.response is None:
        return answer_of(told)
    job = find_job(gateway.jobs, principal, told.job_id, None, gateway.history)
    is_text = chat.chat.operation in TEXTS
    shown: Any = forms.texts_of(job, told) if is_text else forms.files_of(job, told)
    return dressed(JsonResponse(shown.to_json()), told)


def queued(
    gateway: Services, principal: Principal, chat: ChatCall, upload: Upload
) -> dtos.QueueGenerationResponse:
    """Accept a call that nobody waits for, and say where to ask for it."""
    keep_until_due(gateway, upload, chat.run_after)
    accepted, ref_id = accept_job(
        gateway,
        principal,
        chat,
        priority=task_names.QUEUED,
        timeout_s=gateway.settings.job_timeout_s,
    )
    status: Endpoint[Any] = (
        catalog.TEXT_STATUS if chat.chat.operation in TEXTS else catalog.ARTIFACT_STATUS
    )
    place = f"{base_url(gateway.settings)}{status.path}?RefId={quote(ref_id, safe='')}"
    return dtos.QueueGenerationResponse(
        job_id=accepted.id,
        ref_id=ref_id,
        job_state=JobState.QUEUED,
        status=str(JobState.QUEUED),
        status_url=place,
    )


@route(blueprint, catalog.ARTIFACT_STATUS)
def artifact_status(
    call: Call[dtos.GetArtifactGenerationStatus],
) -> dtos.GetArtifactGenerationStatusResponse:
    """Say where a job stands; with its files once there are some."""
    gateway, wanted = call.services, call.request
    job = find_job(gateway.jobs, call.principal, wanted.job_id, wanted.ref_id, gateway.history)
    position = gateway.jobs.position(job) if job.state is JobState.QUEUED else None
    return forms.file_status(job, position, gateway.jobs.flow_standing(job))


@route(blueprint, catalog.TEXT_STATUS)
def text_status(call: Call[dtos.GetTextGenerationStatus]) -> dtos.GetTextGenerationStatusResponse:
    """Say where a job stands; with its texts once there are some."""
    gateway, wanted = call.services, call.request
    job = find_job(gateway.jobs, call.principal, wanted.job_id, wanted.ref_id, gateway.history)
    position = gateway.jobs.position(job) if job.state is JobState.QUEUED else None
    return forms.text_status(job, position, gateway.jobs.flow_standing(job))


#: What can be asked without a file, by AI Server's number and name of the task.
_WITHOUT_FILES: Final[Mapping[str, type[Dto]]] = {
    "1": dtos.QueueTextToImage,
    "texttoimage": dtos.QueueTextToImage,
    "7": dtos.QueueTextToSpeech,
    "texttospeech": dtos.QueueTextToSpeech,
}


@route(blueprint, catalog.CREATE_GENERATION)
def create(call: Call[dtos.CreateGeneration]) -> dtos.CreateGenerationResponse:
    """Queue pictures of a text, or speech."""
    wanted = call.request
    kind = _WITHOUT_FILES.get(str(wanted.request.task_type or 1).lower())
    if kind is None:
        raise ValidationFailed(
            "request.taskType must be 1 (TextToImage) or 7 (TextToSpeech); for what needs a file "
            "call ImageToImage and its kin",
            field="request",
        )
    args = wanted.request.model_dump(exclude_none=True)
    about = wanted.model_dump(exclude={"request"}, exclude_none=True)
    asked = Asked(kind.bind({**args, "input": args.get("positive_prompt"), **about}), Upload())
    chat = call_of(call.principal, asked)
    made = queued(call.services, call.principal, chat, asked.upload)
    return dtos.CreateGenerationResponse(id=made.job_id, ref_id=made.ref_id)


@route(blueprint, catalog.GET_GENERATION)
def read(call: Call[dtos.GetGeneration]) -> dtos.GetGenerationResponse:
    """Show what a generation has made; until it has ended it is not there."""
    gateway, wanted = call.services, call.request
    job = find_job(gateway.jobs, call.principal, wanted.id, wanted.ref_id, gateway.history)
    if not job.state.has_result:
        raise JobNotFound("The generation has not ended yet.")
    return forms.generation(job)
