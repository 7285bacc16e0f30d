"""AI Server's own API for changes of files: one call whose arguments name the task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint

from gateway.http.routes import Call, route
from gateway.media.form_calls import media_call
from gateway.media.generations import queued
from gateway.media.requests import Asked, reader, told_by
from gateway.media.transforms import transform_of
from gateway.media.uploads import Upload, dropped_without_job
from shared.dtos import catalog
from shared.dtos.base import Dto
from shared.dtos.media import ai_server as generation
from shared.dtos.media import transforms as dtos
from shared.errors import ValidationFailed
from shared.media.formats import AudioFormat, Task
from shared.operation import Operation
from shared.providers.provider import MEDIA_MODEL
from shared.wire.chat_request import ChatCall
from shared.wire.naming import fold

blueprint = Blueprint("media_created", __name__)

_FILES: Final = ("image", "video", "audio", "watermark")
#: AI Server's names of the tasks, and the calls that are the same.
_CALLS: Final[Mapping[str, type[Dto]]] = {
    "ImageScale": dtos.QueueScaleImage,
    "ImageConvert": dtos.QueueConvertImage,
    "ImageCrop": dtos.QueueCropImage,
    "WatermarkImage": dtos.QueueWatermarkImage,
    "VideoScale": dtos.QueueScaleVideo,
    "VideoConvert": dtos.QueueConvertVideo,
    "VideoCrop": dtos.QueueCropVideo,
    "VideoCut": dtos.QueueTrimVideo,
    "WatermarkVideo": dtos.QueueWatermarkVideo,
    "AudioConvert": dtos.QueueConvertAudio,
}
#: It has no call of its own.
_CUT_OF_SOUND: Final = "AudioCut"
_ABOUT: Final = (
    *("ref_id", "tag", "reply_to", "state", "run_after"),
    *("flow_key", "max_parallel", "rate", "priority"),
)
_BY_NAME: Final = {fold(name): name for name in (*_CALLS, _CUT_OF_SOUND)}


@route(blueprint, catalog.CREATE_MEDIA_TRANSFORM, read=reader(dtos.CreateMediaTransform, _FILES))
def create(call: Call[Asked]) -> generation.CreateGenerationResponse:
    """Queue what the arguments say."""
    with dropped_without_job(call.services, call.request.upload):
        made = queued(call.services, call.principal, _call(call.request), call.request.upload)
    return generation.CreateGenerationResponse(id=made.job_id, ref_id=made.ref_id)


def _call(asked: Asked) -> ChatCall:
    args = asked.dto.request
    name = _BY_NAME.get(fold(args.task_type or ""))
    if name is None:
        known = ", ".join(_BY_NAME.values())
        raise ValidationFailed(f"request.taskType must be one of {known}", field="request")
    if name == _CUT_OF_SOUND:
        return _cut_of_sound(asked)
    about = {one: getattr(asked.dto, one) for one in _ABOUT}
    return transform_of(Asked(_CALLS[name].bind({**about, **_told(args)}), asked.upload))


def _told(args: dtos.MediaTransformArgs) -> dict[str, Any]:
    """Return the arguments by the names that the calls have for them."""
    is_part = bool(args.crop_width or args.crop_height)
    told = {
        "output_format": args.image_output_format or args.output_format,
        "x": args.crop_x,
        "y": args.crop_y,
        "width": args.crop_width if is_part else args.scale_width,
        "height": args.crop_height if is_part else args.scale_height,
        "start_time": _clock(args.cut_start or 0.0),
        "end_time": None if args.cut_end is None else _clock(args.cut_end),
        "position": args.watermark_position,
        "watermark_scale": args.watermark_scale,
    }
    return {name: value for name, value in told.items() if value is not None}


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    return f"{minutes}:{rest // 1000:02}.{rest % 1000:03}"


def _cut_of_sound(asked: Asked) -> ChatCall:
    args, sound = asked.dto.request, asked.upload.file("audio")
    try:
        form = AudioFormat((args.output_format or "mp3").lower())
    except ValueError as exc:
        known = ", ".join(AudioFormat)
        raise ValidationFailed(
            f"request.outputFormat must be one of {known}", field="request"
        ) from exc
    if args.cut_end is not None and args.cut_end <= (args.cut_start or 0.0):
        raise ValidationFailed("request.cutEnd must be after cutStart", field="request")
    fields = {"task": Task.TRIM_AUDIO, "format": form, "start_s": args.cut_start or 0.0}
    if args.cut_end is not None:
        fields["end_s"] = args.cut_end
    return media_call(
        Operation.TRANSFORM,
        {"model": MEDIA_MODEL, **fields},
        Upload([], [sound]),
        {**told_by(asked.dto), "provider": None},
        state=asked.dto.state or "",
    )
