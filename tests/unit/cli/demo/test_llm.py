"""The demo LLM: what its models' names mean, and what it says on the wire."""

from __future__ import annotations

import base64
import json
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from cli.demo.behaviour import MODELS, Behaviour, parse_model
from cli.demo.llm import DemoLlm

MESSAGES = [{"role": "user", "content": "Say hello"}]


@pytest.mark.parametrize(
    ("model", "behaviour"),
    [
        pytest.param("demo", Behaviour(), id="plain"),
        pytest.param("demo-instant", Behaviour(word_s=0.0), id="instant"),
        pytest.param("demo-slow", Behaviour(delay_s=5.0), id="slow by default"),
        pytest.param("demo-slow-7s", Behaviour(delay_s=7.0), id="slow in seconds"),
        pytest.param("demo-slow-250ms", Behaviour(delay_s=0.25), id="slow in milliseconds"),
        pytest.param("demo-fail-503", Behaviour(fail_status=503), id="fail"),
        pytest.param("demo-flaky-2", Behaviour(flaky_times=2), id="flaky"),
        pytest.param("demo-hang", Behaviour(hang=True), id="hang"),
        pytest.param("demo-reset", Behaviour(reset=True), id="reset"),
        pytest.param("demo-garbage", Behaviour(garbage=True), id="garbage"),
        pytest.param("demo-echo", Behaviour(echo=True, word_s=0.0), id="echo"),
        pytest.param(
            "demo-slow-100ms-fail-429",
            Behaviour(delay_s=0.1, fail_status=429),
            id="parts combine",
        ),
        pytest.param(
            "demo-flaky-1-slow-instant",
            Behaviour(delay_s=5.0, flaky_times=1, word_s=0.0),
            id="in any order",
        ),
    ],
)
def test_parse_model_reads_the_behaviour_from_the_name(model: str, behaviour: Behaviour) -> None:
    assert parse_model(model) == behaviour


@pytest.mark.parametrize(
    "model",
    ["", "gpt-4o", "demon", "demo-", "demo-fast", "demo-fail-200", "demo-slow-5", "demo-echox"],
)
def test_parse_model_returns_none_for_a_name_it_does_not_know(model: str) -> None:
    assert parse_model(model) is None


def test_every_listed_model_is_one_it_knows() -> None:
    assert [name for name in MODELS if parse_model(name) is None] == []


@pytest.fixture(scope="module")
def llm() -> Iterator[DemoLlm]:
    with DemoLlm() as server:
        yield server


def ask(llm: DemoLlm, model: str, **fields: Any) -> requests.Response:
    body = {"model": model, "messages": MESSAGES, **fields}
    return requests.post(f"{llm.url}/chat/completions", json=body, timeout=60)


