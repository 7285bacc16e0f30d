"""Issued keys over two gateway processes: limits that hold, revocation, and no secret anywhere."""

from __future__ import annotations

import sqlite3
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openai
import pytest
from click.testing import CliRunner
from openai import OpenAI

from cli.main import main
from cli.ports import free_port
from cli.up import processes, readiness
from shared.settings import new_api_key
from shared.store import redis_keys
from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.polling import until
from tests.acceptance.system.process import Process
from tests.acceptance.system.stack import Stack
from tests.support.servers.postgres import PostgresServer

CLIENTS = 50
#: The calls of one end when they are cancelled.
MODEL, HELD = "demo-instant", "demo-hang"
#: What a provider's key is set as, and where.
LLM_KEY, LLM_KEY_VARIABLE = "sk-of-the-provider-0123456789", "LLM_KEY_OF_THE_TEST"
#: Files of the data directory that are there to hold a secret.
SECRET_FILES = {"api_key", "auth_secret", "callback_secret", "encryption_key"}


class PaidStack(Stack):
    """A stack whose providers want a key, and whose tokens have a price."""

    def _providers(self) -> str:
        keyed = f'[[provider]]\napi_key_env = "{LLM_KEY_VARIABLE}"\n'
        price = f'\n[price."{MODEL}"]\ninput = 1.0\noutput = 1.0\n'
        return super()._providers().replace("[[provider]]\n", keyed) + price


@dataclass
class Guarded:
    """A ReplyTo with two gateway processes, and every secret that was used on it."""

    stack: Stack
    admin_secret: str
    urls: tuple[str, str]
    secrets: set[str] = field(default_factory=set)

    def logs(self) -> dict[str, str]:
        """Return the last lines of each process."""
        return self.stack.logs()

    def api(self, key: str, gateway: int = 0) -> Api:
        """Return a session at one of the gateways."""
        self.secrets.add(key)
        return Api(self.urls[gateway], key)

    def admin(self, dto: str, **fields: Any) -> dict[str, Any]:
        """Call a DTO as admin; return the answer."""
        with self.api(self.admin_secret) as api:
            answer = api.post(f"/api/{dto}", json=fields)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def issue(self, **fields: Any) -> tuple[int, str]:
        """Issue a key; return its id and secret."""
        row = self.admin("CreateApiKey", **{"name": "test", **fields})
        self.secrets.add(row["key"])
        return row["id"], row["key"]

    def storm(self, key: str, calls: int, model: str = MODEL) -> list[Any]:
        """Queue jobs from 50 clients at once, half of them at each gateway; return all answers."""
        barrier = threading.Barrier(CLIENTS)

        def client(number: int) -> list[Any]:
            with self.api(key, number % 2) as api:
                barrier.wait(60)
                return [
                    api.post("/api/QueueOpenAiChatCompletion", json={"request": chat(model)})
                    for _ in range(calls)
                ]

        with ThreadPoolExecutor(CLIENTS) as threads:
            return [answer for some in threads.map(client, range(CLIENTS)) for answer in some]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded_stack(tmp_path_factory.mktemp("keys")) as guarded:
        yield guarded


@pytest.fixture(scope="module")
def guarded_on_postgresql(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Guarded]:
    url = postgres_server.new_database("keys")
    directory = tmp_path_factory.mktemp("keys-postgresql")
    with guarded_stack(directory, REPLYTO_DATABASE_URL=url) as guarded:
        yield guarded


@contextmanager
def guarded_stack(directory: Path, **variables: str) -> Iterator[Guarded]:
    """Run a ReplyTo with a second gateway, and these environment variables."""
    admin_secret, port = new_api_key(), free_port()
    settings = {"REPLYTO_AUTH_SECRET": admin_secret, LLM_KEY_VARIABLE: LLM_KEY, **variables}
    with PaidStack(directory, demo_models=(MODEL, HELD), settings=settings) as stack:
        stack.open()
        second = Process(
            "gateway2",
            ["env", f"REPLYTO_PORT={port}", *processes.gateway()],
            stack._env,
            directory / "logs" / "gateway2.log",
            stack._guard,
        )
        try:
            until(lambda: readiness.gateway_is_up("127.0.0.1", port), "both gateways are up")
            guarded = Guarded(stack, admin_secret, (stack.url, f"http://127.0.0.1:{port}"))
            guarded.secrets |= {stack.api_key, stack.callback_secret, stack.encryption_key}
            guarded.secrets |= {admin_secret, LLM_KEY}
            yield guarded
        finally:
            second.kill()


