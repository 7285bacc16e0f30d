"""The Ollama dialect: OpenAI's API at `/v1`, and Ollama's own generation beside it.

https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

import requests

from shared.operation import OPERATIONS_BY_TYPE, Operation
from workers.providers import http
from workers.providers.base import ProviderCall
from workers.providers.openai import bearer, events

#: Where each operation is asked, under the server's root.
_PATHS: Final = {
    Operation.CHAT: "v1/chat/completions",
    Operation.COMPLETION: "v1/completions",
    Operation.EMBEDDING: "v1/embeddings",
    Operation.OLLAMA_GENERATE: "api/generate",
}


class OllamaDialect:
    """Passes request and response through byte for byte."""

    operations = OPERATIONS_BY_TYPE["ollama"]

    def ask(self, session: requests.Session, call: ProviderCall) -> bytes:
        """POST the body and return the response's bytes. Raises ProviderError."""
        return http.ask(session, call, _target(call), call.body)

    def stream(self, session: requests.Session, call: ProviderCall) -> Generator[bytes, None, None]:
        """POST the body and yield the data of the events that come back. Raises ProviderError."""
        return events(session, call, _target(call))


def _target(call: ProviderCall) -> http.Target:
    """Return the endpoint; the base URL may be that of the host, or end with `/v1`."""
    return http.Target(f"{call.provider.root_url}/{_PATHS[call.operation]}", bearer(call), _error)


def _error(response: requests.Response) -> dict[str, Any] | None:
    """Return the answer's error; at Ollama's own endpoints it is a string."""
    told = http.json_object(response).get("error")
    if isinstance(told, str):
        kind = http.type_of(response.status_code)
        return {"message": told, "type": kind, "param": None, "code": None}
    return told if isinstance(told, dict) else None
