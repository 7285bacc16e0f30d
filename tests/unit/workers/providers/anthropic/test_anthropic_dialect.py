"""What the Anthropic dialect makes of the wire's failures, and what it sends along."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import hiredis
import pytest
import requests

from shared.providers.provider import Provider
from tests.unit.workers.providers.test_openai import Provoked, answer, streaming
from workers.providers.anthropic.dialect import AnthropicDialect
from workers.providers.base import EndedWithoutDone, ProviderCall, ProviderError

CHAT = {"model": "claude-sonnet-4-5", "messages": [{"role": "user", "content": "x"}]}


def call_of(base_url: str = "http://h:1", chat: Any = CHAT, **fields: Any) -> ProviderCall:
    provider = {
        "name": "claude",
        "type": "anthropic",
        "base_url": base_url,
        "models": ["m"],
        **fields,
    }
    return ProviderCall(
        Provider.model_validate(provider),
        json.dumps(chat).encode(),
        "sk-ant",
        1,
        1,
        headers=(("anthropic-beta", "b1"),),
        query=(("trace", "on"),),
    )


class Noting(Provoked):
    """Keeps the requests."""

    def __init__(self, provoke: Any) -> None:
        super().__init__(provoke)
        self.sent: list[requests.PreparedRequest] = []

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        self.sent.append(args[0])
        return super().send(*args, **kwargs)


def session_of(provoke: Any) -> tuple[requests.Session, Noting]:
    session, adapter = requests.Session(), Noting(provoke)
    session.mount("http://", adapter)
    return session, adapter


def error(status: int, kind: str) -> Any:
    told = {"type": "error", "error": {"type": kind, "message": "as told"}}
    return answer(status, json.dumps(told).encode())


def event(value: Any) -> bytes:
    return b"event: x\ndata: " + json.dumps(value).encode() + b"\n\n"


START = event({"type": "message_start", "message": {"id": "msg_1", "model": "c"}})


@pytest.mark.parametrize("base_url", ["http://h:1", "http://h:1/v1/"])
def test_call_goes_to_messages_with_key_version_and_what_the_operator_adds(base_url: str) -> None:
    session, adapter = session_of(answer(200, b'{"content":[]}'))
    AnthropicDialect().ask(session, call_of(base_url))
    (sent,) = adapter.sent
    assert sent.url == "http://h:1/v1/messages?trace=on"
    assert sent.headers["x-api-key"] == "sk-ant"
    assert sent.headers["anthropic-version"] == "2023-06-01"
    assert sent.headers["anthropic-beta"] == "b1"
    assert "Authorization" not in sent.headers


def test_key_goes_into_the_header_that_the_provider_names() -> None:
    session, adapter = session_of(answer(200, b'{"content":[]}'))
    AnthropicDialect().ask(session, call_of(api_key_header="x-gate-key"))
    assert adapter.sent[0].headers["x-gate-key"] == "sk-ant"
    assert "x-api-key" not in adapter.sent[0].headers


@pytest.mark.parametrize(
    ("status", "kind", "told", "transient"),
    [
        (400, "invalid_request_error", 400, False),
        (401, "authentication_error", 502, False),
        (403, "permission_error", 403, False),
        (404, "not_found_error", 404, False),
        (413, "request_too_large", 413, False),
        (429, "rate_limit_error", 429, True),
        (500, "api_error", 500, True),
        (529, "overloaded_error", 503, True),
    ],
)
def test_error_has_a_status_that_clients_know_and_says_whether_to_try_again(
    status: int, kind: str, told: int, transient: bool
) -> None:
    session, _ = session_of(error(status, kind))
    with pytest.raises(ProviderError) as caught:
        AnthropicDialect().ask(session, call_of())
    assert caught.value.transient is transient
    assert caught.value.status == status
    assert caught.value.failure.status == told
    assert hiredis.pack_command((caught.value.failure.status,))
    if told != 502:
        body = json.loads(caught.value.body or b"")
        assert body["error"]["code"] == kind
        assert body["error"]["message"] == body["responseStatus"]["message"] == "as told"


@pytest.mark.parametrize(
    ("wire", "transient", "code"),
    [
        pytest.param(
            [START, event({"type": "error", "error": {"type": "overloaded_error"}})],
            True,
            "overloaded_error",
            id="overloaded in the middle",
        ),
        pytest.param(
            [event({"type": "error", "error": {"type": "invalid_request_error"}})],
            False,
            "invalid_request_error",
            id="the client's fault, told late",
        ),
        pytest.param([START], True, "provider_unavailable", id="no end"),
        pytest.param([START, b"data: {no\n\n"], True, "provider_unavailable", id="no JSON"),
    ],
)
def test_stream_that_fails_says_why(wire: list[bytes], transient: bool, code: str) -> None:
    session, _ = session_of(streaming(*wire))
    with pytest.raises(ProviderError) as caught:
        list(AnthropicDialect().stream(session, call_of()))
    assert (caught.value.transient, caught.value.failure.code) == (transient, code)
    assert hiredis.pack_command((caught.value.failure.status,))


def test_events_that_are_new_are_passed_over() -> None:
    wire = [START, event({"type": "something_new"}), event({"type": "message_stop"})]
    session, _ = session_of(streaming(*wire))
    chunks = list(AnthropicDialect(clock=lambda: 7.9).stream(session, call_of()))
    # What it has begun with, and why it ended.
    assert [json.loads(chunk)["created"] for chunk in chunks] == [7, 7]


def test_usage_of_a_stream_that_does_not_say_that_it_is_done_is_told() -> None:
    end = {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn"},
        "usage": {"input_tokens": 3, "output_tokens": 2},
    }
    session, _ = session_of(streaming(START, event(end)))
    asking = {**CHAT, "stream_options": {"include_usage": True}}
    chunks: list[bytes] = []
    with pytest.raises(EndedWithoutDone):
        chunks.extend(AnthropicDialect().stream(session, call_of(chat=asking)))
    assert json.loads(chunks[-1])["usage"]["total_tokens"] == 5


def test_what_the_request_could_not_follow_is_told_before_the_call_is_made() -> None:
    told: list[str] = []
    session, adapter = session_of(answer(200, b'{"content":[]}'))

    def note(names: Any) -> None:
        assert not adapter.sent
        told.extend(names)

    call = replace(call_of(chat={**CHAT, "temperature": 2}), adjusted=note)
    AnthropicDialect().ask(session, call)
    assert told == ["temperature"]
