"""OpenAI's calls for pictures and sound: jobs that somebody waits for, as chats are."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from flask import Blueprint, Response

from gateway.http.binding import read_call
from gateway.http.request import incoming
from gateway.http.routes import Call, route
from gateway.inference.answer import answer, answer_of, result_of
from gateway.media import events, live, rendering
from gateway.media.form_calls import FormCall, read_form_call
from gateway.media.named_files import with_named_files
from gateway.media.uploads import Upload, dropped_without_job
from gateway.services import services
from shared.dtos import catalog
from shared.jobs.moves import Answer
from shared.operation import Operation
from shared.wire.chat_request import ChatCall
from shared.wire.operation_request import parse_media, parse_moderation

blueprint = Blueprint("media_openai", __name__)


def _read(operation: Operation) -> FormCall:
    """Read a request in JSON."""
    call = read_call(partial(parse_media, operation))
    fields: dict[str, Any] = json.loads(call.chat.body)
    is_sound = operation is Operation.SPEECH
    streams = fields.get("stream_format") == "sse" if is_sound else call.chat.stream
    # A sound is passed on as it comes, whatever its form.
    call = replace(call, chat=replace(call.chat, stream=is_sound or call.chat.stream))
    return FormCall(call, Upload(), streams, fields.get("response_format") or "")


def _read_edit() -> FormCall:
    is_json = incoming().mimetype == "application/json"
    if not is_json:
        return read_form_call(Operation.IMAGE_EDIT)
    asked = _read(Operation.IMAGE_EDIT)
    call, upload = with_named_files(services(), asked.call)
    return replace(asked, call=call, upload=upload)


@route(blueprint, catalog.MODERATE, read=partial(read_call, parse_moderation))
def moderate(call: Call[ChatCall]) -> Response:
    """Judge texts or pictures, and answer with the judgement."""
    return answer(call.services, call.principal, call.request)


@route(blueprint, catalog.CREATE_IMAGE, read=partial(_read, Operation.IMAGE))
@route(blueprint, catalog.EDIT_IMAGE, read=_read_edit)
@route(blueprint, catalog.VARY_IMAGE, read=partial(read_form_call, Operation.IMAGE_VARIATION))
def pictures(call: Call[FormCall]) -> Response:
    """Make pictures, and answer with them in the form that the request wants."""
    gateway, asked = call.services, call.request
    with dropped_without_job(gateway, asked.upload):
        if asked.streams:
            return _streamed(call, partial(events.pictures, gateway))
        told = result_of(gateway, call.principal, asked.call)
    if told.response is None:
        return answer_of(told)
    return rendering.pictures(gateway, told, form=asked.response_format)


@route(blueprint, catalog.CREATE_SPEECH, read=partial(_read, Operation.SPEECH))
def speak(call: Call[FormCall]) -> Response:
    """Speak a text, and answer with the sound."""
    gateway, asked = call.services, call.request
    if asked.streams:
        return _streamed(call, lambda told, _: events.speech(gateway, told))
    return live.answered(
        *(gateway, call.principal, asked.call),
        lambda job_id: live.SoundBytes(gateway, job_id),
        partial(rendering.sound, gateway),
    )


@route(blueprint, catalog.TRANSCRIBE, read=partial(read_form_call, Operation.TRANSCRIPTION))
@route(blueprint, catalog.TRANSLATE, read=partial(read_form_call, Operation.TRANSLATION))
def hear(call: Call[FormCall]) -> Response:
    """Write down what a recording says."""
    gateway, asked = call.services, call.request
    with dropped_without_job(gateway, asked.upload):
        if asked.streams:
            return _streamed(call, lambda told, _: events.transcript(told))
        told = result_of(gateway, call.principal, asked.call)
    return answer_of(told) if told.response is None else rendering.transcript(told)


def _streamed(
    call: Call[FormCall], from_result: Callable[[Answer, Operation], Response]
) -> Response:
    gateway, chat = call.services, call.request.call
    operation = chat.chat.operation
    return live.answered(
        *(gateway, call.principal, chat),
        lambda job_id: live.MediaEvents(gateway, job_id, operation),
        lambda told: from_result(told, operation),
    )
