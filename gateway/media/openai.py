"""OpenAI's calls for pictures and sound: jobs that somebody waits for, as chats are."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import Any, Final

from flask import Blueprint, Response

from gateway.http.binding import read_call
from gateway.http.request import incoming
from gateway.http.routes import Call, route
from gateway.inference.answer import answer, answer_of, result_of
from gateway.media import events, rendering
from gateway.media.form_calls import FormCall, read_form_call
from gateway.media.uploads import Upload, dropped_without_job
from shared.codecs.json_text import members, removals, splice
from shared.dtos import catalog
from shared.operation import Operation
from shared.wire.chat_request import ChatCall
from shared.wire.operation_request import parse_media, parse_moderation

blueprint = Blueprint("media_openai", __name__)

#: How an answer is to come is between us and the client: a provider is asked for the whole.
_BETWEEN_US: Final = frozenset(("stream", "partial_images", "stream_format"))


def _read(operation: Operation) -> FormCall:
    """Read a request in JSON."""
    call = read_call(partial(parse_media, operation))
    fields: dict[str, Any] = json.loads(call.chat.body)
    streams = fields.get("stream") is True or fields.get("stream_format") == "sse"
    body = splice(call.chat.body, removals(members(call.chat.body), _BETWEEN_US))
    call = replace(call, chat=replace(call.chat, body=body, stream=False))
    return FormCall(call, Upload(), streams, fields.get("response_format") or "b64_json")


def _read_edit() -> FormCall:
    is_json = incoming().mimetype == "application/json"
    return _read(Operation.IMAGE_EDIT) if is_json else read_form_call(Operation.IMAGE_EDIT)


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
        told = result_of(gateway, call.principal, asked.call)
    if told.response is None:
        return answer_of(told)
    if asked.streams:
        return events.pictures(gateway, told, asked.call.chat.operation)
    return rendering.pictures(gateway, told, as_links=asked.response_format == "url")


@route(blueprint, catalog.CREATE_SPEECH, read=partial(_read, Operation.SPEECH))
def speak(call: Call[FormCall]) -> Response:
    """Speak a text, and answer with the sound."""
    gateway, asked = call.services, call.request
    told = result_of(gateway, call.principal, asked.call)
    if told.response is None:
        return answer_of(told)
    return events.speech(gateway, told) if asked.streams else rendering.sound(gateway, told)


@route(blueprint, catalog.TRANSCRIBE, read=partial(read_form_call, Operation.TRANSCRIPTION))
@route(blueprint, catalog.TRANSLATE, read=partial(read_form_call, Operation.TRANSLATION))
def hear(call: Call[FormCall]) -> Response:
    """Write down what a recording says."""
    gateway, asked = call.services, call.request
    with dropped_without_job(gateway, asked.upload):
        told = result_of(gateway, call.principal, asked.call)
    if told.response is None:
        return answer_of(told)
    return events.transcript(told) if asked.streams else rendering.transcript(told)
