"""The OpenAI dialect: anything that speaks its API, each operation at its own path."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Final

from requests import Session

from shared.operation import Operation
from workers.providers import http
from workers.providers.base import ProviderCall

#: Where each operation is asked, under the base URL.
_PATHS: Final = {
    Operation.CHAT: "chat/completions",
    Operation.COMPLETION: "completions",
    Operation.EMBEDDING: "embeddings",
    Operation.RESPONSE: "responses",
}
#: What ends a stream that is whole.
_DONE: Final = b"[DONE]"


class OpenAiDialect:
    """Passes request and response through byte for byte."""

    operations = frozenset(_PATHS)

    def ask(self, session: Session, call: ProviderCall) -> bytes:
        """POST the body and return the response's bytes. Raises ProviderError."""
        return http.ask(session, call, _target(call), call.body)

    def stream(self, session: Session, call: ProviderCall) -> Generator[bytes, None, None]:
        """POST the body and yield the data of the events that come back. Raises ProviderError."""
        with closing(
            http.stream(session, call, _target(call), call.body, OPENAI_FRAMING)
        ) as events:
            for event in events:
                if not is_done(event):
                    yield event


def _target(call: ProviderCall) -> http.Target:
    return http.Target(call.provider.endpoint(_PATHS[call.operation]), bearer(call))


def bearer(call: ProviderCall) -> http.Pairs:
    """Return the header that carries the key: `Authorization`, or the one the provider names."""
    if not call.api_key:
        return ()
    if call.provider.api_key_header:
        return ((call.provider.api_key_header, call.api_key),)
    return (("Authorization", f"Bearer {call.api_key}"),)


def is_done(event: bytes) -> bool:
    """Tell whether this is the event that says that the stream is whole."""
    return event.strip() == _DONE


OPENAI_FRAMING: Final = http.events(is_done)
