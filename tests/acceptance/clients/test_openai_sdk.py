"""OpenAI's Python SDK with another base URL, and nothing else changed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import openai
import pytest
from openai import OpenAI

from tests.acceptance.system.stack import Stack


@pytest.fixture
def client(stack: Stack) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key) as client:
        yield client


def messages(text: str = "Say hello") -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def test_completion_is_returned(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="demo-instant", messages=messages())
    assert answer.object == "chat.completion"
    assert answer.choices[0].message.content.endswith("You said: Say hello")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_tools_come_through_both_ways(client: OpenAI) -> None:
    tool = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
    answer = client.chat.completions.create(
        model="demo-instant", messages=messages("use tool"), tools=[tool]
    )
    assert answer.choices[0].message.tool_calls[0].function.name == "look_up"


def test_response_has_the_headers_of_openai(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="demo-instant", messages=messages()
    )
    assert raw.headers["x-request-id"].startswith("req_")
    assert int(raw.headers["openai-processing-ms"]) >= 0
    assert raw.headers["content-type"] == "application/json"
    assert raw.parse()._request_id == raw.headers["x-request-id"]


def test_request_id_of_the_client_comes_back(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="demo-instant", messages=messages(), extra_headers={"x-request-id": "mine-1"}
    )
    assert raw.headers["x-request-id"] == "mine-1"


def test_models_are_listed_and_retrieved(client: OpenAI) -> None:
    ids = [model.id for model in client.models.list()]
    assert "demo-instant" in ids
    model = client.models.retrieve("demo-instant")
    assert (model.id, model.object, model.owned_by) == ("demo-instant", "model", "demo")
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no-such-model")


def test_wrong_key_raises_authentication_error(stack: Stack) -> None:
    with (
        OpenAI(base_url=f"{stack.url}/v1", api_key="sk-wrong") as client,
        pytest.raises(openai.AuthenticationError) as raised,
    ):
        client.chat.completions.create(model="demo-instant", messages=messages())
    assert (raised.value.code, raised.value.type) == ("invalid_api_key", "invalid_request_error")
    assert raised.value.request_id


def test_unknown_model_raises_not_found_error(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        client.chat.completions.create(model="no-such-model", messages=messages())
    assert (raised.value.code, raised.value.param) == ("model_not_found", "model")


def test_empty_messages_raise_bad_request_error(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(model="demo-instant", messages=[])
    assert raised.value.param == "messages"


@pytest.mark.parametrize(
    ("model", "error", "kind", "calls"),
    [
        pytest.param(
            "demo-fail-400",
            openai.BadRequestError,
            "invalid_request_error",
            1,
            id="the client's mistake comes back as it is",
        ),
        pytest.param(
            "demo-fail-429",
            openai.RateLimitError,
            "rate_limit_exceeded",
            2,
            id="a limit that stays ends after all attempts",
        ),
        pytest.param(
            "demo-fail-500",
            openai.InternalServerError,
            "server_error",
            2,
            id="a failure that stays ends after all attempts",
        ),
        pytest.param(
            "demo-garbage",
            openai.InternalServerError,
            "server_error",
            2,
            id="an answer that is none ends after all attempts",
        ),
    ],
)
def test_failures_of_the_llm_raise_their_class_and_are_not_repeated_by_the_sdk(
    stack: Stack,
    client: OpenAI,
    model: str,
    error: type[openai.APIStatusError],
    kind: str,
    calls: int,
) -> None:
    marker = uuid.uuid4().hex
    with pytest.raises(error) as raised:
        client.chat.completions.create(model=model, messages=messages(marker), user=marker)
    assert raised.value.type == kind
    assert raised.value.response.headers["x-should-retry"] == "false"
    # The gateway made all attempts within one job: two settings' worth, not three times that.
    assert len(stack.llm_calls(marker)) == calls


def test_failure_that_passes_is_retried_within_the_call(stack: Stack, client: OpenAI) -> None:
    marker = uuid.uuid4().hex
    answer = client.chat.completions.create(model="demo-flaky-1", messages=messages(marker))
    assert marker in answer.choices[0].message.content
    assert [call.status for call in stack.llm_calls(marker)] == [500, 200]


def test_ref_id_conflict_raises_unprocessable_entity_error(stack: Stack, client: OpenAI) -> None:
    ref_id = uuid.uuid4().hex
    for _ in range(2):
        client.chat.completions.create(
            model="demo-instant", messages=messages(ref_id), extra_body={"refId": ref_id}
        )
    with pytest.raises(openai.UnprocessableEntityError) as raised:
        client.chat.completions.create(
            model="demo-instant", messages=messages("other"), extra_body={"ref_id": ref_id}
        )
    assert (raised.value.code, raised.value.param) == ("ref_id_conflict", "refId")
    assert len(stack.llm_calls(ref_id)) == 1
