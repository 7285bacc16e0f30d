"""Ollama's own generations: read from both wires, streamed line by line, folded into the whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from gateway.waiting.event_form import OllamaLines
from shared.codecs.ndjson import LineParser
from shared.codecs.sse import EventTooLarge
from shared.errors import Failure, ValidationFailed
from shared.jobs.job import failure_body
from shared.operation import Operation
from shared.providers.provider import Provider
from shared.wire.ollama_request import parse_generation, parse_queue_generation
from tests.unit.workers.providers.test_openai import Provoked, answer, streaming
from workers.folds.generation import GenerationFold
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.ollama import OllamaDialect

NDJSON = "application/x-ndjson"


@pytest.mark.parametrize(
    ("raw", "can_stream", "body"),
    [
        pytest.param(
            b'{"model":"m", "prompt":"x"}',
            True,
            '{"stream":true,"model":"m", "prompt":"x"}',
            id="it streams by default where it can",
        ),
        pytest.param(
            b'{"model":"m","stream":false,"n":1.50}',
            True,
            '{"model":"m","stream":false,"n":1.50}',
            id="it does not when it says so, and keeps numbers as written",
        ),
        pytest.param(
            b'{"model":"m","stream":true}',
            False,
            '{"model":"m","stream":false}',
            id="it does not where it cannot",
        ),
        pytest.param(
            b'{"Model":"m","keepAlive":"5m","refId":"r","options":{"numCtx":1},"Stream":null}',
            False,
            '{"model":"m","keep_alive":"5m","options":{"numCtx":1},"stream":false}',
            id="names are Ollama's again, but not below its options",
        ),
        pytest.param(
            b'{"refId":"r","model":"m"}',
            False,
            '{"stream":false,"model":"m"}',
            id="a field of the gateway's stood first",
        ),
    ],
)
def test_generation_keeps_its_text_but_for_what_is_the_gateways(
    raw: bytes, can_stream: bool, body: str
) -> None:
    call = parse_generation(raw, can_stream=can_stream)
    assert call.chat.body == body
    assert call.chat.stream is json.loads(body)["stream"]
    assert call.chat.operation is Operation.OLLAMA_GENERATE


def test_queued_generation_never_streams_and_its_envelope_wins() -> None:
    raw = b'{"refId":"outer","tag":"t","request":{"refId":"inner","model":"m","stream":true}}'
    call = parse_queue_generation(raw)
    assert (call.ref_id, call.tag) == ("outer", "t")
    assert call.chat.body == '{"model":"m","stream":false}'
    assert not call.chat.stream


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"model": ""}, "model"),
        ({"prompt": 1}, "prompt"),
        ({"images": "x"}, "images"),
        ({"options": []}, "options"),
        ({"stream": "no"}, "stream"),
        ({"format": 3}, "format"),
    ],
)
def test_wrong_field_is_named(fields: dict[str, Any], named: str) -> None:
    raw = json.dumps({"model": "m", **fields}).encode()
    with pytest.raises(ValidationFailed) as caught:
        parse_generation(raw, can_stream=True)
    assert caught.value.field == named


# --- lines ------------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=5)))
def test_lines_are_the_same_whatever_the_reads_are(reads: list[bytes]) -> None:
    parser = LineParser()
    lines = [line for read in reads for line in parser.feed(read)]
    *whole, _rest = b"".join(reads).split(b"\n")
    assert lines == [line for line in whole if line.strip()]


def test_line_that_is_too_large_is_refused() -> None:
    parser = LineParser(max_line_bytes=5)
    assert parser.feed(b"12345\n1234") == [b"12345"]
    with pytest.raises(EventTooLarge):
        parser.feed(b"56")


def test_lines_fold_into_the_whole() -> None:
    fold = GenerationFold()
    head = {"model": "m", "created_at": "t"}
    for line in (
        {**head, "response": "", "thinking": "Hm", "done": False},
        {**head, "response": "Hel", "done": False},
        {**head, "response": "lo", "done": False},
    ):
        fold.add(line)
        assert not fold.is_complete
    fold.add({**head, "response": "", "done": True, "done_reason": "stop", "eval_count": 3})
    assert fold.is_complete
    assert fold.completion() == {
        **head,
        "response": "Hello",
        "thinking": "Hm",
        "done": True,
        "done_reason": "stop",
        "eval_count": 3,
    }


def test_failure_is_told_as_ollama_tells_it() -> None:
    body = failure_body(Failure(502, "server_error", "x", "It broke."))
    assert OllamaLines().failed(body) == b'{"error":"It broke."}\n'


# --- the dialect ------------------------------------------------------------------------------


def call_at(base_url: str, operation: Operation) -> ProviderCall:
    provider = {"name": "o", "type": "ollama", "base_url": base_url, "models": ["m"]}
    return ProviderCall(Provider.model_validate(provider), b"{}", None, 1, 1, operation)


def session_of(provoke: Any) -> requests.Session:
    session = requests.Session()
    session.mount("http://", Provoked(provoke))
    return session


@pytest.mark.parametrize(
    "base_url", ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/"]
)
@pytest.mark.parametrize(
    ("operation", "url"),
    [
        (Operation.CHAT, "http://h:1/v1/chat/completions"),
        (Operation.OLLAMA_GENERATE, "http://h:1/api/generate"),
    ],
)
def test_endpoints_are_found_from_either_form_of_the_base_url(
    base_url: str, operation: Operation, url: str
) -> None:
    asked = []

    class Noting(Provoked):
        def send(self, *args: Any, **kwargs: Any) -> requests.Response:
            asked.append(args[0].url)
            return super().send(*args, **kwargs)

    session = requests.Session()
    session.mount(
        "http://", Noting(answer(200, b'{"choices":[{"message":{"content":"x"}}],"response":""}'))
    )
    OllamaDialect().ask(session, call_at(base_url, operation))
    assert asked == [url]


def test_stream_of_lines_ends_with_the_one_that_is_done() -> None:
    wire = [
        b'{"response":"a \\u0074rue","done":false}\n{"response":"',
        b'","done":true}\n{"x":1}\n',
    ]
    session = session_of(streaming(*wire, kind=NDJSON))
    call = call_at("http://h:1", Operation.OLLAMA_GENERATE)
    lines = [json.loads(line) for line in OllamaDialect().stream(session, call)]
    assert [line["done"] for line in lines] == [False, True]


@pytest.mark.parametrize(
    ("provoke", "message"),
    [
        pytest.param(
            streaming(b'{"done":false}\n{"error":"no memory"}\n', kind=NDJSON),
            "no memory",
            id="told in the middle",
        ),
        pytest.param(streaming(b'{"done":false}\n', kind=NDJSON), "broke off", id="no end"),
        pytest.param(answer(500, b'{"error":"no GPU"}'), "no GPU", id="a text as error"),
    ],
)
def test_failure_of_a_stream_says_what_ollama_said(provoke: Any, message: str) -> None:
    call = call_at("http://h:1", Operation.OLLAMA_GENERATE)
    with pytest.raises(ProviderError, match=message) as caught:
        list(OllamaDialect().stream(session_of(provoke), call))
    assert caught.value.transient
