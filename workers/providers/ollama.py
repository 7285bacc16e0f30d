"""The Ollama dialect: OpenAI's API at `/v1`, and Ollama's own generation beside it.

https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

import requests

from shared.codecs.ndjson import LineParser
from shared.operation import OPERATIONS_BY_TYPE, Operation
from workers.heavy import away
from workers.providers import http
from workers.providers.answers.events import names_error
from workers.providers.answers.framing import Framing
from workers.providers.answers.whole import checked
from workers.providers.base import ProviderCall
from workers.providers.by_chat import asking
from workers.providers.http_errors import error_told
from workers.providers.openai import events, unstreamed_answer
from workers.providers.told_errors import Told, told_in

#: Where each operation is asked, under the server's root.
_PATHS: Final = {
    Operation.CHAT: "v1/chat/completions",
    Operation.COMPLETION: "v1/completions",
    Operation.EMBEDDING: "v1/embeddings",
    Operation.OLLAMA_GENERATE: "api/generate",
}


class OllamaDialect:
    """Passes request and response through byte for byte; responses are asked for as chats."""

    operations = OPERATIONS_BY_TYPE["ollama"]
    always_tells_usage = False

    def ask(self, session: requests.Session, call: ProviderCall) -> bytes:
        """POST the body and return the response's bytes. Raises ProviderError."""
        if call.operation is Operation.RESPONSE:
            return asking.ask(session, call, self.ask)
        body = http.ask(session, call, _target(call), call.body)
        return away(len(body), lambda: checked(call, body))

    def stream(self, session: requests.Session, call: ProviderCall) -> Generator[bytes, None, None]:
        """POST the body and yield the chunks that come back. Raises ProviderError."""
        if call.operation is Operation.RESPONSE:
            return asking.stream(session, call, self.stream)
        if call.operation is not Operation.OLLAMA_GENERATE:
            return events(session, call, _target(call))
        return _lines(session, call)


def _lines(session: requests.Session, call: ProviderCall) -> Generator[bytes, None, None]:
    with closing(http.stream(session, call, _target(call), call.body, _NDJSON)) as sent:
        for piece in sent:
            for line in _taken_apart(call, piece):
                told = _object(line).get("error") if names_error(line) else None
                if told:
                    raise error_told(call, HTTPStatus.BAD_GATEWAY.value, _named(told_in(told)))
                yield line


def _taken_apart(call: ProviderCall, piece: bytes) -> Iterable[bytes]:
    if piece.strip() == b"[DONE]":
        return ()
    return unstreamed_answer(call, piece) if isinstance(piece, http.WholeAnswer) else (piece,)


def _named(told: Told) -> Told:
    return replace(told, code=told.code or "provider_error")


def _target(call: ProviderCall) -> http.Target:
    """Return the endpoint; the base URL may be that of the host, or end with `/v1`."""
    provider = call.provider
    url = f"{provider.root_url}/{_PATHS[call.operation]}"
    return http.Target(url, provider.key_headers(call.api_key))


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _is_last(line: bytes) -> bool:
    # Looked for first: each line names it, and only the last one needs to be parsed.
    return b"true" in line and _object(line).get("done") is True


_NDJSON: Final = Framing(LineParser, _is_last, is_lines=True)
