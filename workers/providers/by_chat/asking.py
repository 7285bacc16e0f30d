"""Asks a dialect that only knows chats for a response."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, Final

import requests

from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.strict_json import parse
from shared.errors import Failure
from shared.operation import Operation
from shared.wire.answers.said import object_of
from workers.heavy import away
from workers.providers.answers import unstreamed
from workers.providers.answers.ending import until_overdue
from workers.providers.answers.events import value_of
from workers.providers.base import UNSUPPORTED, EndedWithoutDone, ProviderCall, ProviderError
from workers.providers.by_chat.events import ResponseEvents
from workers.providers.by_chat.not_a_chat import NotAChat
from workers.providers.by_chat.request import chat_of
from workers.providers.http_errors import unreachable

Json = dict[str, Any]
Ask = Callable[[requests.Session, ProviderCall], bytes]
Stream = Callable[[requests.Session, ProviderCall], Generator[bytes, None, None]]

#: What is called otherwise in a chat, by the client's own names.
_CLIENTS_NAMES: Final = (
    ("messages", "input"),
    ("max_tokens", "max_output_tokens"),
    ("response_format", "text.format"),
    ("reasoning_effort", "reasoning.effort"),
)


def ask(session: requests.Session, call: ProviderCall, ask_chat: Ask) -> bytes:
    """Return the response. Raises ProviderError."""
    return answer_of(call, lambda chat: ask_chat(session, chat))


def answer_of(call: ProviderCall, answer_chat: Callable[[ProviderCall], bytes]) -> bytes:
    """Return the response that the answer of the chat is. Raises ProviderError."""
    chat, told = _begun(call)
    with _in_the_clients_words():
        answer = answer_chat(chat)
    return away(len(answer), lambda: _whole(told, answer))


def chat_call(call: ProviderCall) -> ProviderCall:
    """Return the call for the chat. Raises ProviderError."""
    return _begun(call)[0]


def stream(
    session: requests.Session, call: ProviderCall, stream_chat: Stream
) -> Generator[bytes, None, None]:
    """Yield the events of the response. Raises ProviderError."""
    chat, told = _begun(call)
    with _in_the_clients_words(), closing(stream_chat(session, chat)) as chunks:
        try:
            for chunk in until_overdue(chunks, lambda: told.has_answer):
                yield from map(to_json_bytes, told.feed(object_of(value_of(call, chunk))))
        except EndedWithoutDone:
            if not told.has_answer:
                raise
        if told.is_empty:
            raise unreachable(call, "broke off its stream", 502)
        yield from map(to_json_bytes, told.finish())


def _begun(call: ProviderCall) -> tuple[ProviderCall, ResponseEvents]:
    asked: Json = json.loads(call.body)
    try:
        body = to_json_bytes(chat_of(asked))
    except NotAChat as exc:
        message = f"Provider '{call.provider.name}' ({call.provider.type}) has no responses of "
        message += f"its own, and a chat cannot say this: {exc}."
        failure = Failure(
            400, "invalid_request_error", UNSUPPORTED, message, "ArgumentException", exc.field
        )
        raise ProviderError(failure, transient=False) from exc
    chat = replace(
        call,
        body=body,
        operation=Operation.CHAT,
        adjusted=lambda names: call.adjusted(_named(names)),
    )
    return chat, ResponseEvents(asked, uuid.uuid4().hex, int(time.time()))


def _whole(told: ResponseEvents, answer: bytes) -> bytes:
    for chunk in unstreamed.events_of(Operation.CHAT, answer):
        for _ in told.feed(_parsed(chunk)):
            pass
    for _ in told.finish():
        pass
    return to_json_bytes(told.response or {})


def _parsed(chunk: bytes) -> Json:
    value = parse(chunk)
    return value if isinstance(value, dict) else {}


@contextlib.contextmanager
def _in_the_clients_words() -> Iterator[None]:
    """Name fields as the client does in what the chat's dialect cannot say."""
    try:
        yield
    except ProviderError as exc:
        param = exc.failure.param
        if exc.failure.code != UNSUPPORTED or param is None:
            raise
        own = _named([param])[0]
        message = exc.failure.message.replace(f"{param}:", f"{own}:", 1)
        failure = replace(exc.failure, message=message, param=own)
        raise ProviderError(failure, transient=exc.transient, blame=exc.blame) from exc


def _named(names: Sequence[str]) -> list[str]:
    told = []
    for name in names:
        for ours, theirs in _CLIENTS_NAMES:
            if name == ours or name.startswith((f"{ours}.", f"{ours}[")):
                told.append(theirs + name.removeprefix(ours))
                break
        else:
            told.append(name)
    return told