def codes(answers: list[Any]) -> Counter[str]:
    """Count the answers by the code of their error, `ok` for none."""
    return Counter("ok" if answer.ok else str(answer.json()["error"]["code"]) for answer in answers)


# --- limits ---------------------------------------------------------------------------------------


def test_never_one_more_than_requests_a_minute_from_50_clients_at_two_gateways(
    guarded: Guarded,
) -> None:
    _, key = guarded.issue(requestsPerMinute=30)
    answers = guarded.storm(key, calls=2)
    assert codes(answers) == {"ok": 30, "rate_limit_exceeded": 70}
    for answer in answers:
        assert answer.headers["x-ratelimit-limit-requests"] == "30"
        if answer.status_code == 429:
            assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_never_one_more_than_tokens_a_minute_from_50_clients_at_two_gateways(
    guarded: Guarded,
) -> None:
    _, key = guarded.issue(tokensPerMinute=500)
    answers = guarded.storm(key, calls=1, model=HELD)
    told = codes(answers)
    assert told["ok"] + told["rate_limit_exceeded"] == CLIENTS
    # They all guess the same, about 24 tokens, and none has ended yet.
    remaining = min(int(answer.headers["x-ratelimit-remaining-tokens"]) for answer in answers)
    guess = (500 - remaining) / told["ok"]
    assert 15 <= guess <= 35
    assert 0 <= remaining < guess


def test_never_one_more_than_jobs_at_once_and_their_places_come_back_however_they_end(
    guarded: Guarded,
) -> None:
    key_id, key = guarded.issue(concurrentJobs=7)
    for _ in range(2):
        answers = guarded.storm(key, calls=1, model=HELD)
        assert codes(answers) == {"ok": 7, "too_many_jobs": 43}
        with guarded.api(key) as api:
            for answer in answers:
                if answer.ok:
                    api.post("/api/CancelJob", json={"id": answer.json()["id"]})
        live = redis_keys.live(f"key_{key_id}")
        until(lambda live=live: guarded.stack.redis.zcard(live) == 0, "all jobs have left")


def test_key_that_waits_queues_what_its_minute_has_no_room_for(guarded: Guarded) -> None:
    _, key = guarded.issue(requestsPerMinute=1, waitSecs=5, priority="low", weight=2)
    with guarded.api(key) as api:
        assert api.until_ended(api.queue(chat(MODEL))["id"])["jobState"] == "Completed"
        job = api.queue(chat(MODEL))
        status = api.status(job["id"])
        assert (status["jobState"], "not to run before" in status["status"]) == ("Queued", True)
        # Its minute is too far away for somebody who waits for the answer.
        refused = api.post("/v1/chat/completions", json=chat(MODEL))
        assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)
        for wanted, code in (("normal", 403), ("highest", 400), ("low", 200)):
            body = {"priority": wanted, "runAfter": 60, "request": chat(MODEL)}
            told = api.post("/api/QueueOpenAiChatCompletion", json=body)
            assert told.status_code == code, told.text
        own = api.get("/api/GetMyKey").json()
        assert (own["priority"], own["weight"], own["waitSecs"]) == ("low", 2, 5)


def test_ref_id_that_comes_again_gets_its_job_and_takes_nothing(guarded: Guarded) -> None:
    _, key = guarded.issue(requestsPerMinute=1)
    call = {"refId": uuid.uuid4().hex, "request": chat(MODEL)}
    ids = set()
    for number in range(6):
        with guarded.api(key, number % 2) as api:
            answer = api.post("/api/QueueOpenAiChatCompletion", json=call)
            assert answer.ok, answer.text
            ids.add(answer.json()["id"])
    assert len(ids) == 1


@pytest.mark.parametrize(
    "budget",
    [
        pytest.param({"monthlyTokens": 3}, id="tokens"),
        pytest.param({"monthlyCost": 0.000003}, id="money"),
    ],
)
def test_budget_is_charged_by_what_the_llm_says_and_then_the_key_is_refused(
    guarded: Guarded, budget: dict[str, Any]
) -> None:
    key_id, key = guarded.issue(**budget)
    with OpenAI(base_url=f"{guarded.urls[0]}/v1", api_key=key, max_retries=5) as client:
        usage = client.chat.completions.create(model=MODEL, messages=_messages()).usage
        assert usage is not None
        pattern = redis_keys.month_of(f"key_{key_id}", "*")
        (month,) = until(lambda: list(guarded.stack.redis.scan_iter(pattern)), "the job is charged")
        charged = guarded.stack.redis.hgetall(month)
        assert int(charged[b"tokens"]) == usage.total_tokens
        assert int(charged[b"cost_nanos"]) == usage.total_tokens * 1000
        with pytest.raises(openai.RateLimitError) as refused:
            client.chat.completions.create(model=MODEL, messages=_messages())
    assert refused.value.code == "insufficient_quota"


