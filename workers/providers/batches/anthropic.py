"""Anthropic's Message Batches: requests in one document, results as lines.

https://platform.claude.com/docs/en/api/creating-message-batches
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import requests

from shared.codecs.json_bytes import to_json_bytes
from shared.wire.answers.said import objects
from workers.providers import http_errors
from workers.providers.anthropic.dialect import VERSION, AnthropicDialect
from workers.providers.base import ProviderCall
from workers.providers.batches.base import (
    SKEW_S,
    Kind,
    OwnRequest,
    OwnResult,
    Standing,
    Wanted,
    pages,
)
from workers.providers.batches.calling import Client, id_in

Json = dict[str, Any]

_PAGE: Final = 100
_MOST_PAGES: Final = 50


class AnthropicBatches:
    """Speaks it."""

    #: A batch has no metadata: whose it is, only the names in its results tell.
    finds_for_certain = False

    def __init__(self) -> None:
        self._dialect = AnthropicDialect()

    def submit(
        self,
        session: requests.Session,
        call: ProviderCall,
        marker: str,
        requests: Sequence[OwnRequest],
    ) -> str:
        """Make a batch; the mark is in the names of its requests. Raises ProviderError."""
        del marker
        rows = [
            b'{"custom_id":' + to_json_bytes(one.name) + b',"params":' + one.body + b"}"
            for one in requests
        ]
        body = b'{"requests":[' + b",".join(rows) + b"]}"
        return id_in(call, _client(session, call).send("POST", _url(call), body))

    def find(
        self, session: requests.Session, call: ProviderCall, marker: str, wanted: Wanted
    ) -> str | None:
        """Return the first batch of that time that has as many requests. Raises ProviderError."""
        del marker
        client = _client(session, call)

        def read(after: str) -> tuple[Iterable[Json], str]:
            place = f"&after_id={after}" if after else ""
            told = client.send("GET", f"{_url(call)}?limit={_PAGE}{place}")
            rows = objects(told.get("data"))
            return rows, str(told.get("last_id")) if rows and told.get("has_more") else ""

        for row in pages(read, _MOST_PAGES):
            if _made_s(row) < wanted.since_s - SKEW_S:
                return None
            if _count(row) == wanted.count and row.get("id") not in wanted.others:
                return id_in(call, row)
        return None

    def look(self, session: requests.Session, call: ProviderCall, batch_id: str) -> Standing:
        """Say how it stands. Raises ProviderError."""
        told = _client(session, call).send("GET", f"{_url(call)}/{batch_id}")
        has_ended = told.get("processing_status") == "ended"
        return Standing(batch_id, has_ended, (batch_id,) if has_ended else (), (batch_id,))

    def results(
        self, session: requests.Session, call: ProviderCall, standing: Standing
    ) -> Iterator[OwnResult]:
        """Give them. Raises ProviderError."""
        client = _client(session, call)
        for batch_id in standing.results:
            yield from filter(None, map(_result, client.lines(f"{_url(call)}/{batch_id}/results")))

    def cancel(self, session: requests.Session, call: ProviderCall, batch_id: str) -> None:
        """Cancel it. Raises ProviderError."""
        _client(session, call).post(f"{_url(call)}/{batch_id}/cancel")

    def forget(self, session: requests.Session, call: ProviderCall, standing: Standing) -> None:
        """Delete it. Raises ProviderError."""
        _client(session, call).send("DELETE", f"{_url(call)}/{standing.id}")

    def request_of(self, call: ProviderCall) -> bytes:
        """Return the message that the call asks for. Raises ProviderError where there is none."""
        return self._dialect.message_of(call)

    def answer_of(self, call: ProviderCall, text: bytes) -> bytes:
        """Return a message as the answer of the call. Raises ProviderError for what is none."""
        return self._dialect.answer_of(call, text)


def _client(session: requests.Session, call: ProviderCall) -> Client:
    headers = (("anthropic-version", VERSION), *call.provider.key_headers(call.api_key))
    return Client(session, call, headers, http_errors.named_by_type)


def _url(call: ProviderCall) -> str:
    return f"{call.provider.root_url}/v1/messages/batches"


def _count(row: Json) -> int:
    counts = row.get("request_counts")
    values = counts.values() if isinstance(counts, dict) else ()
    return sum(value for value in values if type(value) is int)


def _made_s(row: Json) -> float:
    try:
        return datetime.fromisoformat(str(row.get("created_at"))).timestamp()
    except (ValueError, OverflowError):
        return float("inf")


def _result(line: bytes) -> OwnResult | None:
    """Return what a line says; None for one that says nothing of a request."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    result = told.get("result") if isinstance(told, dict) else None
    if not isinstance(result, dict) or not isinstance(told.get("custom_id"), str):
        return None
    name, kind = told["custom_id"], result.get("type")
    if kind == "succeeded":
        return OwnResult(name, Kind.ANSWERED, to_json_bytes(result.get("message")))
    if kind in ("canceled", "expired"):
        return OwnResult(name, Kind.LEFT, why=f"It {kind}.")
    return OwnResult(name, Kind.REFUSED, why=_words(result.get("error")))


def _words(error: object) -> str:
    """Return what an error says: there is one in another."""
    inner = error.get("error", error) if isinstance(error, dict) else None
    message = inner.get("message") if isinstance(inner, dict) else None
    return message if isinstance(message, str) else ""
