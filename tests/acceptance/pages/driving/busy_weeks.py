"""A ReplyTo that has been busy for weeks and is right now: what the pictures of /admin show."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import requests

from shared.database.database import Database
from shared.history.rows import body_row, job_row
from shared.history.writer import HistoryWriter, Record
from shared.jobs.failures import CANCELLED
from shared.jobs.job import Attempt, Job, JobState, failure_body, json_of
from shared.providers.prices import load_prices
from shared.store import redis_keys
from tests.acceptance.pages.driving.admin_scene import admin_api
from tests.acceptance.system.api import chat
from tests.acceptance.system.stack import Stack

PRICES: Final = """
[price."llama3.1:8b"]
input = 0.05
output = 0.08
[price."gpt-oss:20b"]
input = 0.1
output = 0.5
[price."claude-sonnet"]
input = 3
output = 15
"""
#: Providers with their models: the public name and how the demo LLM is to behave.
_PROVIDERS: Final = {
    "ollama": {"llama3.1:8b": "demo-slow-250ms", "qwen2.5:7b": "demo-slow-120ms"},
    "groq": {"gpt-oss:20b": "demo-slow-80ms", "llama3.1:8b": "demo-slow-90ms"},
    "anthropic": {"claude-sonnet": "demo-slow-700ms"},
}
_BUSY: Final = ("llama3.1:8b", "llama3.1:8b", "gpt-oss:20b", "qwen2.5:7b", "claude-sonnet")
#: Keys by their names, with limits that are far away.
_KEYS: Final[dict[str, dict[str, Any]]] = {
    "shop": {"monthlyCost": 250, "requestsPerMinute": 6000},
    "helpdesk": {"requestsPerMinute": 12_000, "concurrentJobs": 5000},
    "reports": {"models": ["llama3.1:8b", "qwen2.5:7b", "claude-*", "gpt-*", "mistral-*"]},
}
_TAGS: Final = ("support", "search", "invoices", "")
_QUESTION: Final = "Summarize this ticket in one sentence: the parcel came, but without the cable."
_ANSWER: Final = (
    b'{"object":"chat.completion","choices":[{"message":{"content":"The cable is missing."}}],'
    b'"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}}'
)
_DAY_MS: Final = 86_400_000


def prepare(stack: Stack) -> list[str]:
    """Add providers, one of them away, and keys; return the keys' secrets."""
    with admin_api(stack) as admin:
        for priority, (name, models) in enumerate(_PROVIDERS.items()):
            rows = [{"model": model, "apiModel": own} for model, own in models.items()]
            body = {"name": name, "apiBaseUrl": stack.llm.url, "models": rows}
            limits = {"concurrency": 8 if name == "ollama" else 32, "priority": 10 - priority}
            admin.post("/api/CreateAiProvider", json={**body, **limits}).raise_for_status()
        away = {"name": "vllm-2", "apiBaseUrl": "http://127.0.0.1:9/v1"}
        models = [{"model": "mistral-small"}]
        admin.post("/api/CreateAiProvider", json={**away, "models": models}).raise_for_status()
        return [
            admin.post("/api/CreateApiKey", json={"name": name, "userId": name, **limits}).json()[
                "key"
            ]
            for name, limits in _KEYS.items()
        ]


def fill(stack: Stack, count: int = 20_000, days: int = 30) -> None:
    """Write the jobs of weeks into the history; the ids of new ones come behind theirs."""
    prices = load_prices(stack.directory / "providers.toml")
    database = Database(f"sqlite:///{stack.directory / 'history.db'}")
    writer, batch = HistoryWriter(database), []
    for job in _past_jobs(count, days):
        batch.append(Record(job_row(job, prices), body_row(job, with_contents=True)))
        if len(batch) == 500 or job.id == count:
            writer.store(batch)
            batch = []
    database.close()
    stack.redis.set(redis_keys.JOB_ID, count)


def _past_jobs(count: int, days: int) -> Iterator[Job]:
    chance, now_ms = random.Random(4), round(time.time() * 1000)
    moments = sorted(
        now_ms - 3_600_000 - round(_DAY_MS * days * (1 - chance.random() ** 0.7))
        for _ in range(count)
    )
    for job_id, created_ms in enumerate(moments, 1):
        model, failed = chance.choice(_BUSY), chance.random() < 0.01
        provider = next(name for name, models in _PROVIDERS.items() if model in models)
        took_ms = round(chance.lognormvariate(7, 0.6))
        asked, said = chance.randrange(80, 900), chance.randrange(20, 400)
        yield Job(
            id=job_id,
            ref_id=f"ticket-{job_id}",
            owner=f"user_{chance.choice(('shop', 'helpdesk', 'reports'))}",
            tag=chance.choice(_TAGS),
            model=model,
            state=JobState.FAILED if failed else JobState.COMPLETED,
            request=b"{}",
            created_ms=created_ms,
            started_ms=created_ms + 40,
            executed_ms=created_ms + 40 + took_ms,
            completed_ms=created_ms + 50 + took_ms,
            deadline_ms=created_ms + _DAY_MS,
            attempt=1,
            status=500 if failed else 200,
            response=None if failed else _ANSWER % (asked, said, asked + said),
            error=failure_body(CANCELLED) if failed else None,
            attempts_json=json_of(Attempt(1, provider, created_ms + 40, took_ms, "answered", 200)),
        )


@contextmanager
def load(stack: Stack, secrets: list[str]) -> Iterator[None]:
    """Ask and queue without a pause, in waves, until the block ends."""
    stack.receiver.plan("/moved", *[410] * 10_000)
    stack.receiver.plan("/busy", *[503] * 10_000)
    over = threading.Event()
    clients = [
        threading.Thread(target=_ask, args=(stack, secrets[number % 3], number, over))
        for number in range(10)
    ]
    for client in clients:
        client.start()
    try:
        yield
    finally:
        over.set()
        for client in clients:
            client.join()


def _ask(stack: Stack, secret: str, number: int, over: threading.Event) -> None:
    chance = random.Random(number)
    with stack.api(secret) as api:
        while not over.is_set():
            model = chance.choice((*_BUSY, "mistral-small") if chance.random() < 0.05 else _BUSY)
            path = chance.choice(("/answers",) * 12 + ("/busy", "/moved"))
            tag, reply_to = chance.choice(_TAGS), stack.receiver.url(path)
            ref_id = f"ticket-{chance.getrandbits(20)}"
            try:
                for _ in range(chance.choice((1, 1, 1, 6))):
                    request = chat(model, _QUESTION)
                    api.queue(request, replyTo=reply_to, tag=tag, refId=f"{ref_id}-{_}")
                if model != "mistral-small":
                    api.post("/v1/chat/completions", json=chat(model, _QUESTION))
            except (AssertionError, requests.RequestException):
                # Full, or the end: what a client of a busy gateway lives with.
                over.wait(1)
            over.wait(chance.random() * (0.4 + (number % 3) * 0.6))
