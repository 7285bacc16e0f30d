"""The failures of the OpenAI dialect must be such as the ledger can store."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import hiredis
import pytest
import requests
from requests.adapters import BaseAdapter
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from shared.jobs.moves import Result
from shared.operation import Operation
from shared.providers.provider import Provider
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.openai import OpenAiDialect

CALL = ProviderCall(
    provider=Provider.model_validate(
        {"name": "acme", "base_url": "http://127.0.0.1:1/v1", "models": {"m": "m"}}
    ),
    body=b"{}",
    api_key=None,
    connect_timeout_s=1,
    timeout_s=1,
)


class Provoked(BaseAdapter):
    """Stands for a provider whose answer is a fixed one, or none."""

    def __init__(self, answer: Callable[[], requests.Response]) -> None:
        super().__init__()
        self._answer = answer

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        return self._answer()

    def close(self) -> None:
        pass


def answer(status: int, body: bytes = b"") -> Callable[[], requests.Response]:
    def make() -> requests.Response:
        response = requests.Response()
        response.status_code = status
        response.raw = Wire(body)
        return response

    return make


class Wire:
    """The raw side of a streamed answer: gives these reads, then its end, or breaks."""

    def __init__(self, *reads: bytes | Exception) -> None:
        self._reads = list(reads)

    def read1(self, amount: int, *, decode_content: bool | None = None) -> bytes:
        read = self._reads.pop(0) if self._reads else b""
        if isinstance(read, Exception):
            raise read
        return read

    @property
    def is_read(self) -> bool:
        return not self._reads

    def close(self) -> None:
        self._reads.append(b"closed")

    def release_conn(self) -> None:
        pass


def streaming(
    *reads: bytes | Exception, status: int = 200, kind: str = "text/event-stream; charset=utf-8"
) -> Callable[[], requests.Response]:
    def make() -> requests.Response:
        response = requests.Response()
        response.status_code = status
        response.headers["Content-Type"] = kind
        response.raw = Wire(*reads)
        return response

    return make


def stream(
    provoke: Callable[[], requests.Response], operation: Operation = Operation.CHAT
) -> list[bytes]:
    session = requests.Session()
    session.mount("http://", Provoked(provoke))
    return list(OpenAiDialect().stream(session, replace(CALL, operation=operation)))


def failing(error: Exception) -> Callable[[], requests.Response]:
    def fail() -> requests.Response:
        raise error

    return fail


@pytest.mark.parametrize(
    ("provoke", "status"),
    [
        pytest.param(failing(requests.ConnectionError()), 502, id="connection reset"),
        pytest.param(failing(requests.ReadTimeout()), 504, id="no answer in time"),
        pytest.param(answer(200, b"<html>"), 502, id="no JSON"),
        pytest.param(answer(302), 502, id="redirect"),
        pytest.param(answer(401), 502, id="the gateway's key is refused"),
        pytest.param(answer(500), 500, id="server error"),
    ],
)
def test_failure_has_a_status_that_redis_takes_when_the_call_fails(
    provoke: Callable[[], requests.Response], status: int
) -> None:
    """hiredis packs no enum: with one as status the result could never be stored."""
    session = requests.Session()
    session.mount("http://", Provoked(provoke))
    with pytest.raises(ProviderError) as caught:
        OpenAiDialect().ask(session, CALL)
    stored = Result.failure(caught.value.failure)
    assert stored.status == status
    assert hiredis.pack_command((stored.status,))


# --- streams ----------------------------------------------------------------------------------


def test_stream_yields_the_data_of_each_event_whatever_the_reads_are() -> None:
    wire = b': hi\r\n\r\ndata: {"a":1}\r\n\r\ndata:{"b":2}\n\ndata: [DONE]\n\n'
    for size in (1, 7, len(wire)):
        reads = [wire[start : start + size] for start in range(0, len(wire), size)]
        assert stream(streaming(*reads)) == [b'{"a":1}', b'{"b":2}']


def test_stream_ends_when_the_provider_says_so_whatever_follows() -> None:
    assert stream(streaming(b"data: 1\n\ndata:  [DONE] \n\ndata: 2\n\n")) == [b"1"]


def test_stream_reads_the_answer_to_its_end_so_that_the_connection_can_be_used_again() -> None:
    made = streaming(b"data: [DONE]\n\n", b"\n", b": bye\n\n")()
    stream(lambda: made)
    assert b"closed" in made.raw._reads
    assert len(made.raw._reads) == 1


def test_stream_of_a_response_ends_with_its_last_event_and_frees_the_connection() -> None:
    last = b'{"type":"response.completed","response":{}}'
    made = streaming(b'event: a\ndata: {"a":1}\n\n', b"data: " + last + b"\n\n", b"\n")()
    assert stream(lambda: made, Operation.RESPONSE) == [b'{"a":1}', last]
    assert len(made.raw._reads) == 1
    assert b"closed" in made.raw._reads


@pytest.mark.parametrize(
    ("status", "kind"),
    [("completed", "response.completed"), ("incomplete", "response.incomplete")],
)
def test_response_that_is_done_is_told_as_it_ended(status: str, kind: str) -> None:
    response = {"id": "r", "status": status, "output": []}
    done = json.dumps({"type": "response.done", "sequence_number": 1, "response": response})
    body = b"event: response.done\ndata: " + done.encode() + b"\n\ndata: [DONE]\n\n"
    [event] = stream(streaming(body), Operation.RESPONSE)
    assert json.loads(event) == {"type": kind, "sequence_number": 1, "response": response}


@pytest.mark.parametrize("status", ["failed", "cancelled", "queued"])
def test_response_that_is_done_and_is_none_is_an_error(status: str) -> None:
    response = {"id": "r", "status": status, "output": []}
    done = json.dumps({"type": "response.done", "response": response}).encode()
    with pytest.raises(ProviderError, match=f"the status '{status}'"):
        stream(streaming(b"data: " + done + b"\n\n"), Operation.RESPONSE)


def test_stream_of_a_response_that_just_ends_broke_off() -> None:
    with pytest.raises(ProviderError):
        stream(streaming(b'data: {"type":"response.created"}\n\n'), Operation.RESPONSE)


def test_event_of_a_chat_that_looks_like_the_end_of_a_response_is_none() -> None:
    odd = b'data: {"type":"response.completed"}\n\ndata: 2\n\ndata: [DONE]\n\n'
    assert len(stream(streaming(odd))) == 2


@pytest.mark.parametrize(
    ("provoke", "status"),
    [
        pytest.param(failing(requests.ConnectionError()), 502, id="connection reset"),
        pytest.param(failing(requests.ReadTimeout()), 504, id="no answer in time"),
        pytest.param(streaming(b"data: 1\n\n"), 502, id="it ended without [DONE]"),
        pytest.param(streaming(b"data: 1\n\ndata: [DO"), 502, id="it ended within [DONE]"),
        pytest.param(streaming(b"data: 1\n\n", ProtocolError("cut")), 502, id="it was cut"),
        pytest.param(streaming(ReadTimeoutError(None, "/", "slow")), 502, id="it fell silent"),  # type: ignore[arg-type]
        pytest.param(streaming(kind="application/json"), 502, id="no stream"),
        pytest.param(streaming(kind=""), 502, id="of no kind"),
        pytest.param(answer(500), 500, id="server error"),
    ],
)
def test_failure_of_a_stream_may_be_tried_again_and_can_be_stored(
    provoke: Callable[[], requests.Response], status: int
) -> None:
    with pytest.raises(ProviderError) as caught:
        stream(provoke)
    assert caught.value.transient
    stored = Result.failure(caught.value.failure)
    assert stored.status == status
    assert hiredis.pack_command((stored.status,))


@pytest.mark.parametrize(
    ("kind", "status", "transient"),
    [("validation", 422, False), ("overloaded", 429, True), ("generation", 424, True)],
)
def test_error_in_a_stream_has_the_status_of_its_kind(
    kind: str, status: int, *, transient: bool
) -> None:
    """TGI begins a stream with 200, and then looks at the request."""
    told = json.dumps({"error": "Not this one", "error_type": kind}).encode()
    with pytest.raises(ProviderError, match="Not this one") as caught:
        stream(streaming(b"data: " + told + b"\n\n"))
    assert (caught.value.status, caught.value.transient) == (status, transient)


def test_event_that_is_too_large_breaks_the_stream() -> None:
    endless = [b"data: " + b"x" * 1_000_000] + [b"x" * 1_000_000] * 17
    with pytest.raises(ProviderError):
        stream(streaming(*endless))


def test_error_with_half_a_character_can_be_passed_on() -> None:
    with pytest.raises(ProviderError) as caught:
        stream(answer(400, b'{"error":{"message":"a\\ud83d"}}'))
    assert not caught.value.transient
    assert json.loads(caught.value.body or b"")["error"]["message"] == "a\ud83d"


# --- what the operator adds -------------------------------------------------------------------


def test_headers_query_and_key_header_of_the_provider_are_sent() -> None:
    sent: list[requests.PreparedRequest] = []

    class Noting(Provoked):
        def send(self, *args: Any, **kwargs: Any) -> requests.Response:
            sent.append(args[0])
            return super().send(*args, **kwargs)

    session = requests.Session()
    session.mount("http://", Noting(answer(200, b'{"choices":[{"message":{"content":"x"}}]}')))
    provider = CALL.provider.model_copy(update={"api_key_header": "api-key"})
    call = replace(
        CALL,
        provider=provider,
        api_key="sk-1",
        headers=(("user-agent", "mine"), ("x-team", "search")),
        query=(("api-version", "2024 10"),),
    )
    OpenAiDialect().ask(session, call)
    OpenAiDialect().ask(session, CALL)
    first, second = sent
    assert first.url == "http://127.0.0.1:1/v1/chat/completions?api-version=2024+10"
    assert first.headers["api-key"] == "sk-1"
    assert "Authorization" not in first.headers
    named = {name.lower(): value for name, value in first.headers.items()}
    assert (named["user-agent"], named["x-team"]) == ("mine", "search")
    assert second.url == "http://127.0.0.1:1/v1/chat/completions"
    assert "api-key" not in second.headers