def test_completion_says_plainly_that_it_is_a_demo(llm: DemoLlm) -> None:
    response = ask(llm, "demo")
    completion = response.json()
    assert response.status_code == 200
    assert completion["object"] == "chat.completion"
    assert isinstance(completion["created"], int)
    assert completion["model"] == "demo"
    choice = completion["choices"][0]
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["role"] == "assistant"
    assert "demo LLM, not a real model" in choice["message"]["content"]
    assert "Say hello" in choice["message"]["content"]
    usage = completion["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_completion_calls_a_tool_when_the_user_asks_for_it(llm: DemoLlm) -> None:
    tools = [{"type": "function", "function": {"name": "look_up"}}]
    messages = [{"role": "user", "content": [{"type": "text", "text": "Please use tool now"}]}]
    choice = ask(llm, "demo-instant", tools=tools, messages=messages).json()["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"][0]["function"] == {"name": "look_up", "arguments": "{}"}


def events_of(response: requests.Response) -> list[str]:
    text = response.content.decode()
    assert text.endswith("\n\n")
    return [event.removeprefix("data: ") for event in text[:-2].split("\n\n")]


def test_stream_is_the_same_answer_word_by_word_with_usage_and_done(llm: DemoLlm) -> None:
    whole = ask(llm, "demo-instant").json()
    streamed = ask(llm, "demo-instant", stream=True, stream_options={"include_usage": True})
    *chunks, done = events_of(streamed)
    parsed = [json.loads(chunk) for chunk in chunks]
    assert streamed.headers["content-type"] == "text/event-stream"
    assert done == "[DONE]"
    assert {chunk["object"] for chunk in parsed} == {"chat.completion.chunk"}
    words = [c["choices"][0]["delta"].get("content") or "" for c in parsed[:-1]]
    assert "".join(words) == whole["choices"][0]["message"]["content"]
    assert len([word for word in words if word]) > 5
    assert parsed[-2]["choices"][0]["finish_reason"] == "stop"
    assert parsed[-1]["choices"] == []
    assert parsed[-1]["usage"] == whole["usage"]


def test_stream_has_no_usage_when_it_was_not_asked_for(llm: DemoLlm) -> None:
    *chunks, _ = events_of(ask(llm, "demo-instant", stream=True))
    assert all("usage" not in json.loads(chunk) for chunk in chunks)


@pytest.mark.parametrize(
    ("status", "kind", "retry_after"),
    [
        (400, "invalid_request_error", None),
        (429, "rate_limit_exceeded", "1"),
        (503, "server_error", "1"),
        (500, "server_error", None),
        (529, "server_error", None),
    ],
)
def test_fail_answers_that_status_with_openais_error_body(
    llm: DemoLlm, status: int, kind: str, retry_after: str | None
) -> None:
    response = ask(llm, f"demo-fail-{status}")
    assert response.status_code == status
    assert response.json()["error"]["type"] == kind
    assert response.headers.get("retry-after") == retry_after


def test_flaky_fails_each_distinct_request_that_often_then_works(llm: DemoLlm) -> None:
    first = [ask(llm, "demo-flaky-2-instant", user="a").status_code for _ in range(4)]
    second = [ask(llm, "demo-flaky-2-instant", user="b").status_code for _ in range(3)]
    assert first == [500, 500, 200, 200]
    assert second == [500, 500, 200]


def test_echo_answers_the_request_body_exactly(llm: DemoLlm) -> None:
    body = '{"model":"demo-echo", "messages":[],  "x":1.50, "n":9007199254740993, "ü":"\\u00fc"}'
    response = requests.post(f"{llm.url}/chat/completions", data=body.encode(), timeout=60)
    assert response.json()["choices"][0]["message"]["content"] == body


def test_reset_closes_the_connection_without_an_answer(llm: DemoLlm) -> None:
    with pytest.raises(requests.ConnectionError):
        ask(llm, "demo-reset")


def test_garbage_answers_200_with_what_is_not_json(llm: DemoLlm) -> None:
    response = ask(llm, "demo-garbage")
    assert response.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        response.json()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"{", 400, id="not JSON"),
        pytest.param(b"[]", 400, id="not an object"),
        pytest.param(b'{"model":"demo"}', 400, id="no messages"),
        pytest.param(b'{"messages":[]}', 400, id="no model"),
        pytest.param(b'{"model":"gpt","messages":[]}', 404, id="unknown model"),
    ],
)
def test_bad_requests_are_refused_as_an_llm_would(llm: DemoLlm, body: bytes, status: int) -> None:
    response = requests.post(f"{llm.url}/chat/completions", data=body, timeout=60)
    assert response.status_code == status
    assert response.json()["error"]["message"]


def test_models_are_listed_and_described(llm: DemoLlm) -> None:
    listed = requests.get(f"{llm.url}/models", timeout=60).json()
    assert [card["id"] for card in listed["data"]] == list(MODELS)
    assert requests.get(f"{llm.url}/models/demo-slow-1s", timeout=60).json()["object"] == "model"
    assert requests.get(f"{llm.url}/models/other", timeout=60).status_code == 404


def test_requests_are_there_from_their_arrival_and_know_when_the_client_left() -> None:
    with DemoLlm() as llm:
        host, port = "127.0.0.1", int(llm.url.split(":")[2].split("/")[0])
        body = b'{"model":"demo-hang","messages":[]}'
        head = b"POST /v1/chat/completions?x=%41 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n"
        with socket.create_connection((host, port), timeout=60) as client:
            client.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            [arrived] = llm.recording.wait_for(1, timeout_s=60)
    assert arrived.path == "/v1/chat/completions?x=%41"
    assert arrived.headers["authorization"] == "[redacted]"
    assert arrived.body == body
    assert arrived.status is None
    assert arrived.finished is False


