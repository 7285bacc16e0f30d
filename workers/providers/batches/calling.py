"""The HTTP of batch APIs: documents to send and to read, and results line by line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import gevent
import requests

from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.ndjson import LineParser
from shared.errors import Failure
from workers.providers import http
from workers.providers.answers.body import pieces
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.http_errors import ErrorReader, unreachable

Json = dict[str, Any]

#: Most bytes of the results of a batch, and of one of its lines.
_MOST_BYTES: Final = 2 * 1024**3
_LONGEST: Final = 64 * 1024 * 1024
_is_id = re.compile(r"[A-Za-z0-9_\-]{1,200}").fullmatch
#: How long reading all results may take (seconds).
_RESULTS_S: Final = 1800.0


@dataclass(frozen=True, slots=True)
class Client:
    """Calls one provider's batch API; every call ends in the time that its call says."""

    session: requests.Session
    call: ProviderCall
    headers: http.Pairs
    read_error: ErrorReader | None = None

    def send(self, method: str, url: str, body: bytes | http.Body = b"", kind: str = "") -> Json:
        """Return the object that is answered. Raises ProviderError."""
        with _within(self.call, self.call.timeout_s):
            target = self._target(method, url, kind)
            told = http.ask(self.session, self.call, target, body)
        try:
            value = json.loads(told)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise unreachable(self.call, "answered with something that is no JSON object", 502)
        return value

    def post(self, url: str, value: Json | None = None) -> Json:
        """POST an object, or nothing; return what is answered. Raises ProviderError."""
        return self.send("POST", url, b"" if value is None else to_json_bytes(value))

    def lines(self, url: str) -> Iterator[bytes]:
        """Give the lines of a file of results. Raises ProviderError."""
        call = replace(self.call, answer_max_bytes=_MOST_BYTES)
        parser = LineParser(max_line_bytes=_LONGEST)
        target = self._target("GET", url, "")
        with (
            _within(call, _RESULTS_S),
            http.answered(self.session, call, target, b"") as response,
        ):
            for piece in pieces(call, response):
                yield from parser.feed(piece)
            yield from parser.finish()

    def _target(self, method: str, url: str, kind: str) -> http.Target:
        headers = (*self.headers, *((("Content-Type", kind),) if kind else ()))
        return http.Target(url, headers, self.read_error, method)


def id_in(call: ProviderCall, told: Json) -> str:
    """Return the id that is told, which stands in URLs. Raises ProviderError for none."""
    name = told.get("id")
    if not isinstance(name, str) or not _is_id(name):
        raise unreachable(call, "answered without an id", 502)
    return name


@contextmanager
def _within(call: ProviderCall, limit_s: float) -> Iterator[None]:
    """End in that time, however slowly bytes drip in. Raises ProviderError."""
    limit = gevent.Timeout(limit_s)
    try:
        with limit:
            yield
    except gevent.Timeout as expired:
        if expired is not limit:
            raise
        message = f"Provider '{call.provider.name}' did not answer within {limit_s:g} s."
        failure = Failure(504, "server_error", "provider_timeout", message, "Timeout")
        raise ProviderError(failure, transient=True) from None
