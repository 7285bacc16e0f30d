"""AI Server's calls that change pictures, videos and sound: to wait for, or queued."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from flask import Blueprint, Response

from gateway.http.routes import Call, route
from gateway.media.form_calls import media_call
from gateway.media.generations import queued, waited_for
from gateway.media.requests import Asked, reader, told_by
from gateway.media.uploads import Upload, dropped_without_job
from shared.dtos import catalog
from shared.dtos.media import ai_server as generation
from shared.dtos.media.transforms import to_seconds
from shared.errors import ValidationFailed
from shared.media.formats import Position, Task
from shared.operation import Operation
from shared.providers.provider import MEDIA_MODEL
from shared.wire.chat_request import ChatCall

blueprint = Blueprint("media_transforms", __name__)

_WAITED_FOR: Final = (
    *(
        catalog.CONVERT_IMAGE,
        catalog.CROP_IMAGE,
        catalog.SCALE_IMAGE,
    ),
    *(
        catalog.WATERMARK_IMAGE,
        catalog.CONVERT_VIDEO,
        catalog.CROP_VIDEO,
    ),
    *(
        catalog.SCALE_VIDEO,
        catalog.TRIM_VIDEO,
        catalog.WATERMARK_VIDEO,
    ),
    *(catalog.CONVERT_AUDIO,),
)
_QUEUED: Final = (
    *(
        catalog.QUEUE_CONVERT_IMAGE,
        catalog.QUEUE_CROP_IMAGE,
        catalog.QUEUE_SCALE_IMAGE,
    ),
    *(
        catalog.QUEUE_WATERMARK_IMAGE,
        catalog.QUEUE_CONVERT_VIDEO,
        catalog.QUEUE_CROP_VIDEO,
    ),
    *(
        catalog.QUEUE_SCALE_VIDEO,
        catalog.QUEUE_TRIM_VIDEO,
        catalog.QUEUE_WATERMARK_VIDEO,
    ),
    *(catalog.QUEUE_CONVERT_AUDIO,),
)


def transform(call: Call[Asked]) -> Response:
    """Change a file and answer with what came of it."""
    with dropped_without_job(call.services, call.request.upload):
        return waited_for(call.services, call.principal, transform_of(call.request))


def queue(call: Call[Asked]) -> generation.QueueGenerationResponse:
    """Accept a file to be changed, and say where to ask for it."""
    with dropped_without_job(call.services, call.request.upload):
        chat, upload = transform_of(call.request), call.request.upload
        return queued(call.services, call.principal, chat, upload)


def files_of(name: str) -> tuple[str, ...]:
    """Return the fields in which a call of this name has its files."""
    task = Task(name.removeprefix("Queue"))
    kind = next(one for one in ("image", "video", "audio") if task.lower().endswith(one))
    return (kind, "watermark") if "Watermark" in task else (kind,)


for _one in _WAITED_FOR:
    route(blueprint, _one, read=reader(_one.request, files_of(_one.name), in_order=True))(transform)
for _later in _QUEUED:
    route(blueprint, _later, read=reader(_later.request, files_of(_later.name), in_order=True))(
        queue
    )


def transform_of(asked: Asked) -> ChatCall:
    """Return the call of our own engines. Raises ValidationFailed."""
    task = Task(type(asked.dto).__name__.removeprefix("Queue"))
    files = [
        replace(asked.upload.file(name), field="watermark" if name == "watermark" else "file")
        for name in files_of(task)
    ]
    state = getattr(asked.dto, "state", None) or ""
    fields = {"model": MEDIA_MODEL, "task": task, **_fields(task, asked.dto)}
    upload = Upload([], files)
    return media_call(Operation.TRANSFORM, fields, upload, told_by(asked.dto), state=state)


def _fields(task: Task, dto: Any) -> dict[str, Any]:
    if hasattr(dto, "output_format"):
        return {"format": dto.output_format}
    if hasattr(dto, "watermark"):
        return _marked(task, dto)
    if task is Task.TRIM_VIDEO:
        return _times(dto)
    given = {name: getattr(dto, name, None) for name in ("x", "y", "width", "height")}
    fields = {name: value for name, value in given.items() if value is not None}
    if not fields.keys() & {"width", "height"}:
        raise ValidationFailed("width or height is required", field="width")
    return fields


def _marked(task: Task, dto: Any) -> dict[str, Any]:
    usual = Position.TOP_LEFT if task.is_of_a_picture else Position.BOTTOM_RIGHT
    scale, opacity = getattr(dto, "watermark_scale", None), getattr(dto, "opacity", None)
    return {
        "position": dto.position or usual,
        "scale": scale or 1.0,
        "opacity": 0.5 if opacity is None else opacity,
    }


def _times(dto: Any) -> dict[str, Any]:
    start_s = to_seconds(dto.start_time) if dto.start_time else None
    if start_s is None:
        raise ValidationFailed("startTime is required, such as 00:10", field="startTime")
    end_s = to_seconds(dto.end_time) if dto.end_time else None
    if end_s is not None and end_s <= start_s:
        raise ValidationFailed("endTime must be after startTime", field="endTime")
    return {"start_s": start_s, "end_s": end_s}
