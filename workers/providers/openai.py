"""The OpenAI dialect: anything that speaks its API, each operation at its own path."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from typing import Final

from requests import Session

from shared.operation import MEDIA, OPERATIONS_BY_TYPE, Operation
from shared.wire import response_events
from workers.heavy import away
from workers.providers import http, http_errors, openai_media
from workers.providers.answers import unstreamed
from workers.providers.answers.events import judge
from workers.providers.answers.whole import checked
from workers.providers.base import ProviderCall

#: Where each operation is asked, under the base URL.
_PATHS: Final = {
    Operation.CHAT: "chat/completions",
    Operation.COMPLETION: "completions",
    Operation.EMBEDDING: "embeddings",
    Operation.RESPONSE: "responses",
    Operation.MODERATION: "moderations",
    **openai_media.PATHS,
}
#: What ends a stream that is whole.
_DONE: Final = b"[DONE]"
#: What a whole chat has, and a chunk has not.
_HAS_ALL: Final = b'"message"'
#: What ends a response at some servers.
_DONE_OF_A_RESPONSE: Final = b'"%b"' % unstreamed.DONE.encode()


class OpenAiDialect:
    """Passes request and response through byte for byte."""

    operations = OPERATIONS_BY_TYPE["openai"]
    always_tells_usage = False

    def ask(self, session: Session, call: ProviderCall) -> bytes:
        """POST the body and return the response's bytes. Raises ProviderError."""
        if call.operation in MEDIA:
            return openai_media.ask(session, call, _target(call))
        body = http.ask(session, call, _target(call), call.body)
        return away(len(body), lambda: checked(call, body))

    def stream(self, session: Session, call: ProviderCall) -> Generator[bytes, None, None]:
        """POST the body and yield the data of the events that come back. Raises ProviderError."""
        return events(session, call, _target(call))


def _target(call: ProviderCall) -> http.Target:
    provider = call.provider
    url = provider.endpoint(_PATHS[call.operation])
    return http.Target(url, provider.key_headers(call.api_key))


def events(
    session: Session, call: ProviderCall, target: http.Target
) -> Generator[bytes, None, None]:
    """Yield the events of a stream in OpenAI's form, but not `[DONE]`. Raises ProviderError."""
    framing = _RESPONSES if call.operation is Operation.RESPONSE else _CHUNKS
    with closing(http.stream(session, call, target, call.body, framing)) as sent:
        for event in sent:
            yield from _chunks(call, event)


def _chunks(call: ProviderCall, event: bytes) -> Iterable[bytes]:
    """Return what the event says, as chunks. Raises ProviderError for an error."""
    if _is_done(event):
        return ()
    if isinstance(event, http.WholeAnswer):
        return unstreamed_answer(call, event)
    judge(call, event)
    is_whole = call.operation is Operation.CHAT and b'"delta"' not in event and _HAS_ALL in event
    is_done = call.operation is Operation.RESPONSE and _DONE_OF_A_RESPONSE in event
    return unstreamed_answer(call, event) if is_whole or is_done else (event,)


def unstreamed_answer(call: ProviderCall, body: bytes) -> Iterable[bytes]:
    """Return a whole answer as chunks. Raises ProviderError."""
    try:
        chunks = unstreamed.events_of(call.operation, body)
    except ValueError as exc:
        raise http_errors.unreachable(call, "did not answer with a stream", 502) from exc
    for chunk in chunks:
        judge(call, chunk)
    if not all(chunk.startswith(b"{") for chunk in chunks):
        raise http_errors.unreachable(call, "did not answer with a stream", 502)
    return chunks


def _is_done(event: bytes) -> bool:
    return event.strip() == _DONE


def _ends_a_response(event: bytes) -> bool:
    # A stream of responses has no [DONE]: its last event says how the response ended.
    return _is_done(event) or response_events.is_last(event)


_CHUNKS: Final = http.events(_is_done)
_RESPONSES: Final = http.events(_ends_a_response)
