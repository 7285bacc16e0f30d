"""Names as long as people give them, in every list of the pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from shared.api_keys.scopes import Scope
from tests.acceptance.pages.driving.admin_scene import admin_api, issue_key
from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack

#: A name of 64 letters without a gap, as programs make them.
NAME: Final = "Nightly_extraction_of_invoices_from_all_of_the_eastern_regions_1"
MODEL: Final = "meta-llama/Llama-4-Maverick-17B-128E-Instruct-with-a-suffix.Q4_K_M.gguf"
_URL: Final = (
    "https://llm-gateway.internal.eu-central-1.a-company-with-a-long-name.example"
    "/openai/deployments/one-with-a-name-of-its-own/v1"
)
_LIMITS: Final = {
    "requestsPerMinute": 100_000,
    "tokensPerMinute": 12_000_000,
    "concurrentJobs": 1000,
    "queuedJobs": 100_000,
    "monthlyTokens": 1_200_000_000,
    "monthlyCost": 120_000,
}
_CHATS: Final = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class LongNames:
    """A job of long names that has ended, with a callback, and the secret of its key."""

    job: int
    key: str


@contextmanager
def long_names(stack: Stack) -> Iterator[LongNames]:
    """Give providers, a key, a job, a batch, a group and a schedule; take away what others see."""
    with admin_api(stack) as admin:
        providers = [
            _provider(admin, NAME, [MODEL], apiBaseUrl=stack.llm.url),
            _provider(admin, f"{NAME}-2", _others(), apiBaseUrl=_URL, enabled=False),
        ]
        scopes = [str(scope) for scope in Scope]
        models = [MODEL, *_others()[:1], "demo-*"]
        key = issue_key(
            admin, name=NAME, userId=f"{NAME}_user", scopes=scopes, models=models, **_LIMITS
        )
        with stack.api(key["key"]) as api:
            schedule = _bulk_work(api)
            yield LongNames(_ended(api, stack), key["key"])
            api.post("/api/DeleteSchedule", json={"id": schedule["id"]})
        admin.post("/api/RevokeApiKey", json={"id": key["id"]})
        for provider in providers:
            admin.delete("/api/DeleteAiProvider", params={"id": provider})


def _others() -> list[str]:
    return [f"{MODEL}-{number}" for number in range(2, 12)]


def _provider(admin: Api, name: str, models: list[str], **fields: Any) -> str:
    rows = [{"model": model, "apiModel": "demo-instant"} for model in models]
    return _made(admin, "/api/CreateAiProvider", name=name, models=rows, **fields)["id"]


def _made(api: Api, path: str, **fields: Any) -> Any:
    answer = api.post(path, json=fields)
    assert answer.ok, answer.text
    return answer.json()


def _bulk_work(api: Api) -> Any:
    """Begin a batch, a group, a picture and a speech; make a schedule and return it."""
    until(lambda: MODEL in api.get("/v1/models").text, "the model is known")
    request = chat(MODEL, NAME * 2)
    api.queue(request, groupId=f"{NAME}-group", tag=NAME)
    _made(api, "/api/QueueTextToImage", positivePrompt=NAME, model="demo-image", tag="page:images")
    _made(api, "/api/QueueTextToSpeech", text=NAME, model="demo-speech", tag="page:speech")
    line = json.dumps({"custom_id": "1", "method": "POST", "url": _CHATS, "body": request})
    files = {"file": (f"{NAME}.jsonl", line.encode())}
    file = api.post("/v1/files", data={"purpose": "batch"}, files=files).json()
    _made(api, "/v1/batches", input_file_id=file["id"], endpoint=_CHATS)
    return _made(api, "/api/CreateSchedule", name=NAME, cron="@yearly", request=request)


def _ended(api: Api, stack: Stack) -> int:
    """Return a job that has ended, is in the history, and has a callback."""
    reply_to = stack.receiver.url(f"/{NAME}?order={NAME}")
    number: int = api.queue(chat(MODEL, NAME * 2), refId=NAME, tag=NAME, replyTo=reply_to)["id"]
    api.until_ended(number)

    def is_kept() -> bool:
        rows = api.get("/api/QueryJobs", params={"refId": NAME}).json()["results"]
        return any(row["id"] == number and row["isKept"] for row in rows)

    until(is_kept, "it is in the history")
    return number