def test_record_has_a_line_of_json_for_each_request(tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    with DemoLlm(record=file) as llm:
        ask(llm, "demo-instant")
        list(ask(llm, "demo-instant", stream=True).iter_lines())
        requests.post(f"{llm.url}/chat/completions", data=b"\xff", timeout=60)
    first, streamed, binary = (json.loads(line) for line in file.read_text().splitlines())
    assert json.loads(first["body"])["messages"] == MESSAGES
    assert (first["status"], first["finished"]) == (200, True)
    assert (streamed["status"], streamed["finished"]) == (200, True)
    assert base64.b64decode(binary["body_base64"]) == b"\xff"
    assert binary["status"] == 400


def test_api_key_is_required_when_one_is_set() -> None:
    with DemoLlm(api_key="sk-right") as llm:
        refused = ask(llm, "demo-instant")
        accepted = requests.get(
            f"{llm.url}/models", headers={"authorization": "Bearer sk-right"}, timeout=60
        )
    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "invalid_api_key"
    assert accepted.status_code == 200


def test_start_raises_when_the_port_is_taken(llm: DemoLlm) -> None:
    port = int(llm.url.split(":")[2].split("/")[0])
    with pytest.raises(OSError, match="in use"):
        DemoLlm(port=port).start()


# --- the other APIs -----------------------------------------------------------------------------


def post(llm: DemoLlm, path: str, **body: Any) -> requests.Response:
    return requests.post(f"{llm.url}/{path}", json={"model": "demo-instant", **body}, timeout=60)


def test_text_completion_is_the_same_whole_and_streamed(llm: DemoLlm) -> None:
    whole = post(llm, "completions", prompt="Once", n=2).json()
    asked = {"prompt": "Once", "n": 2, "stream": True, "stream_options": {"include_usage": True}}
    *chunks, done = events_of(post(llm, "completions", **asked))
    parsed = [json.loads(chunk) for chunk in chunks]
    assert done == "[DONE]"
    assert {value["object"] for value in (whole, *parsed)} == {"text_completion"}
    for index in (0, 1):
        choices = [c for chunk in parsed for c in chunk["choices"] if c["index"] == index]
        assert "".join(c["text"] for c in choices) == whole["choices"][index]["text"]
        assert choices[-1]["finish_reason"] == "stop"
    assert parsed[-1]["usage"] == whole["usage"]


def test_embeddings_are_the_same_for_the_same_input_in_either_encoding(llm: DemoLlm) -> None:
    plain = post(llm, "embeddings", input=["a", "b", "a"], dimensions=4).json()["data"]
    packed = post(llm, "embeddings", input="a", dimensions=4, encoding_format="base64").json()
    vectors = [row["embedding"] for row in plain]
    assert vectors[0] == vectors[2] != vectors[1]
    unpacked = struct.unpack("<4f", base64.b64decode(packed["data"][0]["embedding"]))
    assert list(unpacked) == pytest.approx(vectors[0], abs=1e-6)


@pytest.mark.parametrize(
    ("given", "count"), [([1, 2, 3], 1), ([[1, 2], [3]], 2), ("text", 1), (["a", "b"], 2)]
)
def test_embeddings_are_one_for_each_input(llm: DemoLlm, given: Any, count: int) -> None:
    answer = post(llm, "embeddings", input=given).json()
    assert [row["index"] for row in answer["data"]] == list(range(count))
    assert answer["usage"]["total_tokens"] > 0


def test_response_is_the_same_whole_and_streamed(llm: DemoLlm) -> None:
    whole = post(llm, "responses", input="Say hello", metadata={"a": "b"}).json()
    text = post(llm, "responses", input="Say hello", stream=True).text
    blocks = [block.split("\n") for block in text.strip().split("\n\n")]
    events = [json.loads(data.removeprefix("data: ")) for _, data in blocks]
    assert [name for name, _ in blocks] == [f"event: {event['type']}" for event in events]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    said = "".join(e["delta"] for e in events if e["type"] == "response.output_text.delta")
    last = events[-1]["response"]
    for response in (whole, last):
        assert response["status"] == "completed"
        assert response["output"][0]["content"][0]["text"] == said
    assert whole["metadata"] == {"a": "b"}
    assert "Say hello" in said


@pytest.mark.parametrize(
    ("path", "body"),
    [("completions", {}), ("completions", {"prompt": 1}), ("embeddings", {}), ("responses", {})],
)
def test_bad_requests_of_the_other_apis_are_refused(llm: DemoLlm, path: str, body: Any) -> None:
    assert post(llm, path, **body).status_code == 400
