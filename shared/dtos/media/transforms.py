"""DTOs of AI Server for pictures, videos and sound that are changed; files come as parts of a form.

https://docs.servicestack.net/ai-server/transform
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from shared.codecs.json_text import parse_document
from shared.dtos.base import Dto
from shared.dtos.bulk.queueing import Queued
from shared.dtos.fields import (
    Text,
    empty_is_absent,
    one_of,
    zero_is_absent,
)
from shared.errors import MalformedJson
from shared.media.formats import AudioFormat, ImageFormat, Position, VideoFormat

_FILE = "A file of the form; in JSON base64."
_TIME = re.compile(r"(?:(?P<h>[0-9]{1,2}):)?(?P<m>[0-9]{1,3}):(?P<s>[0-5]?[0-9](?:\.[0-9]{1,3})?)")


def _read(kind: type[StrEnum], **more: StrEnum) -> BeforeValidator:
    """Return what reads a name of AI Server's enum, its value on the wire, or what is like it."""
    known = {**{one.value.lower(): one for one in kind}, **{n.lower(): o for n, o in more.items()}}
    return BeforeValidator(
        lambda value: known.get(value.lower(), value) if isinstance(value, str) else value
    )


def to_seconds(text: str) -> float | None:
    """Return a time such as 1:30 or 01:02:03 in seconds; None for one that is none."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    return int(found["h"] or 0) * 3600 + int(found["m"]) * 60 + float(found["s"])


def _time(value: object) -> object:
    if value is None or value == "":
        return None
    text = str(value)
    # So AI Server's clients say: to the end.
    if text.startswith("-"):
        return None
    if to_seconds(text) is None:
        raise ValueError("must be a time such as 01:30, or 00:01:30")
    return text


def _parsed(value: object) -> object:
    """Return what a field of a form says in JSON, its names in any casing."""
    if isinstance(value, str):
        try:
            value = parse_document(value.encode())[1]
        except (ValueError, MalformedJson) as exc:
            raise ValueError('must be JSON such as {"taskType": "ImageScale"}') from exc
    return MediaTransformArgs.bind(value) if isinstance(value, dict) else value


ImageTo = Annotated[ImageFormat, _read(ImageFormat, jpeg=ImageFormat.JPG, tif=ImageFormat.TIFF)]
VideoTo = Annotated[VideoFormat, _read(VideoFormat, MVK=VideoFormat.MKV, ogv=VideoFormat.OGG)]
AudioTo = Annotated[AudioFormat, _read(AudioFormat)]
Place = Annotated[Position | None, one_of(Position)]
Offset = Annotated[int, Field(ge=0, le=100_000), BeforeValidator(lambda v: v or 0)]
Length = Annotated[int, Field(ge=1, le=100_000)]
Wide = Annotated[Annotated[int, Field(ge=1, le=7680)] | None, BeforeValidator(zero_is_absent)]
High = Annotated[Annotated[int, Field(ge=1, le=4320)] | None, BeforeValidator(zero_is_absent)]
Moment = Annotated[Annotated[float, Field(ge=0)] | None, BeforeValidator(empty_is_absent)]
Time = Annotated[str | None, BeforeValidator(_time)]
Scale = Annotated[Annotated[float, Field(gt=0, le=100)] | None, BeforeValidator(zero_is_absent)]
Opacity = Annotated[Annotated[float, Field(ge=0, le=1)] | None, BeforeValidator(empty_is_absent)]
Url = Annotated[Annotated[str, Field(max_length=2048)] | None, BeforeValidator(empty_is_absent)]
Words = Annotated[str | None, BeforeValidator(empty_is_absent)]


class _Transform(Dto):
    """What all of these take."""

    ref_id: Text = Field(None, description="Your name for the job.")
    tag: Text = Field(None, description="Anything you group by.")

    @property
    def provider(self) -> str | None:
        """None: our own engines do it."""
        return None


class _QueueTransform(Queued, _Transform):
    """What all that are queued take."""

    reply_to: Url = Field(None, description="Where the result is posted.")
    state: Words = Field(None, description="Handed back with the result.")


class _OfImage(Dto):
    image: str | None = Field(None, description=_FILE)


class _OfVideo(Dto):
    video: str | None = Field(None, description=_FILE)


class _Part(Dto):
    x: Offset = Field(0, description="Of its left side, pixels.")
    y: Offset = Field(0, description="Of its upper side, pixels.")
    width: Length = Field(description="Pixels.")
    height: Length = Field(description="Pixels.")


class _Size(Dto):
    width: Wide = Field(None, description="Pixels; follows from the height if absent.")
    height: High = Field(None, description="Pixels; follows from the width if absent.")


class _Mark(Dto):
    watermark: str | None = Field(None, description=_FILE)
    position: Place = None


class _ConvertImage(_OfImage):
    output_format: ImageTo


class _CropImage(_OfImage, _Part):
    pass


class _ScaleImage(_OfImage, _Size):
    pass


class _WatermarkImage(_OfImage, _Mark):
    watermark_scale: Scale = Field(None, description="Its size, 1 as it is.")
    opacity: Opacity = Field(None, description="0 to 1; by default 0.5.")


class _ConvertVideo(_OfVideo):
    output_format: VideoTo


class _CropVideo(_OfVideo, _Part):
    pass


class _ScaleVideo(_OfVideo, _Size):
    pass


class _TrimVideo(_OfVideo):
    start_time: Time = Field(None, description="Such as 01:30.")
    end_time: Time = Field(None, description="By default its end.")


class _WatermarkVideo(_OfVideo, _Mark):
    pass


class _ConvertAudio(Dto):
    audio: str | None = Field(None, description=_FILE)
    output_format: AudioTo


class ConvertImage(_Transform, _ConvertImage):
    """Make a picture in another format, and wait for it."""


class QueueConvertImage(_QueueTransform, _ConvertImage):
    """Queue a picture in another format, and be told where to ask for it."""


class CropImage(_Transform, _CropImage):
    """Make a part out of a picture, and wait for it."""


class QueueCropImage(_QueueTransform, _CropImage):
    """Queue a part out of a picture, and be told where to ask for it."""


class ScaleImage(_Transform, _ScaleImage):
    """Make a picture in another size, and wait for it."""


class QueueScaleImage(_QueueTransform, _ScaleImage):
    """Queue a picture in another size, and be told where to ask for it."""


class WatermarkImage(_Transform, _WatermarkImage):
    """Make a picture with a watermark, and wait for it."""


class QueueWatermarkImage(_QueueTransform, _WatermarkImage):
    """Queue a picture with a watermark, and be told where to ask for it."""


class ConvertVideo(_Transform, _ConvertVideo):
    """Make a video in another format, and wait for it."""


class QueueConvertVideo(_QueueTransform, _ConvertVideo):
    """Queue a video in another format, and be told where to ask for it."""


class CropVideo(_Transform, _CropVideo):
    """Make a part out of a video's picture, and wait for it."""


