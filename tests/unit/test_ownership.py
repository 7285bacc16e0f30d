"""No endpoint tells or changes anything of a job that is another owner's.

The routes are those that the app has: a new one is called here by itself, and fails unless it
answers as if there were no such job. One that is not about a job that there is, is listed below.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from flask import Flask
from pydantic import SecretStr
from werkzeug.routing import Rule

from gateway import response_view
from gateway.principal import Principal
from shared import redis_keys
from shared.api_keys.scopes import EVERYTHING, Scope
from shared.moves import Result
from shared.settings import new_callback_secret
from shared.signing import new_private_key
from tests.factories import new_settings
from tests.unit.gateway_client import ADMIN_SECRET, API_KEY, CHAT, Gateway, build

#: What stands in the foreign jobs and may not come out.
MARKER = "content-of-somebody-else"

#: Endpoints that name no job that there is, and why. `/api/` stands for `/json/reply/` too.
EXEMPT = {
    "/up": "tells nothing of jobs",
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
    settings = new_settings(
        api_key=SecretStr(API_KEY),
        auth_secret=SecretStr(ADMIN_SECRET),
        sync_timeout_s=0.1,
        callback_allow_private=True,
        callback_secret=SecretStr(new_callback_secret()),
        callback_private_keys=SecretStr(new_private_key()),
    )
    return build(fake_redis, settings)


@pytest.fixture
def stranger(gateway: Gateway) -> str:
    """Return a key that may do all but administer."""
    scopes = sorted(EVERYTHING - {Scope.ADMIN} - {s for s in Scope if s.startswith("admin")})
    made = gateway.post("/api/CreateApiKey", {"name": "s", "scopes": scopes}, key=ADMIN_SECRET)
    return str(made.json["key"])


@pytest.fixture
def jobs(gateway: Gateway) -> list[tuple[int, str]]:
    """Make jobs that wait and one that has ended, with chunks and a callback; and a response."""
    request = {
        **CHAT,
        "messages": [{"role": "user", "content": MARKER}],
        "stream": True,
    }
    made = [
        gateway.queue(refId=f"ref-{n}", replyTo=f"http://127.0.0.1:9/{MARKER}", request=request)
        for n in (1, 2)
    ]
    gateway.run(made[0]["id"], Result.response(b'{"id":"%s"}' % MARKER.encode()))
    response = {"model": "m", "input": MARKER, "background": True, "refId": "ref-3"}
    shown = gateway.post("/v1/responses", response)
    assert shown.status_code == 200, shown.data
    made.append({"id": response_view.job_id_of(shown.json["id"]), "refId": "ref-3"})
    return [(job["id"], job["refId"]) for job in made]


def plain(path: str) -> str:
    return path.replace("/json/reply/", "/api/").removesuffix(".json").removesuffix(".csv")


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method


def test_exempt_endpoints_are_there(gateway: Gateway) -> None:
    paths = {plain(rule.rule) for rule, _ in rules(gateway.client.application)}
    assert set(EXEMPT) - paths == set()


def test_every_endpoint_answers_for_a_foreign_job_as_for_none(
    gateway: Gateway, stranger: str, jobs: list[tuple[int, str]]
) -> None:
    before = [gateway.redis.hgetall(redis_keys.job(job_id)) for job_id, _ in jobs]
    wrong = []
    for rule, method in rules(gateway.client.application):
        for which in _ways_to_name(rule, jobs):
            answer = _call(gateway, stranger, rule, method, which)
            text = answer.get_data(as_text=True)
            assert MARKER not in text, f"{method} {rule} tells of a foreign job"
            if plain(rule.rule) not in EXEMPT and not _denies(answer):
                wrong.append(f"{method} {rule} {which}: {answer.status_code} {text[:200]}")
    assert wrong == []
    assert [gateway.redis.hgetall(redis_keys.job(job_id)) for job_id, _ in jobs] == before


def test_endpoint_that_forgets_the_owner_would_be_found(
    gateway: Gateway, stranger: str, jobs: list[tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.auth.principal_of", lambda key: Principal("bootstrap"))
    with pytest.raises(AssertionError, match="tells of a foreign job"):
        test_every_endpoint_answers_for_a_foreign_job_as_for_none(gateway, stranger, jobs)


def _ways_to_name(rule: Rule, jobs: list[tuple[int, str]]) -> Iterator[dict[str, Any]]:
    for job_id, ref_id in jobs:
        if "response_id" in rule.arguments:
            yield {"response_id": response_view.id_of(job_id)}
        yield {"id": job_id, "jobId": job_id}
        if not rule.arguments:
            yield {"refId": ref_id}


def _call(gateway: Gateway, key: str, rule: Rule, method: str, which: dict[str, Any]) -> Any:
    path = rule.rule
    for name in rule.arguments:
        for converter in ("", "int:", "path:", "string:"):
            path = path.replace(f"<{converter}{name}>", str(next(iter(which.values()))))
    send = {"query_string": which} if method in {"GET", "DELETE"} else {"json": which}
    return gateway.client.open(
        path, method=method, headers={"Authorization": f"Bearer {key}"}, **send
    )


def _denies(answer: Any) -> bool:
    """Whether the answer is that there is no such thing, or that the caller may not ask."""
    if answer.status_code == 403:
        return True
    return answer.status_code == 404 and answer.json["error"]["code"] != "unknown_url"
