"""OpenAI's Batch API, Azure's too: a file of requests is sent, files of results are fetched.

https://platform.openai.com/docs/api-reference/batch
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import requests

from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.json_text import members
from shared.errors import MalformedJson
from shared.operation import Operation
from shared.wire.answers.said import object_of, objects, text_of
from workers.providers.answers.whole import checked
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
from workers.providers.media.multipart import CONTENT_TYPE, FilePart, Form

Json = dict[str, Any]

_ENDPOINTS: Final = {
    Operation.CHAT: "/v1/chat/completions",
    Operation.COMPLETION: "/v1/completions",
    Operation.EMBEDDING: "/v1/embeddings",
    Operation.MODERATION: "/v1/moderations",
    Operation.RESPONSE: "/v1/responses",
}
_FAILED: Final = "failed"
#: Some who speak this API write them in capitals.
_ENDED: Final = frozenset(("completed", _FAILED, "expired", "cancelled", "canceled"))
#: By which a batch is found again: who submitted it may have died before its id was kept.
_MARK: Final = "replyto_part"
_PAGE: Final = 100
_MOST_PAGES: Final = 50
#: How long a file may take until it can be used (seconds), and how often that is asked.
_READY_S: Final = 60.0
_ASK_S: Final = 1.0
#: What a file says until then; Azure has these.
_NOT_YET: Final = frozenset(("pending", "running", "uploading"))
# What a line says of an answer, as a number or as text.
_is_ok = re.compile(r"2[0-9][0-9]", re.ASCII).fullmatch


class OpenAiBatches:
    """Speaks it."""

    finds_for_certain = True

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep

    def submit(
        self,
        session: requests.Session,
        call: ProviderCall,
        marker: str,
        requests: Sequence[OwnRequest],
    ) -> str:
        """Send the file and make a batch of it, marked in its metadata. Raises ProviderError."""
        client = _client(session, call)
        file_id = self._upload(client, call, marker, _file(call, requests))
        asked = {
            "input_file_id": file_id,
            "endpoint": _ENDPOINTS[call.operation],
            "completion_window": "24h",
            "metadata": {_MARK: marker},
        }
        return id_in(call, client.post(call.provider.endpoint("batches"), asked))

    def _upload(self, client: Client, call: ProviderCall, marker: str, content: bytes) -> str:
        part = FilePart(
            "file", f"{marker}.jsonl", "application/jsonl", len(content), lambda: (content,)
        )
        files = call.provider.endpoint("files")
        told = client.send("POST", files, Form({"purpose": "batch"}, [part]), CONTENT_TYPE)
        file_id, waited_s = id_in(call, told), 0.0
        while text_of(told.get("status")) in _NOT_YET and waited_s < _READY_S:
            self._sleep(_ASK_S)
            waited_s += _ASK_S
            told = client.send("GET", f"{files}/{file_id}")
        return file_id

    def find(
        self, session: requests.Session, call: ProviderCall, marker: str, wanted: Wanted
    ) -> str | None:
        """Look through the batches, the latest first. Raises ProviderError."""
        client, url = _client(session, call), call.provider.endpoint("batches")

        def read(after: str) -> tuple[Iterable[Json], str]:
            place = f"&after={after}" if after else ""
            told = client.send("GET", f"{url}?limit={_PAGE}{place}")
            rows = objects(told.get("data"))
            return rows, str(rows[-1].get("id")) if rows and told.get("has_more") else ""

        for row in pages(read, _MOST_PAGES):
            metadata, made_s = row.get("metadata"), row.get("created_at")
            if isinstance(metadata, dict) and metadata.get(_MARK) == marker:
                return id_in(call, row)
            if type(made_s) is int and made_s < wanted.since_s - SKEW_S:
                return None
        return None

    def look(self, session: requests.Session, call: ProviderCall, batch_id: str) -> Standing:
        """Say how it stands. Raises ProviderError."""
        told = _client(session, call).send("GET", _url(call, batch_id))
        results = [told.get(name) for name in ("output_file_id", "error_file_id")]
        files = tuple(one for one in results if isinstance(one, str) and one)
        sent, status = told.get("input_file_id"), text_of(told.get("status")).lower()
        return Standing(
            batch_id,
            has_ended=status in _ENDED,
            results=files,
            files=(*files, *((sent,) if isinstance(sent, str) and sent else ())),
            failure=_failure(told) if status == _FAILED else "",
        )

    def results(
        self, session: requests.Session, call: ProviderCall, standing: Standing
    ) -> Iterator[OwnResult]:
        """Give what the two files say. Raises ProviderError."""
        client = _client(session, call)
        for file_id in standing.results:
            url = call.provider.endpoint(f"files/{file_id}/content")
            yield from filter(None, map(_result, client.lines(url)))

    def cancel(self, session: requests.Session, call: ProviderCall, batch_id: str) -> None:
        """Cancel it. Raises ProviderError."""
        _client(session, call).post(f"{_url(call, batch_id)}/cancel")

    def forget(self, session: requests.Session, call: ProviderCall, standing: Standing) -> None:
        """Delete its files. Raises ProviderError."""
        client = _client(session, call)
        for file_id in standing.files:
            client.send("DELETE", call.provider.endpoint(f"files/{file_id}"))

    def request_of(self, call: ProviderCall) -> bytes:
        """Return the call's own body."""
        return call.body

    def answer_of(self, call: ProviderCall, text: bytes) -> bytes:
        """Return the answer as it came. Raises ProviderError for what is none."""
        return checked(call, text)


