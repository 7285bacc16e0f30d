"""Requests of OpenAI's API that are forms with files, as calls of a model."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, Final

from gateway.media.uploads import Upload, drop, read_upload
from gateway.services import services
from shared.errors import ValidationFailed
from shared.media import request as media_request
from shared.media.form_names import gathered, one_spelling, plain_name
from shared.media.request import FileRef
from shared.operation import PICTURES, Operation
from shared.wire.chat_request import ChatCall, ChatRequest
from shared.wire.group_id import read_group_id
from shared.wire.naming import GATEWAY_FIELDS, fold
from shared.wire.queueing.flow_control import LIMITS, read_flow
from shared.wire.queueing.tier import read_tier
from shared.wire.run_after import read_run_after

#: The fields with files, and those among them that must be there.
_FILES: Final = {
    Operation.IMAGE_EDIT: (("image", "mask"), "image"),
    Operation.IMAGE_VARIATION: (("image",), "image"),
    Operation.TRANSCRIPTION: (("file",), "file"),
    Operation.TRANSLATION: (("file",), "file"),
}
#: The fields that are sent once, in whatever spelling of their names.
_ONCE: Final = (
    *("model", "prompt", "n", "size", "quality", "response_format", "stream", "user"),
    *("language", "temperature", "background", "output_format", "output_compression"),
    *("partial_images", "input_fidelity", "moderation"),
)
_KNOWN: Final = {fold(name): name for name in _ONCE}
#: How pictures are answered with.
_PICTURE_FORMS: Final = ("", "url", "b64_json")
#: What limits a flow is named beside its key alone: else it may be a provider's field.
_OURS: Final = {fold(name): name for name in GATEWAY_FIELDS if name not in LIMITS}
#: How true and false are written; left empty, or left out, it is false.
_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False, "": False}
_is_integer = re.compile(r"[+-]?[0-9]+").fullmatch
_is_number = re.compile(
    r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,3})?", re.IGNORECASE
).fullmatch
#: The fields that are numbers, beside `n`.
_NUMBERS: Final = {
    "temperature": _is_number,
    "output_compression": _is_integer,
    "partial_images": _is_integer,
}
_MOST_PICTURES: Final = 16
_LONGEST: Final = 256
_LONGEST_URL: Final = 2048


@dataclass(frozen=True, slots=True)
class FormCall:
    """A call with the files that came with it; `streams` when events are wanted."""

    call: ChatCall
    upload: Upload
    streams: bool
    #: As the request says how it wants its answer; empty when it does not.
    response_format: str


def read_form_call(operation: Operation) -> FormCall:
    """Return the call that the request is. Raises ValidationFailed; then nothing is kept."""
    names, needed = _FILES[operation]
    upload = read_upload(names)
    try:
        upload.file(needed)
        return _call(operation, upload)
    except BaseException:
        drop(services(), upload)
        raise


def _call(operation: Operation, upload: Upload) -> FormCall:
    fields, told = _sorted(upload)
    upload = replace(upload, files=_listed(operation, upload.files))
    _check(operation, fields)
    streams = _is_wanted(fields, "stream")
    call = media_call(operation, fields, upload, told)
    call = replace(call, chat=replace(call.chat, stream=streams))
    return FormCall(call, upload, streams, str(fields.get("response_format") or ""))


def _check(operation: Operation, fields: dict[str, Any]) -> None:
    """Raise ValidationFailed for a field that is missing, or cannot be."""
    model = fields.get("model")
    if not isinstance(model, str) or not 0 < len(model) <= _LONGEST:
        raise ValidationFailed("model is required", field="model")
    _check_count(fields.get("n"))
    _check_numbers(fields)
    if operation is Operation.IMAGE_EDIT and not fields.get("prompt"):
        raise ValidationFailed("prompt is required", field="prompt")
    if operation in PICTURES and (fields.get("response_format") or "") not in _PICTURE_FORMS:
        raise ValidationFailed("response_format must be url or b64_json", field="response_format")


def _listed(operation: Operation, files: list[FileRef]) -> list[FileRef]:
    """Return the files by the names of their fields, those of a list all by one.

    Raises ValidationFailed for a field that has too many.
    """
    names = one_spelling(one.field for one in files)
    several = "image" if operation is Operation.IMAGE_EDIT else ""
    for name, count in Counter(map(plain_name, names)).items():
        if name == several and count > _MOST_PICTURES:
            raise ValidationFailed(f"{name}: at most {_MOST_PICTURES} pictures", field=name)
        if name != several and count > 1:
            raise ValidationFailed(f"{name}: send one file, and no more", field=name)
    return [
        replace(one, field=name if plain_name(name) == several else plain_name(name))
        for one, name in zip(files, names, strict=True)
    ]


def _check_count(told: object) -> None:
    """Check how many pictures are wanted, as where it is asked in JSON. Raises ValidationFailed."""
    if told is None or told == "":
        return
    text = str(told)
    is_number = text.isascii() and text.isdecimal() and len(text) < len(str(_LONGEST))
    if not is_number or not 1 <= int(text) <= _MOST_PICTURES:
        raise ValidationFailed(f"n must be an integer from 1 to {_MOST_PICTURES}", field="n")


def _check_numbers(fields: dict[str, Any]) -> None:
    """Check what is a number in JSON, too. Raises ValidationFailed."""
    for name, kind in _NUMBERS.items():
        text = str(fields.get(name) or "0").strip()
        if not (text.isascii() and len(text) < _LONGEST and kind(text)):
            what = "an integer" if kind is _is_integer else "a number"
            raise ValidationFailed(f"{name} must be {what}", field=name)


def _is_wanted(fields: dict[str, Any], name: str) -> bool:
    """Return what is true or false in JSON. Raises ValidationFailed."""
    found = _FLAGS.get(str(fields.get(name) or "").strip().lower())
    if found is None:
        raise ValidationFailed(f"{name} must be true or false", field=name)
    return found


def media_call(
    operation: Operation,
    fields: dict[str, Any],
    upload: Upload,
    told: dict[str, Any],
    **more: Any,
) -> ChatCall:
    """Return a call with files. `told` is what the gateway is told; `more` is state and hints."""
    body = media_request.compose(fields, upload.files, **more)
    same = media_request.same_as(fields, upload.files, **more)
    chat = ChatRequest(str(fields["model"]), body, stream=False, operation=operation, same_as=same)
    return ChatCall(
        chat=chat,
        ref_id=_text(told, "refId"),
        provider=_text(told, "provider"),
        tag=_text(told, "tag"),
        reply_to=_text(told, "replyTo", _LONGEST_URL),
        timeout_s=_seconds(told.get("timeoutSecs")),
        run_after=read_run_after(told.get("runAfter")),
        group_id=read_group_id(told.get("groupId")),
        flow=read_flow(told),
        tier=read_tier(told.get("priority")),
    )


def _sorted(upload: Upload) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields for the provider, and ours. Raises ValidationFailed."""
    rest: list[tuple[str, Any]] = []
    told: dict[str, Any] = {}
    for name, value in upload.fields:
        if own := _OURS.get(fold(name)):
            told[own] = value
        else:
            rest.append((_KNOWN.get(fold(name), name), value))
    fields = gathered(rest)
    if twice := next((name for name in _ONCE if f"{name}[]" in fields), None):
        raise ValidationFailed(f"{twice} is to be sent once, by this name", field=twice)
    return fields, told


def _text(told: dict[str, Any], name: str, longest: int = _LONGEST) -> str | None:
    value = told.get(name)
    if value is None or value == "":
        return None
    text = str(value)
    if len(text) > longest or not text.isprintable():
        raise ValidationFailed(f"{name} must be at most {longest} printable characters", field=name)
    return text


def _seconds(value: object) -> float | None:
    if value is None or value == "":
        return None
    text = str(value).strip()
    seconds = float(text) if len(text) < _LONGEST and _is_number(text) else 0.0
    if not 0 < seconds < float("inf"):
        raise ValidationFailed("timeoutSecs must be a number above 0", field="timeoutSecs")
    return seconds
