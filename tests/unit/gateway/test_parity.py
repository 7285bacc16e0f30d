"""What AI Server's clients meet, where it differs from what OpenAI's do."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from shared.jobs.failures import CANCELLED
from shared.jobs.moves import Result
from tests.support.factories import new_settings
from tests.support.foreign.jobs import new_gateway
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, CHAT, PROVIDERS, Gateway, build


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    return new_gateway(fake_redis)


@pytest.mark.parametrize("dto", ["GetOpenAiChat", "WaitForOpenAiChat", "GetOpenAiChatStatus"])
def test_failed_job_is_read_with_a_response_status(gateway: Gateway, dto: str) -> None:
    made = gateway.queue(refId="a")
    gateway.run(made["id"], Result.failure(CANCELLED, cancelled=True))
    status = gateway.get(f"/api/{dto}?refId=a").json["responseStatus"]
    assert status["errorCode"] == CANCELLED.error_code
    assert status["message"] == CANCELLED.message


def test_job_that_went_well_is_read_without(gateway: Gateway) -> None:
    gateway.run(gateway.queue(refId="a")["id"], Result.response(b"{}"))
    assert "responseStatus" not in gateway.get("/api/GetOpenAiChat?refId=a").json


@pytest.mark.parametrize(
    ("sent", "asked"),
    [
        pytest.param(
            {"response_format": {"response_format": "json_object"}},
            b'"response_format": {"type": "json_object"}',
            id="AI Server nests the format",
        ),
        pytest.param(
            {"responseFormat": {"responseFormat": "text"}},
            b'"response_format": {"type": "text"}',
            id="in camel case",
        ),
        pytest.param({"max_tokens": 50.0}, b'"max_tokens": 50}', id="whole number with a point"),
        pytest.param({"maxTokens": 5e1}, b'"max_tokens": 50}', id="in another casing"),
        pytest.param({"n": 1.0, "seed": -3.0}, b'"n": 1, "seed": -3}', id="two of them"),
        pytest.param({"temperature": 1.0}, b'"temperature": 1.0}', id="which may have one"),
    ],
)
def test_request_reaches_the_model_in_openais_words(
    gateway: Gateway, sent: dict[str, Any], asked: bytes
) -> None:
    for request in ({"request": {**CHAT, **sent}}, {"request": {**CHAT, **sent}, "tag": "t"}):
        job = gateway.jobs.get(gateway.queue(**request)["id"])
        assert job is not None
        assert asked in job.request


@pytest.mark.parametrize("number", [50.5, 1e300, True, "50", -(2.0**60)])
def test_number_that_is_not_whole_is_refused(gateway: Gateway, number: Any) -> None:
    answer = gateway.post("/v1/chat/completions", {**CHAT, "max_tokens": number})
    assert (answer.status_code, answer.json["error"]["param"]) == (400, "max_tokens")


def test_whole_number_with_a_point_is_taken_in_every_call(gateway: Gateway) -> None:
    made = gateway.queue(refId="a")
    for query in ({"jobId": float(made["id"])}, {"jobId": f"{made['id']}.0"}):
        assert gateway.post("/api/GetOpenAiChatStatus", query).json["refId"] == "a"


@pytest.mark.parametrize(
    ("name", "url", "type_", "base_url"),
    [
        ("Open AI", "https://api.openai.com", "openai", "https://api.openai.com/v1"),
        ("OpenAiProvider", "http://llm:8000/v1/", "openai", "http://llm:8000/v1/"),
        ("Custom", "http://llm:8000", "openai", "http://llm:8000/v1"),
        ("OllamaAiProvider", "http://llm:11434", "ollama", "http://llm:11434/"),
        ("Anthropic", "https://api.anthropic.com", "anthropic", "https://api.anthropic.com/"),
        ("Groq", "https://api.groq.com/openai", "openai", "https://api.groq.com/openai/v1"),
        ("OpenRouter", None, "openai", "https://openrouter.ai/api/v1"),
        ("GoogleAiProvider", "https://generativelanguage.googleapis.com", "openai", None),
        ("openai", "http://llm:8000", "openai", "http://llm:8000/"),
    ],
)
def test_provider_is_added_as_ai_server_names_it(
    gateway: Gateway, name: str, url: str | None, type_: str, base_url: str | None
) -> None:
    wanted = {"name": "p", "aiTypeId": name, "apiBaseUrl": url, "models": [{"model": "x"}]}
    answer = gateway.post("/api/CreateAiProvider", wanted, key=ADMIN_SECRET)
    assert answer.status_code == 200, answer.data
    found = gateway.get("/api/QueryAiProviders?name=p", key=ADMIN_SECRET).json["results"][0]
    assert found["aiTypeId"] == type_
    assert base_url in (None, found["apiBaseUrl"])


def test_type_that_nobody_knows_is_refused(gateway: Gateway) -> None:
    wanted = {"name": "p", "aiTypeId": "Bogus", "apiBaseUrl": "http://x", "selectedModels": ["x"]}
    answer = gateway.post("/api/CreateAiProvider", wanted, key=ADMIN_SECRET)
    assert (answer.status_code, answer.json["error"]["param"]) == (400, "aiTypeId")


def test_vision_shows_models_that_see(fake_redis: redis.Redis) -> None:
    models = {"llava:7b": "llava:7b", "eyes": "qwen2.5-vl-7b", "llama3.1:8b": "llama3.1:8b"}
    providers = [PROVIDERS[0].model_copy(update={"models": models})]
    gateway = build(fake_redis, new_settings(api_key=API_KEY), providers)
    seeing = gateway.get("/api/ActiveAiModels?Vision=true").json["results"]
    assert seeing == ["eyes", "llava:7b"]
    rows = gateway.get("/api/QueryAiModels?vision=true").json["results"]
    assert [row["id"] for row in rows] == seeing
    for every in ("", "?vision=false"):
        assert len(gateway.get(f"/api/ActiveAiModels{every}").json["results"]) == 3


def test_custom_models_are_all_models(gateway: Gateway) -> None:
    assert gateway.get("/api/ActiveCustomAiModels").json["results"] == ["m", "n"]


@pytest.mark.parametrize("path", ["/models/a/b%3C/image", "/api/GetModelImage?model=a/b%3C"])
def test_model_has_a_picture(gateway: Gateway, path: str) -> None:
    answer = gateway.get(path, key=None)
    assert answer.mimetype == "image/svg+xml"
    assert b"<title>a/b&lt;</title>" in answer.data


@pytest.mark.parametrize("path", ["/api/Hello?name=you", "/hello/you"])
def test_hello_greets(gateway: Gateway, path: str) -> None:
    assert gateway.get(path, key=None).json == {"result": "Hello, you!"}
    assert gateway.post("/api/Hello", {"Name": "you"}, key=None).json["result"] == "Hello, you!"


def test_admin_data_counts(gateway: Gateway) -> None:
    told = gateway.get("/api/AdminData", key=ADMIN_SECRET).json["pageStats"]
    assert {"label": "AiModels", "total": 2} in told
    assert gateway.get("/api/AdminData").status_code == 403


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/chat/completions", "/v1/chat/completions"),
        ("/v1/v1/chat/completions", "/v1/chat/completions"),
        ("/v1/chat/completions/", "/v1/chat/completions"),
        ("/openai/v1/chat/completions", "/v1/chat/completions"),
        ("/api/v1/chat/completions", "/v1/chat/completions"),
        ("/api/chat/completions", "/v1/chat/completions"),
        ("/openai/deployments/m/chat/completions", "/v1/chat/completions"),
        ("/embeddings", "/v1/embeddings"),
        ("/responses", "/v1/responses"),
        ("/v1//responses", "/v1/responses"),
        ("/v1/api/QueueOpenAiChatCompletion", "/api/QueueOpenAiChatCompletion"),
        ("/api/api/QueueOpenAiChatCompletion", "/api/QueueOpenAiChatCompletion"),
        ("/api/QueueOpenAiChatCompletion/", "/api/QueueOpenAiChatCompletion"),
    ],
)
def test_wrong_path_is_told_the_right_base_url(gateway: Gateway, path: str, meant: str) -> None:
    answer = gateway.post(path, CHAT)
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "unknown_url")
    message = answer.json["error"]["message"]
    assert f"did you mean {meant}?" in message
    base = "http://localhost/v1" if meant.startswith("/v1") else "http://localhost."
    assert base in message


@pytest.mark.parametrize("path", ["/models", "/v1/v1/models", "/v1/models/"])
def test_wrong_path_of_a_list_is_told_so_too(gateway: Gateway, path: str) -> None:
    message = gateway.get(path).json["error"]["message"]
    assert "did you mean /v1/models?" in message


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/api/QueueOpenAiChat", "/api/QueueOpenAiChatCompletion"),
        ("/json/reply/OpenAIChatCompletion", "/json/reply/OpenAiChatCompletion"),
    ],
)
def test_mistyped_dto_is_told_the_one_that_is_alike(
    gateway: Gateway, path: str, meant: str
) -> None:
    message = gateway.post(path, CHAT).json["error"]["message"]
    assert message == f"There is no endpoint POST {path}; did you mean {meant}?"


@pytest.mark.parametrize("path", ["/nothing", "/v1/nothing", "/api/Nothing", "/" + "x" * 5000])
def test_path_that_means_nothing_is_told_as_before(gateway: Gateway, path: str) -> None:
    answer = gateway.get(path)
    assert answer.status_code == 404
    assert "did you mean" not in answer.json["error"]["message"]
