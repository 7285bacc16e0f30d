"""OpenAI's Python SDK on the rest of the wire: completions, embeddings, models, headers."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from tests.acceptance.llms.canned_wire import COMPLETION, EMBEDDING, TEXT_CHUNKS
from tests.acceptance.system import event_source
from tests.acceptance.system.api import Api
from tests.acceptance.system.stack import Stack

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def client(stack: Stack) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key) as client:
        yield client


# --- text completions ---------------------------------------------------------------------------


def test_text_completion_is_returned(client: OpenAI) -> None:
    answer = client.completions.create(model="demo-instant", prompt="Once upon", n=2)
    assert answer.object == "text_completion"
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert answer.choices[1].text.endswith("You said: Once upon")
    assert answer.usage is not None


def test_text_completion_streams_what_it_says_whole(client: OpenAI) -> None:
    whole = client.completions.create(model="demo-instant", prompt="Once upon")
    chunks = list(client.completions.create(model="demo-instant", prompt="Once upon", stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == whole.choices[0].text
    assert {chunk.object for chunk in chunks} == {"text_completion"}


def test_chunks_of_a_text_completion_come_as_they_are_and_are_folded(
    stack: Stack, api: Api, client: OpenAI
) -> None:
    ref_id = uuid.uuid4().hex
    chunks = list(
        client.completions.create(
            model="text-sse", prompt="x", n=2, stream=True, extra_body={"refId": ref_id}
        )
    )
    assert [chunk.to_dict() for chunk in chunks] == TEXT_CHUNKS
    ended = api.get("/api/WaitForOpenAiChat", params={"refId": ref_id}).json()["result"]
    assert (ended["request"], ended["state"]) == ("OpenAiCompletion", "Completed")
    red, blue = json.loads(ended["responseBody"])["choices"]
    assert (red["text"], red["finish_reason"], red["x_new"]) == ("red two", "stop", {"n": 1})
    assert (blue["text"], blue["finish_reason"]) == ("blue one", "length")
    assert blue["logprobs"] == {
        "tokens": ["blue", " one"],
        "token_logprobs": [-0.5, -0.5],
        "top_logprobs": [{"blue": -0.5}, {" one": -0.5}],
        "text_offset": [0, 4],
    }


def test_text_completion_that_breaks_off_raises_api_error(client: OpenAI) -> None:
    stream = client.completions.create(model="text-sse-unfinished", prompt="x", stream=True)
    with pytest.raises(openai.APIError) as raised:
        list(stream)
    assert raised.value.code == "stream_broken"


def test_async_client_completes_and_embeds(stack: Stack) -> None:
    async def run() -> tuple[str, str, int]:
        async with AsyncOpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key) as client:
            whole, stream, vectors = await asyncio.gather(
                client.completions.create(model="demo-instant", prompt="Hi"),
                client.completions.create(model="demo-instant", prompt="Hi", stream=True),
                client.embeddings.create(model="demo-instant", input=["a", "b"]),
            )
            said = "".join([chunk.choices[0].text async for chunk in stream])
            return whole.choices[0].text, said, len(vectors.data)

    whole, streamed, count = asyncio.run(run())
    assert whole == streamed
    assert count == 2


# --- embeddings ---------------------------------------------------------------------------------


def test_embeddings_are_returned_in_either_encoding(client: OpenAI) -> None:
    texts = ["red", "blue", "red"]
    as_floats = client.embeddings.create(
        model="demo-instant", input=texts, encoding_format="float", dimensions=8
    )
    # Unless told otherwise the SDK asks for base64, and decodes it.
    decoded = client.embeddings.create(model="demo-instant", input=texts, dimensions=8)
    vectors = [one.embedding for one in decoded.data]
    assert [len(vector) for vector in vectors] == [8, 8, 8]
    assert vectors[0] == vectors[2] != vectors[1]
    for told, vector in zip(as_floats.data, vectors, strict=True):
        assert told.embedding == pytest.approx(vector, abs=1e-6)


def test_large_input_is_embedded(client: OpenAI) -> None:
    texts = [f"{number} " + "x" * 2000 for number in range(2000)]
    answer = client.embeddings.create(model="demo-instant", input=texts)
    assert [one.index for one in answer.data] == list(range(2000))


def test_embedding_has_a_status_and_a_callback_like_any_job(
    stack: Stack, api: Api, client: OpenAI
) -> None:
    path, ref_id = f"/embedded/{uuid.uuid4().hex}", uuid.uuid4().hex
    extra = {"refId": ref_id, "tag": "t", "replyTo": stack.receiver.url(path)}
    raw = client.embeddings.with_raw_response.create(
        model="odd-embedding", input="x", extra_body=extra
    )
    [callback] = stack.receiver.wait_for(path)
    assert raw.content == callback.body == EMBEDDING
    status = api.get("/api/GetOpenAiChatStatus", params={"refId": ref_id}).content
    assert b'"result":' + EMBEDDING + b"}" in status


# --- both ---------------------------------------------------------------------------------------

BODIES = [
    pytest.param(
        "/v1/completions",
        '\n{"Z_unknown":{"RefId":"kept"}, "prompt":[[1,2],[3]] ,"user":"%s","temperature":1.50,'
        '"logit_bias":{"50256":-1E2},"model":"demo-instant","stop":null} ',
        id="text completion",
    ),
    pytest.param(
        "/v1/embeddings",
        '{"input":["raw ü 漢 😀","\\u00fc \\ud83d\\ude00"], "encoding_format" : "base64","x":1e400,'
        '"user":"%s","model":"demo-instant","dimensions":4}',
        id="embedding",
    ),
    pytest.param(
        "/v1/responses",
        '{"model":"demo-instant","input":[{"role":"user","content":[{"type":"input_text","text":'
        '"%s"}],"x":1.0}],"tools":[{"type":"function","name":"f","parameters":{"RefId":{}}}],'
        '"metadata":{"maxTokens":"1"},"temperature":1.50,"store":false}',
        id="response",
    ),
]


@pytest.mark.parametrize(("path", "template"), BODIES)
def test_llm_gets_the_body_byte_for_byte_without_the_fields_of_the_gateway(
    stack: Stack, api: Api, path: str, template: str
) -> None:
    marker = uuid.uuid4().hex
    body = template.replace("%s", marker)
    sent = body.replace("{", '{"refId":"r-' + marker + '","tag":"t","timeoutSecs":60,', 1)
    answer = api.post(path, data=sent.encode(), headers=JSON)
    assert answer.status_code == 200, answer.text
    [call] = stack.llm_calls(marker)
    assert call.body.decode() == body
    assert call.path == path


@pytest.mark.parametrize(
    ("path", "model", "asks", "answer"),
    [
        ("/v1/completions", "odd-completion", {"prompt": "x"}, COMPLETION),
        ("/v1/embeddings", "odd-embedding", {"input": "x"}, EMBEDDING),
    ],
)
def test_answer_of_the_llm_comes_back_byte_for_byte(
    api: Api, path: str, model: str, asks: dict[str, str], answer: bytes
) -> None:
    assert api.post(path, json={"model": model, **asks}).content == answer


def test_names_in_other_casings_are_taken(stack: Stack, api: Api) -> None:
    marker = uuid.uuid4().hex
    body = {"Model": "demo-instant", "Prompt": marker, "maxTokens": 5, "RefId": marker}
    assert api.post("/v1/completions", json=body).status_code == 200
    [call] = stack.llm_calls(marker)
    assert json.loads(call.body) == {"model": "demo-instant", "prompt": marker, "max_tokens": 5}


def test_alias_of_a_model_reaches_the_provider_as_its_own_name(stack: Stack, api: Api) -> None:
    marker = uuid.uuid4().hex
    answer = api.post("/v1/embeddings", json={"model": "public-name", "input": marker})
    assert answer.json()["model"] == "demo-instant"


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/completions", {"model": "demo-instant"}, "prompt"),
        ("/v1/completions", {"model": "demo-instant", "prompt": 1}, "prompt"),
        ("/v1/completions", {"model": "demo-instant", "prompt": "x", "n": "2"}, "n"),
        ("/v1/completions", {"prompt": "x"}, "model"),
        ("/v1/embeddings", {"model": "demo-instant"}, "input"),
        ("/v1/embeddings", {"model": "demo-instant", "input": []}, "input"),
        ("/v1/responses", {"input": "x"}, "model"),
        ("/v1/responses", {"model": "demo-instant", "input": 7}, "input"),
        ("/v1/responses", {"model": "demo-instant", "input": "x", "background": 1}, "background"),
    ],
)
def test_bad_input_is_a_400_that_names_the_field(
    api: Api, path: str, body: dict[str, Any], param: str
) -> None:
    answer = api.post(path, json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == param
    assert answer.json()["responseStatus"]["errors"][0]["fieldName"] == param


@pytest.mark.parametrize("path", ["/v1/completions", "/v1/embeddings", "/v1/responses"])
def test_every_path_needs_a_key_and_a_model_that_exists(stack: Stack, api: Api, path: str) -> None:
    # A response's prompt is a stored one: an object with its id.
    body = {"model": "no-such", "prompt" if "completions" in path else "input": "x"}
    with stack.api(None) as nobody:
        assert nobody.post(path, json=body).status_code == 401
    answer = api.post(path, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


def test_same_ref_id_and_body_at_another_path_is_another_request(api: Api) -> None:
    body = {"model": "demo-instant", "input": "x", "refId": uuid.uuid4().hex}
    assert [api.post("/v1/embeddings", json=body).status_code for _ in range(2)] == [200, 200]
    conflict = api.post("/v1/responses", json=body)
    assert (conflict.status_code, conflict.json()["error"]["code"]) == (422, "ref_id_conflict")


def test_failure_of_the_llm_raises_its_class_and_is_not_repeated(
    stack: Stack, client: OpenAI
) -> None:
    marker = uuid.uuid4().hex
    with pytest.raises(openai.RateLimitError):
        client.embeddings.create(model="demo-fail-429", input=marker)
    assert len(stack.llm_calls(marker)) == 2


def test_stream_of_a_completion_can_be_followed_again(api: Api) -> None:
    body = {"model": "text-sse", "prompt": "x", "stream": True, "refId": uuid.uuid4().hex}
    with api.post("/v1/completions", json=body, stream=True) as answer:
        first = list(event_source.events(answer))
    params = {"refId": body["refId"], "lastEventId": first[0].id}
    with api.get("/api/StreamOpenAiChat", params=params, stream=True) as answer:
        rest = list(event_source.events(answer))
    assert rest == first[1:]
    assert rest[-1].is_done


# --- models and headers -------------------------------------------------------------------------


def test_models_are_listed_and_retrieved_also_with_slashes(client: OpenAI) -> None:
    listed = {model.id: model for model in client.models.list()}
    for name in ("demo-instant", "public/with/slashes"):
        assert client.models.retrieve(name) == listed[name]
    assert listed["public/with/slashes"].owned_by == "renamed"
    with pytest.raises(openai.NotFoundError) as raised:
        client.models.retrieve("public/with/no")
    assert (raised.value.code, raised.value.param) == ("model_not_found", "model")


def test_organization_project_and_unknown_headers_are_ignored(stack: Stack) -> None:
    marker = uuid.uuid4().hex
    with OpenAI(
        base_url=f"{stack.url}/v1",
        api_key=stack.api_key,
        organization="org-1",
        project="proj_1",
        default_headers={"X-Unknown": "1", "OpenAI-Beta": "assistants=v2"},
    ) as client:
        assert client.completions.create(model="demo-instant", prompt=marker).choices
    [call] = stack.llm_calls(marker)
    assert not {"openai-organization", "openai-project", "x-unknown", "openai-beta"} & {
        *call.headers
    }


@pytest.mark.parametrize("stream", [False, True])
def test_answers_have_the_headers_of_openai(client: OpenAI, stream: bool) -> None:
    raws: list[Any] = [
        client.models.with_raw_response.list(),
        client.completions.with_raw_response.create(
            model="demo-instant", prompt="x", stream=stream
        ),
        client.responses.with_raw_response.create(model="demo-instant", input="x", stream=stream),
    ]
    with pytest.raises(openai.NotFoundError) as raised:
        client.models.retrieve("no-such")
    for headers in [*(raw.headers for raw in raws), raised.value.response.headers]:
        assert headers["x-request-id"].startswith("req_")
        assert int(headers["openai-processing-ms"]) >= 0
        assert headers["openai-version"] == "2020-10-01"
