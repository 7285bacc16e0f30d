"""The OpenAI dialect for pictures and sound: forms with files out, references in.

https://platform.openai.com/docs/api-reference/images and …/audio
"""

from __future__ import annotations

import base64
from dataclasses import replace
from functools import partial
from typing import Any, Final

from requests import Session

from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.strict_json import parse
from shared.media import request as media_request
from shared.media import result
from shared.media.request import FileRef, MediaRequest
from shared.operation import TRANSCRIPTS, Operation
from shared.wire.answers.said import object_of, said_in
from workers.heavy import away
from workers.providers import http
from workers.providers.answers.body import gathered, whole
from workers.providers.answers.whole import checked
from workers.providers.base import Desk, ProviderCall
from workers.providers.http_errors import unreachable
from workers.providers.media import answers, event_answers, picture_answers
from workers.providers.media.fetching import fetched
from workers.providers.media.multipart import CONTENT_TYPE, FilePart, Form

#: Where each operation is asked, under the base URL.
PATHS: Final = {
    Operation.IMAGE: "images/generations",
    Operation.IMAGE_EDIT: "images/edits",
    Operation.IMAGE_VARIATION: "images/variations",
    Operation.IMAGE_TO_TEXT: "chat/completions",
    Operation.SPEECH: "audio/speech",
    Operation.TRANSCRIPTION: "audio/transcriptions",
    Operation.TRANSLATION: "audio/translations",
}
#: Answers come as whatever was asked for: some servers refuse a caller who wants JSON alone.
_ANYTHING: Final = ("Accept", "*/*")
_FORM: Final = ("Content-Type", CONTENT_TYPE)
_DESCRIBE: Final = "Describe this picture."


def ask(session: Session, call: ProviderCall, target: http.Target) -> bytes:
    """Ask for pictures, speech or a transcript; return what the ledger holds of the answer.

    Raises ProviderError.
    """
    asked = _askable(media_request.read(call.body))
    if missed := asked.hints.keys() - {media_request.PARTS}:
        call.adjusted(sorted(missed))
    if call.operation is Operation.IMAGE_TO_TEXT:
        return _described(session, call, target, asked)
    body, headers = _body(call, asked)
    target = http.Target(target.url, (*target.headers, *headers), target.read_error)
    fetch = partial(fetched, session, call)
    with http.answered(session, call, target, body) as response:
        if event_answers.is_stream(response):
            return event_answers.answer_of(call, asked, response, fetch)
        if call.operation is Operation.SPEECH:
            return answers.speech(call, asked, response)
        if call.operation in TRANSCRIPTS:
            kind = response.headers.get("Content-Type", "").lower()
            return answers.transcript(call, asked, whole(call, response), kind)
        told = gathered(call, response)
    return picture_answers.pictures(call, told, fetch)


def _body(call: ProviderCall, asked: MediaRequest) -> tuple[bytes | http.Body, http.Pairs]:
    """Return the request as it was sent to us: a form where it has files, else its JSON."""
    if not asked.files:
        return media_request.as_sent(call.body), (_ANYTHING,)
    desk = answers.desk_of(call)
    return Form(asked.fields, [part_of(desk, one) for one in asked.files]), (_FORM, _ANYTHING)


def _askable(asked: MediaRequest) -> MediaRequest:
    """Return the request without the parts of a transcript, where its model would refuse to tell.

    OpenAI's newer ones do, and have `gpt-` in their names. Who asked in OpenAI's own words is told.
    """
    if media_request.PARTS in asked.hints and "gpt-" in asked.model:
        return replace(asked, fields={**asked.fields, "response_format": "json"})
    return asked


def part_of(desk: Desk, file: FileRef) -> FilePart:
    """Return a file as a part of a form."""
    return FilePart(file.field, file.name, file.media_type, file.size, partial(desk.open, file))


def _described(
    session: Session, call: ProviderCall, target: http.Target, asked: MediaRequest
) -> bytes:
    """Ask a chat about a picture; return what it says."""
    body = to_json_bytes(
        {
            "model": asked.model,
            "messages": [{"role": "user", "content": _question(call, asked)}],
        }
    )
    chat = replace(call, operation=Operation.CHAT, body=body)
    told = http.ask(session, chat, target, body)
    value = parse(away(len(told), lambda: checked(chat, told)))
    message = object_of(value["choices"][0].get("message"))
    if not isinstance(message.get("content"), str | list):
        raise unreachable(call, "answered without a text", 502)
    answer: dict[str, Any] = {"text": said_in(message)}
    if value.get("usage") is not None:
        answer["usage"] = value["usage"]
    return result.with_made(to_json_bytes(answer), result.Made())


def _question(call: ProviderCall, asked: MediaRequest) -> list[dict[str, Any]]:
    desk = answers.desk_of(call)
    parts: list[dict[str, Any]] = [{"type": "text", "text": asked.text("prompt") or _DESCRIBE}]
    for file in asked.files:
        data = base64.b64encode(desk.whole(file)).decode()
        url = f"data:{file.media_type};base64,{data}"
        parts.append({"type": "image_url", "image_url": {"url": url}})
    return parts
