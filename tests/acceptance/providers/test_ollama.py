"""A provider of type `ollama`: chats, Ollama's own generations, its list of models."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from openai import OpenAI
from servicestack import BackgroundJobState, JsonServiceClient, WebServiceException

from tests.acceptance.clients import servicestack_ollama_dtos as dtos
from tests.acceptance.llms.fake_ollama import COUNTS
from tests.acceptance.system.api import Api
from tests.acceptance.system.dialect_stack import CLAUDE, GONE_LLAMA, LLAMA, DialectStack
from tests.acceptance.system.polling import until


@pytest.fixture
def client(dialects: DialectStack) -> JsonServiceClient:
    client = JsonServiceClient(dialects.stack.url)
    client.bearer_token = dialects.stack.api_key
    return client


@pytest.fixture
def ollama_api(dialects: DialectStack) -> Iterator[Api]:
    with dialects.stack.api() as api:
        yield api


def test_chat_goes_to_the_endpoint_of_openais_api(dialects: DialectStack) -> None:
    with OpenAI(base_url=f"{dialects.stack.url}/v1", api_key=dialects.stack.api_key) as openai:
        said = openai.chat.completions.create(
            model=LLAMA, messages=[{"role": "user", "content": "Hi"}]
        )
    assert said.choices[0].message.content == "You said: Hi"
    assert said.system_fingerprint == "fp_ollama"


def test_generation_is_answered_as_ollama_answers(
    dialects: DialectStack, client: JsonServiceClient
) -> None:
    marker = uuid.uuid4().hex
    answer = client.post(
        dtos.OllamaGeneration(model=LLAMA, prompt=marker, tag="t", keep_alive="5m")
    )
    assert answer.response == f"You said: {marker}"
    assert (answer.done, answer.done_reason) == (True, "stop")
    assert answer.total_duration == COUNTS["total_duration"]
    (sent,) = dialects.ollama.generations_of(marker)
    # The gateway's own fields are taken out, the client's spelling is Ollama's again.
    assert json.loads(sent) == {
        "model": LLAMA,
        "prompt": marker,
        "keep_alive": "5m",
        "stream": False,
    }


def test_queued_generation_is_asked_for_by_its_status(
    dialects: DialectStack, client: JsonServiceClient
) -> None:
    ref_id, path = uuid.uuid4().hex, f"/ollama/{uuid.uuid4().hex}"
    queued = client.post(
        dtos.QueueOllamaGeneration(
            ref_id=ref_id,
            reply_to=dialects.stack.receiver.url(path),
            request=dtos.OllamaGenerate(model=LLAMA, prompt="later", options={"seed": 123}),
        )
    )
    assert queued.status_url.endswith(f"/api/GetOllamaGenerationStatus?RefId={ref_id}")

    def look() -> Any:
        status = client.get(dtos.GetOllamaGenerationStatus(ref_id=ref_id))
        return status if status.job_state == BackgroundJobState.COMPLETED else None

    status = until(look, "the generation is completed")
    assert (status.job_id, status.ref_id) == (queued.id, ref_id)
    assert status.result.response == "You said: later"
    (callback,) = dialects.stack.receiver.wait_for(path)
    assert json.loads(callback.body)["response"] == "You said: later"


def test_generation_at_ollamas_own_path_comes_line_by_line(ollama_api: Api) -> None:
    response = ollama_api.post("/api/generate", json={"model": LLAMA, "prompt": "Hi"})
    assert response.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert [line["response"] for line in lines] == ["You ", "said: ", "Hi", ""]
    assert [line["done"] for line in lines] == [False, False, False, True]
    job = ollama_api.until_ended(int(response.headers["x-job-id"]))
    assert job["result"]["response"] == "You said: Hi"
    assert job["result"]["eval_count"] == COUNTS["eval_count"]


def test_generation_at_ollamas_own_path_comes_whole_when_it_asks_so(ollama_api: Api) -> None:
    body = {"model": LLAMA, "prompt": "Hi", "stream": False}
    response = ollama_api.post("/api/generate", json=body)
    assert response.headers["content-type"] == "application/json"
    assert response.json()["response"] == "You said: Hi"


def test_generation_that_fails_in_the_middle_ends_with_ollamas_error(ollama_api: Api) -> None:
    response = ollama_api.post("/api/generate", json={"model": LLAMA, "prompt": "break off"})
    assert json.loads(response.text.splitlines()[-1]) == {"error": "out of memory"}
    job = ollama_api.until_ended(int(response.headers["x-job-id"]))
    assert job["jobState"] == "Failed"


@pytest.mark.parametrize(
    ("request_", "status", "message"),
    [
        pytest.param({"model": LLAMA, "prompt": 3}, 400, "prompt", id="prompt that is no text"),
        pytest.param({"prompt": "x"}, 400, "model", id="no model"),
        pytest.param({"model": "none", "prompt": "x"}, 404, "'none'", id="unknown model"),
        pytest.param(
            {"model": CLAUDE, "prompt": "x"}, 400, "does not support", id="model of another type"
        ),
        pytest.param(
            {"model": LLAMA, "prompt": "x", "format": "wrong"},
            400,
            "invalid format",
            id="what Ollama refuses",
        ),
        pytest.param(
            {"model": GONE_LLAMA, "prompt": "x"}, 404, "not found", id="model that Ollama lacks"
        ),
    ],
)
def test_generation_that_cannot_be_is_refused(
    ollama_api: Api, request_: dict[str, Any], status: int, message: str
) -> None:
    for path in ("/api/generate", "/api/OllamaGeneration"):
        response = ollama_api.post(path, json=request_)
        assert response.status_code == status, path
        error = response.json()["error"]
        # Ollama's clients show what stands there as a text.
        assert message in (error if path == "/api/generate" else error["message"])


def test_models_are_those_that_ollama_has(client: JsonServiceClient) -> None:
    for named in (None, "ollama"):
        answer = client.get(dtos.GetOllamaModels(provider=named))
        assert [model["name"] for model in answer.results] == [LLAMA]
    with pytest.raises(WebServiceException) as raised:
        client.get(dtos.GetOllamaModels(provider="claude"))
    assert raised.value.status_code == 404


def test_models_need_a_key(dialects: DialectStack) -> None:
    with dialects.stack.api(None) as nobody:
        assert nobody.get("/api/GetOllamaModels").status_code == 401
