"""The dialect: a chat is translated, asked over HTTP, and its answer translated back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import requests

from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.sse import ErrorEvent, is_done
from shared.codecs.strict_json import bare, parse
from shared.errors import Failure
from shared.operation import OPERATIONS_BY_TYPE, Operation
from workers.heavy import away
from workers.providers import http, http_errors
from workers.providers.answers import unstreamed
from workers.providers.answers.events import error_of_told, value_of
from workers.providers.answers.framing import events as framed
from workers.providers.answers.told import error_in
from workers.providers.answers.whole import events_of, folded, pieces_in, says_done, value_in
from workers.providers.anthropic.request import Translation, to_messages_request
from workers.providers.anthropic.response import completion
from workers.providers.anthropic.stream import ChunkStream
from workers.providers.anthropic.untranslatable import Untranslatable
from workers.providers.base import UNSUPPORTED, EndedWithoutDone, ProviderCall, ProviderError
from workers.providers.by_chat import asking

Json = dict[str, Any]

#: Of the API.
VERSION: Final = "2023-06-01"


@dataclass(frozen=True, slots=True)
class AnthropicDialect:
    """Speaks the Messages API."""

    #: Unix seconds, for the `created` of answers: the API tells none.
    clock: Callable[[], float] = time.time
    operations = OPERATIONS_BY_TYPE["anthropic"]
    #: The wish is ours to fulfil and never reaches the API, so no refusal is because of it.
    always_tells_usage = True

    def ask(self, session: requests.Session, call: ProviderCall) -> bytes:
        """Return a `chat.completion`, or a response made of one. Raises ProviderError."""
        if call.operation is Operation.RESPONSE:
            return asking.ask(session, call, self.ask)
        translated = _translated(call, json.loads(call.body))
        body = to_json_bytes(translated.request)
        answer = bare(http.ask(session, call, _target(call), body))
        return away(len(answer), lambda: self._answer(call, translated, answer))

    def _answer(self, call: ProviderCall, translated: Translation, answer: bytes) -> bytes:
        events = events_of(answer)
        if events is not None:
            chunks = self._chunks(call, translated, events, include_usage=True)
            are_all = any(map(_is_stop, events)) or says_done(answer) is not None
            return folded(call, chunks, lambda _call, _chunk: None, are_all=are_all)
        try:
            return self._completion(call, translated, answer)
        except ProviderError:
            if not (events := pieces_in(answer)):
                raise
        chunks = self._chunks(call, translated, events, include_usage=True)
        return folded(call, chunks, lambda _call, _chunk: None, are_all=False)

    def stream(self, session: requests.Session, call: ProviderCall) -> Generator[bytes, None, None]:
        """Yield `chat.completion.chunk`s, or a response's events. Raises ProviderError."""
        if call.operation is Operation.RESPONSE:
            return asking.stream(session, call, self._chat_chunks)
        return self._chat_chunks(session, call)

    def message_of(self, call: ProviderCall) -> bytes:
        """Return the request for a message that the call is. Raises ProviderError."""
        chat = asking.chat_call(call) if call.operation is Operation.RESPONSE else call
        return to_json_bytes(_translated(chat, json.loads(chat.body)).request)

    def answer_of(self, call: ProviderCall, message: bytes) -> bytes:
        """Return a message as the answer of the call. Raises ProviderError."""
        if call.operation is Operation.RESPONSE:
            return asking.answer_of(call, lambda chat: self.answer_of(chat, message))
        return self._completion(call, _translated(call, json.loads(call.body)), message)

    def _chat_chunks(
        self, session: requests.Session, call: ProviderCall
    ) -> Generator[bytes, None, None]:
        chat = json.loads(call.body)
        include_usage = (chat.get("stream_options") or {}).get("include_usage") is True
        translated = _translated(call, chat)
        body = to_json_bytes(translated.request)
        with closing(http.stream(session, call, _target(call), body, _FRAMING)) as sent:
            yield from self._chunks(call, translated, sent, include_usage=include_usage)

    def _chunks(
        self,
        call: ProviderCall,
        translated: Translation,
        events: Iterable[bytes],
        *,
        include_usage: bool,
    ) -> Iterator[bytes]:
        chunks = ChunkStream(int(self.clock()), translated.names, include_usage=include_usage)
        try:
            for event in events:
                if isinstance(event, http.WholeAnswer):
                    yield from self._whole(call, translated, bare(event), include_usage)
                    return
                if is_done(event):
                    chunks.end()
                else:
                    told = _told(call, event)
                    if told.get("type") == "message" and not chunks.has_begun:
                        yield from self._retold(call, translated, event)
                    else:
                        yield from map(to_json_bytes, chunks.feed(told))
        except EndedWithoutDone:
            # Counted it is all the same.
            yield from map(to_json_bytes, chunks.finish())
            raise
        yield from map(to_json_bytes, chunks.finish())

    def _whole(
        self,
        call: ProviderCall,
        translated: Translation,
        body: bytes,
        include_usage: bool,  # noqa: FBT001
    ) -> Iterable[bytes]:
        """Return what is no stream as chunks: a message, or its events. Raises ProviderError."""
        try:
            return self._retold(call, translated, body)
        except ProviderError:
            if not (events := pieces_in(body)):
                raise
        return self._chunks(call, translated, events, include_usage=include_usage)

    def _retold(self, call: ProviderCall, translated: Translation, body: bytes) -> list[bytes]:
        """Return the message that the body is as chunks. Raises ProviderError."""
        return unstreamed.events_of(Operation.CHAT, self._completion(call, translated, body))

    def _completion(self, call: ProviderCall, translated: Translation, body: bytes) -> bytes:
        """Return the message that the body is as a `chat.completion`. Raises ProviderError."""
        message = value_in(call, body, "content", list, str, dict)
        told = completion(message, int(self.clock()), translated.names)
        return to_json_bytes(told)


def _translated(call: ProviderCall, chat: Json) -> Translation:
    try:
        translation = to_messages_request(chat)
    except Untranslatable as exc:
        message = f"Provider '{call.provider.name}' (Anthropic) cannot do this: {exc}."
        failure = Failure(
            400,
            "invalid_request_error",
            UNSUPPORTED,
            message,
            "ArgumentException",
            exc.field,
        )
        raise ProviderError(failure, transient=False) from exc
    if translation.adjusted:
        call.adjusted(translation.adjusted)
    return translation


def _target(call: ProviderCall) -> http.Target:
    """Return the endpoint; the base URL may be that of the host, or end with `/v1`."""
    headers = (("anthropic-version", VERSION), *call.provider.key_headers(call.api_key))
    return http.Target(f"{call.provider.root_url}/v1/messages", headers, http_errors.named_by_type)


def _told(call: ProviderCall, event: bytes) -> Json:
    """Return the event. Raises ProviderError for what is none, and for an error."""
    value = value_of(call, event)
    is_error = isinstance(event, ErrorEvent)
    # An event of a type that is new to us may look like an error and be none.
    is_other = isinstance(value, dict) and value.get("type") not in (None, "error")
    found = None if is_other and not is_error else error_in(value, named=is_error)
    if found is not None:
        raise error_of_told(call, found)
    if not isinstance(value, dict):
        raise http_errors.unreachable(call, "broke off its stream", HTTPStatus.BAD_GATEWAY)
    return value


def _is_stop(event: bytes) -> bool:
    # Looked for first: to parse each event twice would cost more than all else here.
    if b"message_stop" not in event:
        return False
    try:
        value = parse(event)
    except ValueError:
        return False
    return isinstance(value, dict) and value.get("type") == "message_stop"


_FRAMING: Final = framed(_is_stop)
