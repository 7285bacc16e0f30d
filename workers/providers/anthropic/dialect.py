"""The dialect: a chat is translated, asked over HTTP, and its answer translated back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import requests

from shared.errors import Failure
from shared.json_bytes import to_json_bytes
from shared.operation import OPERATIONS_BY_TYPE
from workers.providers import http, http_errors
from workers.providers.anthropic.request import Translation, to_messages_request
from workers.providers.anthropic.response import completion
from workers.providers.anthropic.stream import ChunkStream
from workers.providers.anthropic.untranslatable import Untranslatable
from workers.providers.base import UNSUPPORTED, EndedWithoutDone, ProviderCall, ProviderError
from workers.providers.told_errors import Told, told_in

Json = dict[str, Any]

_VERSION: Final = "2023-06-01"
#: What the errors that come inside a stream would have been as an HTTP status.
#: https://platform.claude.com/docs/en/api/errors
_STATUSES: Final = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


@dataclass(frozen=True, slots=True)
class AnthropicDialect:
    """Speaks the Messages API."""

    #: Unix seconds, for the `created` of answers: the API tells none.
    clock: Callable[[], float] = time.time
    operations = OPERATIONS_BY_TYPE["anthropic"]
    #: The wish is ours to fulfil and never reaches the API, so no refusal is because of it.
    always_tells_usage = True

    def ask(self, session: requests.Session, call: ProviderCall) -> bytes:
        """Return a `chat.completion`. Raises ProviderError."""
        translated = _translated(call, json.loads(call.body))
        body = to_json_bytes(translated.request)
        answer = http.ask(session, call, _target(call), body)
        told = completion(json.loads(answer), int(self.clock()), translated.names)
        return to_json_bytes(told)

    def stream(self, session: requests.Session, call: ProviderCall) -> Generator[bytes, None, None]:
        """Yield `chat.completion.chunk`s. Raises ProviderError."""
        chat = json.loads(call.body)
        include_usage = (chat.get("stream_options") or {}).get("include_usage") is True
        translated = _translated(call, chat)
        body = to_json_bytes(translated.request)
        chunks = ChunkStream(int(self.clock()), translated.names, include_usage=include_usage)
        sent = http.stream(session, call, _target(call), body, _FRAMING)
        with closing(sent) as events:
            try:
                for event in events:
                    yield from map(to_json_bytes, chunks.feed(_told(call, event)))
            except EndedWithoutDone:
                # Counted it is all the same.
                yield from map(to_json_bytes, chunks.finish())
                raise
            yield from map(to_json_bytes, chunks.finish())


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
    headers = (("anthropic-version", _VERSION), *call.provider.key_headers(call.api_key))
    return http.Target(f"{call.provider.root_url}/v1/messages", headers, http_errors.named_by_type)


def _told(call: ProviderCall, event: bytes) -> Json:
    """Return the event. Raises ProviderError for what is none, and for an error."""
    try:
        value = json.loads(event.decode("utf-8"))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise http_errors.unreachable(call, "broke off its stream", HTTPStatus.BAD_GATEWAY)
    if value.get("type") == "error":
        raise _error_in_stream(call, value.get("error"))
    return value


def _error_in_stream(call: ProviderCall, told: object) -> ProviderError:
    error = http_errors.named_by_type(told_in(told))
    status = _STATUSES.get(error.code or "", HTTPStatus.INTERNAL_SERVER_ERROR.value)
    if error.is_silent:
        error = Told(f"Provider '{call.provider.name}' reported an error.", code="api_error")
    return http_errors.error_told(call, status, error)


def _is_stop(event: bytes) -> bool:
    # Looked for first: to parse each event twice would cost more than all else here.
    return b"message_stop" in event and json.loads(event).get("type") == "message_stop"


_FRAMING: Final = http.events(_is_stop)
