"""The OpenAI dialect: anything that speaks its API, each operation at its own path."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from typing import Final

from requests import Session

from shared.codecs.sse import LONGEST_WORD, is_done
from shared.operation import MEDIA, OPERATIONS_BY_TYPE, Operation
from shared.wire import response_events
from workers.heavy import away
from workers.providers import http, http_errors, openai_media
from workers.providers.answers import unstreamed
from workers.providers.answers.events import judge
from workers.providers.answers.framing import Framing
from workers.providers.answers.framing import events as framed
from workers.providers.answers.response_end import with_end
from workers.providers.answers.shape import is_usual, reshaped
from workers.providers.answers.whole import checked, unwrapped
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
    if call.operation is Operation.RESPONSE:
        return _of_response(_events(session, call, target, _RESPONSES))
    return _events(session, call, target, _CHUNKS)


def _of_response(sent: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    with closing(sent):
        yield from with_end(sent)


def _events(
    session: Session, call: ProviderCall, target: http.Target, framing: Framing
) -> Generator[bytes, None, None]:
    has_said = call.operation is not Operation.CHAT
    with closing(http.stream(session, call, target, call.body, framing)) as sent:
        for event in sent:
            yield from _chunks(call, event, has_said=has_said)
            has_said = has_said or unstreamed.says(event)


def _chunks(call: ProviderCall, event: bytes, *, has_said: bool) -> Iterable[bytes]:
    """Return what the event says, as chunks. Raises ProviderError for an error."""
    if len(event) <= LONGEST_WORD and is_done(event):
        return ()
    if isinstance(event, http.WholeAnswer):
        return unstreamed_answer(call, event)
    judge(call, event)
    if call.operation is Operation.RESPONSE:
        is_whole = _is_whole_response(event)
    elif is_usual(call.operation, event):
        return (event,)
    else:
        is_whole = call.operation is Operation.CHAT and _HAS_ALL in event
        event = event if is_whole else reshaped(call.operation, event)
    return unstreamed_answer(call, event, has_said=has_said) if is_whole else (event,)


def _is_whole_response(event: bytes) -> bool:
    """Whether the event may be more than a piece: all of the answer, or its end in other words."""
    return _DONE_OF_A_RESPONSE in event or (b'"response.' not in event and b'"output"' in event)


def unstreamed_answer(
    call: ProviderCall, body: bytes, *, has_said: bool = False
) -> Iterable[bytes]:
    """Return a whole answer as chunks; `has_said`: without what is said. Raises ProviderError."""
    if isinstance(body, http.WholeAnswer):
        body = unwrapped(call.operation, body)
    try:
        chunks = unstreamed.events_of(call.operation, body, has_said=has_said)
    except ValueError as exc:
        raise http_errors.unreadable(call, body, "did not answer with a stream") from exc
    for chunk in chunks:
        # Few are, so a response's may be read: by its status alone some say that there is none.
        judge(call, http.WholeAnswer(chunk) if call.operation is Operation.RESPONSE else chunk)
    if not all(_is_piece(call.operation, chunk) for chunk in chunks):
        raise http_errors.unreachable(call, "did not answer with a stream", 502)
    return chunks


def _is_piece(operation: Operation, chunk: bytes) -> bool:
    """Whether a chunk of a whole answer may be told: those of a response have their types."""
    if operation is Operation.RESPONSE:
        return bool(response_events.kind_of(response_events.parse(chunk)))
    return chunk.startswith(b"{")


def _ends_a_response(event: bytes) -> bool:
    # A stream of responses has no [DONE]: its last event says how the response ended.
    return is_done(event) or response_events.is_last(event)


_CHUNKS: Final = framed(is_done)
_RESPONSES: Final = framed(_ends_a_response)
