"""AI Server's requests for pictures, speech and transcripts, as calls of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from gateway.http.request import incoming
from gateway.media.form_calls import media_call
from gateway.media.models import model_for
from gateway.media.uploads import Upload, drop, read_upload
from gateway.services import services
from shared.api_keys.principal import Principal
from shared.dtos.base import Dto
from shared.dtos.media import ai_server as dtos
from shared.errors import ValidationFailed
from shared.media import request as media_request
from shared.operation import Operation
from shared.wire.chat_request import ChatCall
from shared.wire.queueing.flow_control import refuse_limits_alone

#: Headers that stand for fields which are not given.
_HEADERS: Final = {"refId": "RefId", "replyTo": "ReplyTo", "tag": "Tag"}

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of AI Server's, and the files that came with it."""

    dto: Any
    upload: Upload


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a request asks of a model: its files by their names there, and its fields."""

    operation: Operation
    #: The name that AI Server gives the model that it takes.
    usual: str
    files: Mapping[str, str]
    fields: Callable[[Any], Fields]


def _drawn(dto: Any) -> Fields:
    size = (
        f"{dto.width or dto.height}x{dto.height or dto.width}" if dto.width or dto.height else None
    )
    return {"prompt": dto.positive_prompt, "n": dto.batch_size, "size": size}


def _changed(dto: Any) -> Fields:
    return {"prompt": dto.positive_prompt, "n": dto.batch_size}


def _spoken(dto: Any) -> Fields:
    text = (dto.input or dto.text or "").strip()
    if not text:
        raise ValidationFailed("input is missing: say what is to be said", field="input")
    return {"input": text, "voice": dto.voice or "alloy"}


def _heard(dto: Any) -> Fields:
    return {"response_format": "verbose_json", "language": dto.language}


_TO_IMAGE: Final = _Kind(Operation.IMAGE, "text-to-image", {}, _drawn)
_IMAGE: Final = _Kind(Operation.IMAGE_EDIT, "image-to-image", {"image": "image"}, _changed)
_MASK: Final = _Kind(
    Operation.IMAGE_EDIT, "image-with-mask", {"image": "image", "mask": "mask"}, _changed
)
_UPSCALE: Final = _Kind(
    Operation.IMAGE_UPSCALE, "image-upscale-2x", {"image": "image"}, lambda _: {}
)
_TO_TEXT: Final = _Kind(
    Operation.IMAGE_TO_TEXT, "image-to-text", {"image": "image"}, lambda dto: {"prompt": dto.prompt}
)
_SPEAK: Final = _Kind(Operation.SPEECH, "text-to-speech", {}, _spoken)
_HEAR: Final = _Kind(Operation.TRANSCRIPTION, "speech-to-text", {"audio": "file"}, _heard)

_KINDS: Final[Mapping[type[Dto], _Kind]] = {
    dtos.TextToImage: _TO_IMAGE,
    dtos.QueueTextToImage: _TO_IMAGE,
    dtos.ImageToImage: _IMAGE,
    dtos.QueueImageToImage: _IMAGE,
    dtos.ImageWithMask: _MASK,
    dtos.QueueImageWithMask: _MASK,
    dtos.ImageUpscale: _UPSCALE,
    dtos.QueueImageUpscale: _UPSCALE,
    dtos.ImageToText: _TO_TEXT,
    dtos.QueueImageToText: _TO_TEXT,
    dtos.TextToSpeech: _SPEAK,
    dtos.QueueTextToSpeech: _SPEAK,
    dtos.SpeechToText: _HEAR,
    dtos.QueueSpeechToText: _HEAR,
}
#: What providers are told where their API has words for it.
_HINTS: Final = ("negative_prompt", "seed", "denoise")


def reader(
    dto: type[Dto], names: tuple[str, ...], *, in_order: bool = False
) -> Callable[[], Asked]:
    """Return what reads requests of this class, with files in these fields."""

    def read() -> Asked:
        upload = read_upload(names, in_order=in_order)
        try:
            return Asked(dto.bind(_with_surroundings(upload.fields)), upload)
        except BaseException:
            drop(services(), upload)
            raise

    return read


def reader_of(dto: type[Dto]) -> Callable[[], Asked]:
    """Return what reads requests of this class for a model."""
    return reader(dto, tuple(_KINDS[dto].files), in_order=True)


def call_of(principal: Principal, asked: Asked) -> ChatCall:
    """Return the call that a request is. Raises ValidationFailed, ModelNotFound."""
    kind, dto = _KINDS[type(asked.dto)], asked.dto
    files = [_as(asked.upload, name, own) for name, own in kind.files.items()]
    model, voice = model_for(
        services(),
        principal,
        kind.operation,
        dto.model or kind.usual,
        # AI Server's clients name what it takes by itself.
        is_named=dto.model not in (None, "", kind.usual),
    )
    fields = {name: value for name, value in kind.fields(dto).items() if value is not None}
    if voice:
        fields["voice"] = voice
    hints = {name: value for name in _HINTS if (value := getattr(dto, name, None)) is not None}
    if kind is _HEAR:
        hints[media_request.PARTS] = True
    return media_call(
        kind.operation,
        {"model": model, **fields},
        Upload([], files),
        told_by(dto),
        state=getattr(dto, "state", None) or "",
        hints=hints,
    )


def told_by(dto: Any) -> Fields:
    """Return what the gateway is told beside what is asked of a model. Raises ValidationFailed."""
    told = {
        "refId": dto.ref_id,
        "tag": dto.tag,
        "provider": dto.provider,
        "replyTo": getattr(dto, "reply_to", None),
        "runAfter": getattr(dto, "run_after", None),
        "groupId": getattr(dto, "group_id", None),
        "flowKey": getattr(dto, "flow_key", None),
        "maxParallel": getattr(dto, "max_parallel", None),
        "rate": getattr(dto, "rate", None),
        "priority": getattr(dto, "priority", None),
    }
    refuse_limits_alone(told)
    return told


def _as(upload: Upload, name: str, own: str) -> Any:
    return replace(upload.file(name), field=own)


def _with_surroundings(fields: list[tuple[str, object]]) -> list[tuple[str, object]]:
    """Return the fields, behind those of headers and query: AI Server reads these as well."""
    asked = incoming()
    told = [(name, asked.headers.get(header)) for name, header in _HEADERS.items()]
    return [*((name, value) for name, value in told if value), *asked.args.items(), *fields]