def test_openai_sdk_sees_a_rate_limit_error_and_the_headers(guarded: Guarded) -> None:
    _, key = guarded.issue(requestsPerMinute=1)
    with OpenAI(base_url=f"{guarded.urls[0]}/v1", api_key=key, max_retries=0) as client:
        raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=_messages())
        assert raw.headers["x-ratelimit-remaining-requests"] == "0"
        with pytest.raises(openai.RateLimitError) as refused:
            client.chat.completions.create(model=MODEL, messages=_messages())
    assert refused.value.code == "rate_limit_exceeded"
    assert 1 <= int(refused.value.response.headers["retry-after"]) <= 60
    assert refused.value.response.headers["x-ratelimit-limit-requests"] == "1"


def _messages() -> Any:
    return [{"role": "user", "content": "Say hello"}]


# --- revocation -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "is_heard", [pytest.param(True, id="heard"), pytest.param(False, id="lost")]
)
def test_revoked_key_is_refused_by_every_gateway_within_a_second(
    guarded: Guarded, *, is_heard: bool
) -> None:
    key_id, key = guarded.issue()
    enough = threading.Event()
    #: Of each gateway's calls: when it began and ended, and its status.
    seen: list[list[tuple[float, float, int]]] = [[], []]

    def client(gateway: int) -> None:
        """Call all the time."""
        with guarded.api(key, gateway) as api:
            while not enough.is_set():
                began = time.monotonic()
                status = api.get("/v1/models").status_code
                seen[gateway].append((began, time.monotonic(), status))
                time.sleep(0.01)

    with ThreadPoolExecutor(2) as threads:
        clients = [threads.submit(client, gateway) for gateway in (0, 1)]
        until(lambda: all(seen), "both gateways answer")
        if not is_heard:
            guarded.stack.redis.client_kill_filter(_type="pubsub")
        asked = time.monotonic()
        guarded.admin("RevokeApiKey", id=key_id)
        late = time.monotonic() + 1
        until(lambda: all(rows[-1][0] > late for rows in seen), "it was revoked a second ago")
        enough.set()
        for one in clients:
            one.result()
    for rows in seen:
        assert {status for _, ended, status in rows if ended < asked} == {200}
        assert {status for began, _, status in rows if began > late} == {401}


def test_keys_are_found_again_when_redis_has_lost_them(guarded: Guarded) -> None:
    (_, key), (ended_id, ended) = guarded.issue(), guarded.issue()
    guarded.admin("RevokeApiKey", id=ended_id)
    guarded.stack.redis.delete(redis_keys.KEY_RECORDS)
    for gateway in (0, 1):
        with guarded.api(key, gateway) as good, guarded.api(ended, gateway) as bad:
            assert good.get("/v1/models").status_code == 200
            assert bad.get("/v1/models").status_code == 401


