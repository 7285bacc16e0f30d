"""No endpoint tells or changes anything of a job that is another owner's.

The routes are those that the app has: a new one is called here by itself, and fails unless it
answers as if there were no such job. One that is not about a job that there is, is listed below.
"""

from __future__ import annotations

import pytest
import redis

from shared.api_keys.principal import Principal
from shared.api_keys.scopes import Scope
from tests.support.foreign_jobs import (
    ADDRESS,
    CONTENT,
    ForeignJob,
    ask_all,
    denies,
    issue,
    make_jobs,
    new_gateway,
    routes,
    stored,
)
from tests.support.gateway_client import Gateway

#: Endpoints that name no job that there is, and why. `/api/` stands for `/json/reply/` too.
EXEMPT = {
    "/up": "tells nothing of jobs",
    "/metrics": "for who may read what admins read; tells sums alone",
    "/livez": "tells nothing of jobs",
    "/readyz": "tells nothing of jobs",
    "/v1/chat/completions": "makes a job of the caller's own",
    "/api/OpenAiChatCompletion": "makes a job of the caller's own",
    "/api/QueueOpenAiChatCompletion": "makes a job of the caller's own",
    "/v1/completions": "makes a job of the caller's own",
    "/v1/embeddings": "makes a job of the caller's own",
    "/v1/responses": "makes a job of the caller's own",
    "/api/generate": "makes a job of the caller's own",
    "/api/OllamaGeneration": "makes a job of the caller's own",
    "/api/QueueOllamaGeneration": "makes a job of the caller's own",
    "/api/GetOllamaModels": "lists models",
    "/": "leads to the chat page",
    "/chat": "leads to the chat page",
    "/Chat": "a page without content",
    "/Chat/<path:_place>": "a page without content",
    "/admin": "a page without content",
    "/admin/<path:_place>": "a page without content",
    "/static/<version>/<path:name>": "files of the pages",
    "/session": "signs in and out",
    "/api/QueryConversations": "lists the caller's own conversations",
    "/api/GetConversation": "finds among the caller's own conversations",
    "/api/SaveConversation": "saves a conversation of the caller's own",
    "/api/DeleteConversation": "finds among the caller's own conversations",
    "/api/QueryPrompts": "lists the caller's own prompts",
    "/api/SavePrompt": "saves a prompt of the caller's own",
    "/api/DeletePrompt": "finds among the caller's own prompts",
    "/v1/models": "lists models",
    "/v1/models/<path:name>": "shows a model",
    "/api/ActiveAiModels": "lists models",
    "/api/GetActiveProviders": "lists providers",
    "/api/QueryAiTypes": "lists the API dialects",
    "/api/QueryAiModels": "lists models",
    "/api/QueryJobs": "lists the caller's own jobs",
    "/api/RetryJobs": "finds among the caller's own jobs",
    "/api/GetSummaryStats": "sums up the caller's own jobs",
    "/api/GetUsage": "sums up the caller's own jobs",
    "/api/GetDeliveries": "lists the caller's own deliveries",
    "/api/ReplayDeliveries": "finds among the caller's own deliveries",
    "/api/TestCallback": "sends a sample",
    "/api/GetCallbackKeys": "lists the caller's own keys",
    "/api/RotateCallbackSecret": "changes the caller's own keys",
    "/.well-known/webhook-keys": "tells public keys",
    "/api/QueryCallbackSubscriptions": "lists the caller's own subscriptions",
    "/api/CreateCallbackSubscription": "makes a subscription of the caller's own",
    "/api/UpdateCallbackSubscription": "finds among the caller's own subscriptions",
    "/api/DeleteCallbackSubscription": "finds among the caller's own subscriptions",
}


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    return new_gateway(fake_redis)


@pytest.fixture
def stranger(gateway: Gateway) -> str:
    """Return a key that may do all but administer."""
    return issue(gateway, {scope for scope in Scope if not scope.startswith("admin")})


@pytest.fixture
def jobs(gateway: Gateway) -> list[ForeignJob]:
    return make_jobs(gateway)


def test_exempt_endpoints_are_there(gateway: Gateway) -> None:
    paths = {path for _, _, path in routes(gateway)}
    assert set(EXEMPT) - paths == set()


def test_every_endpoint_answers_for_a_foreign_job_as_for_none(
    gateway: Gateway, stranger: str, jobs: list[ForeignJob]
) -> None:
    before = stored(gateway, jobs)
    wrong = []
    for name, path, answer in ask_all(gateway, stranger, jobs):
        text = answer.get_data(as_text=True)
        assert CONTENT not in text, f"{name} tells of a foreign job"
        assert ADDRESS not in text, f"{name} tells of a foreign job"
        if path not in EXEMPT and not denies(answer):
            wrong.append(f"{name}: {answer.status_code} {text[:200]}")
    assert wrong == []
    assert stored(gateway, jobs) == before


def test_endpoint_that_forgets_the_owner_would_be_found(
    gateway: Gateway, stranger: str, jobs: list[ForeignJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "gateway.auth.authenticator.principal_of", lambda key: Principal("bootstrap")
    )
    with pytest.raises(AssertionError, match="tells of a foreign job"):
        test_every_endpoint_answers_for_a_foreign_job_as_for_none(gateway, stranger, jobs)