def _client(session: requests.Session, call: ProviderCall) -> Client:
    return Client(session, call, call.provider.key_headers(call.api_key))


def _url(call: ProviderCall, batch_id: str) -> str:
    return call.provider.endpoint(f"batches/{batch_id}")


def _file(call: ProviderCall, requests: Sequence[OwnRequest]) -> bytes:
    url = to_json_bytes(_ENDPOINTS[call.operation])
    return b"".join(
        b'{"custom_id":'
        + to_json_bytes(one.name)
        + b',"method":"POST","url":'
        + url
        # A line of its own: between the values of JSON any white space is as good as another.
        + b',"body":'
        + one.body.replace(b"\n", b" ").replace(b"\r", b" ")
        + b"}\n"
        for one in requests
    )


def _result(line: bytes) -> OwnResult | None:
    """Return what a line says; None for one that says nothing of a request."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or not isinstance(told.get("custom_id"), str):
        return None
    name, response = told["custom_id"], object_of(told.get("response"))
    body, is_text = response.get("body"), isinstance(response.get("body"), str)
    if isinstance(body, dict) or is_text:
        if _is_ok(str(response.get("status_code"))):
            text = text_of(body).encode("utf-8", "replace") if is_text else _body(line)
            return OwnResult(name, Kind.ANSWERED, text)
        return OwnResult(name, Kind.REFUSED, why=_words(object_of(body).get("error")))
    error = told.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    kind = Kind.LEFT if code in ("batch_expired", "batch_cancelled") else Kind.REFUSED
    return OwnResult(name, kind, why=_words(error))


def _body(line: bytes) -> bytes:
    """Return the answer's own text: numbers and the order of names are the provider's."""
    try:
        text = line.decode("utf-8")
        outer = [one for one in members(text) if one.name == "response"][-1]
        inner = [one for one in members(text, outer.value_start) if one.name == "body"][-1]
    except (MalformedJson, UnicodeDecodeError):
        return to_json_bytes(json.loads(line)["response"]["body"])
    return text[inner.value_start : inner.end].encode("utf-8")


def _words(error: object) -> str:
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else ""


def _failure(told: Json) -> str:
    errors = told.get("errors")
    rows = errors.get("data") if isinstance(errors, dict) else None
    first = rows[0] if isinstance(rows, list) and rows else None
    return _words(first) or "It failed."
