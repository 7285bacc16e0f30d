"""The package for applications: genuine callbacks are handled once, in Flask and in FastAPI."""

from __future__ import annotations

import json
import runpy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fakeredis
import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from flask import Flask
from replyto_client import Job, MemorySeen, NotGenuine, RedisSeen, verify
from replyto_client.fastapi import received_job
from replyto_client.flask import receiver
from replyto_client.seen import Seen, Standing

from shared.security.signing import PrivateKey, SecretKey, new_private_key, signature_headers
from shared.settings import new_callback_secret

CLIENT = Path(__file__).parents[3] / "clients" / "python"
SECRET = new_callback_secret()
ANSWER = {"id": "x", "choices": [{"message": {"role": "assistant", "content": "hi"}}]}
Send = Callable[..., int]


def signed(
    body: bytes, key: Any = None, webhook_id: str = "msg_e_7", at: int = 0
) -> dict[str, str]:
    keys = [key or SecretKey(SECRET)]
    own = dict(signature_headers(keys, webhook_id, at or int(time.time()), body))
    return {
        **own,
        "x-job-id": "7",
        "x-ref-id": "order-42",
        "x-job-state": "Completed",
        "x-attempt": "2",
    }


class Handler:
    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.fails = False

    def __call__(self, job: Job) -> None:
        self.jobs.append(job)
        if self.fails:
            raise RuntimeError("it broke")


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture(params=["flask", "fastapi"])
def send(request: pytest.FixtureRequest, handler: Handler) -> Send:
    """Return what posts a callback to an application of that framework."""
    if request.param == "flask":
        app = Flask("x")
        app.register_blueprint(receiver(handler, SECRET, "/cb"))
        flask = app.test_client()
        return lambda body, headers: (
            flask.post("/cb?order=4", data=body, headers=headers).status_code
        )
    api = FastAPI()
    genuine = received_job(SECRET)

    @api.post("/cb", status_code=204)
    async def callback(order: str, job: Job = Depends(genuine)) -> None:  # noqa: B008
        assert order == "4"
        handler(job)

    client = TestClient(api, raise_server_exceptions=False)
    return lambda body, headers: (
        client.post("/cb?order=4", content=body, headers=headers).status_code
    )


def test_job_of_a_genuine_callback_is_handed_over_once(send: Send, handler: Handler) -> None:
    body = json.dumps(ANSWER).encode()
    for _ in range(3):
        assert send(body, signed(body)) == 204
    (job,) = handler.jobs
    assert (job.webhook_id, job.id, job.ref_id, job.attempt) == ("msg_e_7", 7, "order-42", 2)
    assert (job.state, job.text, job.answer, job.error) == ("Completed", "hi", ANSWER, None)
    assert job.query == {"order": "4"}
    assert send(body, signed(body, webhook_id="msg_e_8")) == 204
    assert len(handler.jobs) == 2


def test_callback_comes_again_when_the_handler_fails(send: Send, handler: Handler) -> None:
    handler.fails = True
    assert send(b"{}", signed(b"{}")) == 500
    handler.fails = False
    assert send(b"{}", signed(b"{}")) == 204
    assert send(b"{}", signed(b"{}")) == 204
    assert len(handler.jobs) == 2


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="not signed"),
        pytest.param(signed(b"{} "), id="another body"),
        pytest.param(signed(b"{}", SecretKey(new_callback_secret())), id="another secret"),
        pytest.param(signed(b"{}", at=1_700_000_000), id="old"),
        pytest.param({**signed(b"{}"), "webhook-id": "msg_e_9"}, id="another id"),
        pytest.param({**signed(b"{}"), "webhook-timestamp": "now"}, id="no time"),
        pytest.param({**signed(b"{}"), "webhook-signature": "v1,,, v2,x v1a,="}, id="nonsense"),
    ],
)
def test_what_is_not_genuine_is_refused(
    send: Send, handler: Handler, headers: dict[str, str]
) -> None:
    assert send(b"{}", headers) == 401
    assert handler.jobs == []


def test_body_that_is_no_object_is_refused(send: Send, handler: Handler) -> None:
    for body in (b"[]", b"x"):
        assert send(body, signed(body)) == 401
    assert handler.jobs == []


def test_failed_job_tells_why_and_large_answer_where() -> None:
    error = {"message": "It broke.", "type": "server_error", "code": "x"}
    failed = Job("m", 1, "Failed", body={"error": error})
    assert (failed.error, failed.answer, failed.text) == (error, None, None)
    large = Job("m", 1, "Completed", body={"resultUrl": "https://x/1"})
    assert (large.result_url, large.answer) == ("https://x/1", None)
    assert Job("m", 1, "Completed", body={"choices": [3]}).text is None


def test_each_of_several_keys_verifies_also_a_public_one() -> None:
    private = PrivateKey(new_private_key())
    headers = signed(b"{}", private)
    assert verify([SECRET, private.public_key], headers, b"{}") == "msg_e_7"
    with pytest.raises(NotGenuine):
        verify(SECRET, headers, b"{}")
    with pytest.raises(ValueError, match="whsec_"):
        verify("", headers, b"{}")


@pytest.mark.parametrize(
    "seen",
    [
        MemorySeen(),
        RedisSeen(fakeredis.FakeStrictRedis()),
        RedisSeen(fakeredis.FakeStrictRedis(decode_responses=True)),
    ],
)
def test_what_is_under_way_is_told_apart(seen: Seen) -> None:
    assert seen.begin("a") is Standing.NEW
    assert seen.begin("a") is Standing.UNDER_WAY
    seen.failed("a")
    assert seen.begin("a") is Standing.NEW
    seen.done("a")
    assert seen.begin("a") is Standing.DONE


def test_memory_is_bounded() -> None:
    seen = MemorySeen(most=2)
    for name in "abc":
        seen.begin(name)
    assert seen.begin("a") is Standing.NEW


def test_dtos_are_those_of_the_catalog() -> None:
    made = runpy.run_path(str(CLIENT / "generate.py"))["text"]()
    written = (CLIENT / "src/replyto_client/dtos.py").read_text("utf-8")
    assert written == made, "run `make docs-api`"