def test_keys_work_on_while_the_database_takes_nothing_and_none_is_changed(
    guarded: Guarded,
) -> None:
    key_id, key = guarded.issue()
    with sqlite3.connect(guarded.stack.directory / "history.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with guarded.api(guarded.admin_secret) as api:
            refused = api.post("/api/RevokeApiKey", json={"id": key_id})
        assert refused.status_code == 503
        assert refused.json()["error"]["code"] == "database_unavailable"
        for gateway in (0, 1):
            with guarded.api(key, gateway) as api:
                queued = api.post("/api/QueueOpenAiChatCompletion", json={"request": chat(MODEL)})
                assert queued.ok, queued.text
        other.execute("ROLLBACK")
    other.close()
    rows = guarded.admin("QueryAuditLog", target=f"key_{key_id}")["results"]
    assert [row["action"] for row in rows] == ["CreateApiKey"]


def test_keys_limits_revocation_and_audit_are_the_same_on_postgresql(
    guarded_on_postgresql: Guarded, postgres_server: PostgresServer
) -> None:
    guarded = guarded_on_postgresql
    key_id, key = guarded.issue(requestsPerMinute=30)
    assert codes(guarded.storm(key, calls=1)) == {"ok": 30, "rate_limit_exceeded": 20}
    guarded.stack.redis.delete(redis_keys.KEY_RECORDS)
    for gateway in (0, 1):
        with guarded.api(key, gateway) as api:
            assert api.get("/v1/models").status_code == 200
    postgres_server.stop()
    with guarded.api(guarded.admin_secret) as admin, guarded.api(key) as api:
        assert admin.post("/api/RevokeApiKey", json={"id": key_id}).status_code == 503
        assert api.get("/v1/models").status_code == 200
    postgres_server.start()
    guarded.admin("RevokeApiKey", id=key_id)
    with guarded.api(key, 1) as api:
        until(lambda: api.get("/v1/models").status_code == 401, "the other gateway refuses it")
    rows = guarded.admin("QueryAuditLog", target=f"key_{key_id}")["results"]
    assert [row["action"] for row in rows] == ["RevokeApiKey", "CreateApiKey"]


# --- the command ----------------------------------------------------------------------------------


def test_command_issues_lists_changes_rotates_and_revokes(guarded: Guarded) -> None:
    environment = {
        "REPLYTO_AUTH_SECRET": guarded.admin_secret,
        "REPLYTO_DATA_DIR": str(guarded.stack.directory),
        "REPLYTO_BASE_URL": guarded.urls[1],
    }

    def replyto(*arguments: str, fails: bool = False) -> str:
        result = CliRunner().invoke(main, ["keys", *arguments], env=environment)
        assert (result.exit_code != 0) is fails, result.output
        return result.output

    def row(text: str, label: str) -> str:
        return next(line for line in text.splitlines() if line.startswith(label)).split()[-1]

    made = replyto("create", "from-command", "--models", "demo-*", "--requests-per-minute", "9")
    key_id, key = row(made, "id"), row(made, "key")
    with guarded.api(key) as api:
        assert api.get("/v1/models").headers["x-ratelimit-limit-requests"] == "9"
    listed = replyto("list")
    assert "from-command" in listed
    assert key not in listed
    changed = replyto("update", key_id, "--notes", "hello", "--reset", "requestsPerMinute")
    assert row(changed, "notes") == "hello"
    assert "requests/min" not in changed
    assert "hello" in replyto("show", key_id)
    turned = row(replyto("rotate", key_id, "--grace", "60"), "key")
    for secret in (key, turned):
        with guarded.api(secret) as api:
            assert api.get("/v1/models").ok
    assert "is revoked" in replyto("revoke", key_id)
    assert "revoked" in replyto("list", "--all")
    assert "no API key with the id" in replyto("revoke", "4711", fails=True)


# --- secrets --------------------------------------------------------------------------------------


def test_no_secret_is_in_any_log_error_database_or_redis(guarded: Guarded) -> None:
    # Comes last: what the tests before it have used is looked for as well.
    wrong = f"ak-wrong-{uuid.uuid4().hex}"
    errors = []
    with guarded.api(wrong) as api:
        errors += [api.get("/v1/models"), api.post("/v1/chat/completions", json=chat(MODEL))]
    with guarded.api(guarded.admin_secret) as api:
        for fields in ({"name": "", "key": f"{wrong}-weak"}, {"name": "x", "key": "a b" * 20}):
            errors.append(api.post("/api/CreateApiKey", json=fields))
    assert {answer.status_code for answer in errors} == {400, 401}
    guarded.secrets |= {f"{wrong}-weak", "a b" * 20}
    assert len(guarded.secrets) > 15
    told = "".join(answer.text for answer in errors).encode()
    assert [secret for secret in guarded.secrets if secret.encode() in told] == []

    guarded.stack.redis.bgrewriteaof()
    until(lambda: not _rewrites(guarded), "Redis has rewritten its file")
    files = [path for path in _files(guarded.stack.directory) if path.name not in SECRET_FILES]
    assert {".log", ".db", ".aof"} <= {path.suffix for path in files}
    found = {
        f"{secret[:6]}… in {path.relative_to(guarded.stack.directory)}"
        for path in files
        for content in [path.read_bytes()]
        for secret in guarded.secrets
        if secret.encode() in content
    }
    assert found == set()


def _rewrites(guarded: Guarded) -> bool:
    state = guarded.stack.redis.info("persistence")
    return bool(state["aof_rewrite_in_progress"] or state["aof_rewrite_scheduled"])


def _files(directory: Path) -> Iterator[Path]:
    return (path for path in directory.rglob("*") if path.is_file())
