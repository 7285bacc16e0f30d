"""OpenAI's calls for pictures and sound: jobs that somebody waits for, as chats are."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import Final

from flask import Blueprint, Response

from gateway.http.binding import read_call
from gateway.http.routes import Call, route
from gateway.inference.answer import answer, answer_of, result_of
from gateway.media import rendering
from shared.dtos import catalog
from shared.operation import Operation
from shared.wire.chat_request import ChatCall
from shared.wire.operation_request import parse_media, parse_moderation

blueprint = Blueprint("media_openai", __name__)

_read_picture: Final = partial(read_call, partial(parse_media, Operation.IMAGE))
_read_speech: Final = partial(read_call, partial(parse_media, Operation.SPEECH))


@route(blueprint, catalog.MODERATE, read=partial(read_call, parse_moderation))
def moderate(call: Call[ChatCall]) -> Response:
    """Judge texts or pictures, and answer with the judgement."""
    return answer(call.services, call.principal, call.request)


@route(blueprint, catalog.CREATE_IMAGE, read=_read_picture)
def create_image(call: Call[ChatCall]) -> Response:
    """Make pictures, and answer with them."""
    return answer_with_pictures(call)


@route(blueprint, catalog.CREATE_SPEECH, read=_read_speech)
def speak(call: Call[ChatCall]) -> Response:
    """Speak a text, and answer with the sound."""
    told = result_of(call.services, call.principal, unstreamed(call.request))
    return answer_of(told) if told.response is None else rendering.sound(call.services, told)


def answer_with_pictures(call: Call[ChatCall]) -> Response:
    """Wait for pictures and answer with them, in the form that the request wants."""
    told = result_of(call.services, call.principal, unstreamed(call.request))
    if told.response is None:
        return answer_of(told)
    as_links = json.loads(call.request.chat.body).get("response_format") == "url"
    return rendering.pictures(call.services, told, as_links=as_links)


def unstreamed(call: ChatCall) -> ChatCall:
    """Return the call as one for the whole answer."""
    return replace(call, chat=replace(call.chat, stream=False))