class QueueCropVideo(_QueueTransform, _CropVideo):
    """Queue a part out of a video's picture, and be told where to ask for it."""


class ScaleVideo(_Transform, _ScaleVideo):
    """Make a video in another size, and wait for it."""


class QueueScaleVideo(_QueueTransform, _ScaleVideo):
    """Queue a video in another size, and be told where to ask for it."""


class TrimVideo(_Transform, _TrimVideo):
    """Make a part out of a video's time, and wait for it."""


class QueueTrimVideo(_QueueTransform, _TrimVideo):
    """Queue a part out of a video's time, and be told where to ask for it."""


class WatermarkVideo(_Transform, _WatermarkVideo):
    """Make a video with a watermark, and wait for it."""


class QueueWatermarkVideo(_QueueTransform, _WatermarkVideo):
    """Queue a video with a watermark, and be told where to ask for it."""


class ConvertAudio(_Transform, _ConvertAudio):
    """Make a sound in another format, and wait for it."""


class MediaTransformArgs(Dto):
    """What AI Server's own API asks of a file; the members that its tasks use."""

    task_type: Words = Field(None, description="ImageScale, VideoCut, WatermarkImage, …")
    output_format: Words = Field(None, description="Of videos and sound: mp4, mp3, …")
    image_output_format: Words = Field(None, description="Of pictures: png, jpg, webp, …")
    scale_width: Wide = None
    scale_height: High = None
    crop_x: Offset = 0
    crop_y: Offset = 0
    crop_width: Wide = None
    crop_height: High = None
    cut_start: Moment = Field(None, description="Seconds.")
    cut_end: Moment = Field(None, description="Seconds; by default its end.")
    watermark_position: Place = None
    watermark_scale: Scale = None


class CreateMediaTransform(Queued):
    """Queue a change of a file, which comes as a part of the form; `request` may be JSON there."""

    request: Annotated[MediaTransformArgs, BeforeValidator(_parsed)]
    image: str | None = Field(None, description=_FILE)
    video: str | None = Field(None, description=_FILE)
    audio: str | None = Field(None, description=_FILE)
    watermark: str | None = Field(None, description=_FILE)
    provider: Text = Field(None, description="Read over: our own engines do it.")
    state: Words = Field(None, description="Handed back with the result.")
    reply_to: Url = Field(None, description="Where the result is posted.")
    ref_id: Text = Field(None, description="Your name for the job.")
    tag: Text = Field(None, description="Anything you group by.")


class QueueConvertAudio(_QueueTransform, _ConvertAudio):
    """Queue a sound in another format, and be told where to ask for it."""
