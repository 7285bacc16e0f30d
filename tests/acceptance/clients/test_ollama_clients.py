"""Ollama's own Python client, at a gateway whose models are no Ollama's."""

from __future__ import annotations

import json
from collections.abc import Iterator

import ollama
import pytest
import requests

from tests.acceptance.system.stack import Stack

MODEL = "demo-instant"
HELLO = [{"role": "user", "content": "Say hello"}]
TOOL = {
    "type": "function",
    "function": {"name": "look_up", "description": "", "parameters": {"type": "object"}},
}


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[ollama.Client]:
    client = ollama.Client(stack.url, headers={"Authorization": f"Bearer {stack.api_key}"})
    yield client
    client._client.close()


def test_chat_is_answered_whole(client: ollama.Client) -> None:
    answer = client.chat(MODEL, HELLO)
    assert answer.message.content.endswith("You said: Say hello")
    assert (answer.model, answer.done, answer.done_reason) == (MODEL, True, "stop")
    assert answer.eval_count > 0
    assert answer.prompt_eval_count > 0


def test_chat_is_answered_line_by_line(client: ollama.Client) -> None:
    lines = list(client.chat(MODEL, HELLO, stream=True))
    assert [line.done for line in lines] == [False] * (len(lines) - 1) + [True]
    assert len(lines) > 2
    text = "".join(line.message.content or "" for line in lines)
    assert text.endswith("You said: Say hello")
    assert lines[-1].eval_count > 0


@pytest.mark.parametrize("stream", [False, True])
def test_tools_are_called_with_objects(client: ollama.Client, stream: bool) -> None:
    asked = [{"role": "user", "content": "use tool"}]
    told = client.chat(MODEL, asked, tools=[TOOL], stream=stream)
    lines = list(told) if stream else [told]
    calls = [call for line in lines for call in line.message.tool_calls or ()]
    assert [call.function.name for call in calls] == ["look_up"]
    assert isinstance(calls[0].function.arguments, dict)
    following = [*asked, lines[-2 if stream else -1].message, {"role": "tool", "content": "42"}]
    assert client.chat(MODEL, following).message.content


def test_embeddings_come_in_both_forms(client: ollama.Client) -> None:
    answer = client.embed(MODEL, ["a", "b"])
    assert len(answer.embeddings) == 2
    assert client.embeddings(MODEL, "a").embedding == answer.embeddings[0]


def test_models_are_listed_and_shown(client: ollama.Client) -> None:
    assert MODEL in [model.model for model in client.list().models]
    assert "tools" in client.show(MODEL).capabilities


def test_failures_are_told_as_texts(client: ollama.Client) -> None:
    for call in (client.show, lambda name: client.chat(name, HELLO)):
        with pytest.raises(ollama.ResponseError, match="none") as raised:
            call("none")
        assert (raised.value.status_code, type(raised.value.error)) == (404, str)
    with pytest.raises(ollama.ResponseError) as raised:
        client.chat("demo-fail-400", HELLO)
    assert (raised.value.status_code, type(raised.value.error)) == (400, str)
    with pytest.raises(ollama.ResponseError) as raised:
        list(client.chat("demo-fail-400", HELLO, stream=True))
    assert raised.value.status_code == 400


def test_chat_without_messages_loads_the_model(client: ollama.Client) -> None:
    assert client.chat(MODEL, []).done_reason == "load"


def test_version_is_told_without_a_key_and_dtos_stand_beside(stack: Stack) -> None:
    assert requests.get(f"{stack.url}/api/version", timeout=60).json()["version"]
    told = requests.get(f"{stack.url}/api/Hello", timeout=60).json()
    assert told == {"result": "Hello, World!"}


def test_lines_are_ndjson(stack: Stack) -> None:
    with stack.api() as api:
        answer = api.post("/api/chat", json={"model": MODEL, "messages": HELLO})
        assert answer.headers["content-type"] == "application/x-ndjson"
        lines = [json.loads(line) for line in answer.text.splitlines()]
    assert {"model", "created_at", "message", "done"} <= set(lines[0])
