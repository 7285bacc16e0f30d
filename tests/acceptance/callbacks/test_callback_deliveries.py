"""Deliveries as applications and operators see them: listed, read, sent again, tried out."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import svix.webhooks
from click.testing import CliRunner, Result
from standardwebhooks import Webhook

from cli.api.callbacks import callbacks
from cli.api.forwarding import Forward
from cli.api.receiver import VALID, Receiver
from tests.acceptance.callbacks.test_callback_docs import run_python
from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.polling import PATIENCE_S, until
from tests.acceptance.system.receiver import Callback
from tests.acceptance.system.stack import Stack


def new_path() -> str:
    return f"/callbacks/{uuid.uuid4().hex}"


def call(api: Api, dto: str, **values: Any) -> dict[str, Any]:
    answer = api.post(f"/api/{dto}", json=values)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def until_delivery(api: Api, job_id: int, state: str, attempts: int = 1) -> dict[str, Any]:
    """Return the delivery as soon as it is in this state after so many attempts."""

    def look() -> dict[str, Any] | None:
        answer = api.get("/api/GetDelivery", params={"id": job_id})
        if answer.status_code == 404:
            return None
        found: dict[str, Any] = answer.json()
        result = found["result"]
        return found if (result["state"], len(found["log"])) == (state, attempts) else None

    return until(look, f"delivery {job_id} is {state} after {attempts}")


def test_delivery_is_listed_and_read_with_its_attempt(stack: Stack, api: Api) -> None:
    path, tag = new_path(), f"t-{uuid.uuid4().hex}"
    job_id = api.queue(chat("demo-instant"), replyTo=stack.receiver.url(path), tag=tag)["id"]
    delivery = until_delivery(api, job_id, "Delivered")
    [callback] = stack.receiver.received(path)
    [attempt] = delivery["log"]
    assert (attempt["status"], attempt["trigger"], attempt["ip"]) == (200, "schedule", "127.0.0.1")
    assert attempt["responseHead"] == "noted\n"
    keys = call(api, "GetCallbackKeys")["results"]
    assert attempt["keyIds"] == [key["id"] for key in keys]
    page = call(api, "GetDeliveries", tag=tag, state="Delivered", host="127.0.0.1")
    assert (page["total"], page["results"][0]["webhookId"]) == (1, callback.headers["webhook-id"])


def test_replay_sends_the_same_bytes_under_the_same_id(stack: Stack, api: Api) -> None:
    path = new_path()
    stack.receiver.plan(path, 410)
    job_id = api.queue(chat("demo-instant"), replyTo=stack.receiver.url(path))["id"]
    until_delivery(api, job_id, "Stopped")
    assert call(api, "ReplayDelivery", id=job_id)["status"] == "queued"
    delivery = until_delivery(api, job_id, "Delivered", 2)
    first, second = stack.receiver.received(path)
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    Webhook(stack.callback_secret).verify(second.body, second.headers)
    assert [row["trigger"] for row in delivery["log"]] == ["schedule", "replay"]


def test_replay_of_many_by_tag_counts_first_and_then_sends(stack: Stack, api: Api) -> None:
    paths, tag = [new_path() for _ in range(3)], f"t-{uuid.uuid4().hex}"
    jobs = []
    for path in paths:
        stack.receiver.plan(path, 410)
        url = stack.receiver.url(path)
        jobs.append(api.queue(chat("demo-instant"), replyTo=url, tag=tag)["id"])
    for job_id in jobs:
        until_delivery(api, job_id, "Stopped")
    assert call(api, "ReplayDeliveries", tag=tag, dryRun=True)["total"] == 3
    assert call(api, "ReplayDeliveries", tag=tag)["replayed"] == 3
    for job_id in jobs:
        until_delivery(api, job_id, "Delivered", 2)


def test_cancelled_delivery_is_not_tried_again(stack: Stack, api: Api) -> None:
    path = new_path()
    stack.receiver.plan(path, *[500] * 9)
    job_id = api.queue(chat("demo-instant"), replyTo=stack.receiver.url(path))["id"]
    until_delivery(api, job_id, "Pending")
    assert call(api, "CancelDelivery", id=job_id)["status"] == "cancelled"
    assert call(api, "GetDelivery", id=job_id)["result"]["state"] == "Cancelled"


def test_test_callback_sends_a_signed_sample_and_shows_the_outcome(stack: Stack, api: Api) -> None:
    path = new_path()
    stack.receiver.plan(path, 200, 503)
    good = call(api, "TestCallback", url=stack.receiver.url(path))
    [callback] = stack.receiver.received(path)
    body = Webhook(stack.callback_secret).verify(callback.body, callback.headers)
    assert body["choices"][0]["message"]["content"]
    assert (good["delivered"], good["webhookId"]) == (True, callback.headers["webhook-id"])
    assert (good["result"]["status"], good["result"]["trigger"]) == (200, "test")
    assert good["result"]["responseHead"] == "noted\n"
    bad = call(api, "TestCallback", url=stack.receiver.url(path))
    assert (bad["delivered"], bad["result"]["status"]) == (False, 503)
    nobody = call(api, "TestCallback", url="http://127.0.0.1:1/cb")
    assert not nobody["delivered"]
    assert nobody["result"]["error"]


def test_test_callback_refuses_what_reply_to_refuses(api: Api) -> None:
    answer = api.post("/api/TestCallback", json={"url": "ftp://example.com"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, "url")


# --- a stack with limits and modes of its own -----------------------------------------------------


@pytest.fixture(scope="module")
def signing_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose callbacks are signed both ways and become links early."""
    with Stack(
        tmp_path_factory.mktemp("signing"),
        settings={"REPLYTO_CALLBACK_SIGNING": "both", "REPLYTO_CALLBACK_BODY_LIMIT_BYTES": "600"},
    ) as stack:
        yield stack.open()


@dataclass
class Client:
    """One application of the signing stack."""

    stack: Stack
    api: Api

    def callback(self, text: str = "hi") -> Callback:
        path = new_path()
        self.api.queue(chat("demo-instant", text), replyTo=self.stack.receiver.url(path))
        return self.stack.receiver.wait_for(path)[0]


@pytest.fixture
def client(signing_stack: Stack) -> Iterator[Client]:
    with signing_stack.api() as api:
        yield Client(signing_stack, api)


def test_rotated_secret_signs_beside_the_old_one_until_told_otherwise(client: Client) -> None:
    new = call(client.api, "RotateCallbackSecret")

    def signed_twice() -> Callback | None:
        callback = client.callback()
        signatures = callback.headers["webhook-signature"].split()
        kinds = [part.partition(",")[0] for part in signatures]
        return callback if kinds == ["v1", "v1", "v1a"] else None

    callback = until(signed_twice, "both secrets sign")
    for secret in (new["secret"], client.stack.callback_secret):
        Webhook(secret).verify(callback.body, callback.headers)
        svix.webhooks.Webhook(secret).verify(callback.body, callback.headers)

    last = call(client.api, "RotateCallbackSecret", overlapSecs=0)

    def signed_by_the_last_only() -> Callback | None:
        callback = client.callback()
        return callback if callback.headers["webhook-signature"].count("v1,") == 1 else None

    callback = until(signed_by_the_last_only, "the last secret signs alone")
    Webhook(last["secret"]).verify(callback.body, callback.headers)
    logs = "".join(client.stack.log(role) for role in ("gateway", "callbacks"))
    for secret in (new["secret"], last["secret"], client.stack.callback_secret):
        assert secret not in logs


def test_public_key_of_the_well_known_url_verifies(client: Client) -> None:

    keys = requests.get(f"{client.stack.url}/.well-known/webhook-keys", timeout=PATIENCE_S).json()[
        "keys"
    ]
    is_genuine = run_python("The signed content is the same")["is_genuine"]
    callback = client.callback()
    public = keys[0]["publicKey"]
    assert is_genuine(public, callback.headers, callback.body)
    assert not is_genuine(public, callback.headers, callback.body + b" ")


def test_large_result_is_fetched_by_the_link_of_its_callback(client: Client) -> None:
    callback = client.callback("x" * 700)
    body = json.loads(callback.body)
    assert len(callback.body) < 600
    assert body["resultUrl"].startswith(client.stack.url + "/api/results/")
    answer = requests.get(body["resultUrl"], timeout=PATIENCE_S)
    job = client.api.job(body["id"])
    assert answer.content == job["responseBody"].encode()
    assert len(answer.content) > 600


# --- the commands ---------------------------------------------------------------------------------


def run(stack: Stack, *arguments: str) -> Result:
    """Run `replyto callbacks …` against the stack's gateway."""
    own = ["--url", stack.url, "--key", stack.api_key]
    return CliRunner().invoke(callbacks, [*arguments, *own])


def test_commands_list_show_replay_and_cancel(stack: Stack, api: Api) -> None:
    path, tag, ref_id = new_path(), f"t-{uuid.uuid4().hex}", f"r-{uuid.uuid4().hex}"
    stack.receiver.plan(path, 410)
    url = stack.receiver.url(path)
    job_id = api.queue(chat("demo-instant"), replyTo=url, tag=tag, refId=ref_id)["id"]
    until_delivery(api, job_id, "Stopped")
    listed = run(stack, "list", "--tag", tag)
    head, row = listed.output.splitlines()
    assert head.index("STATE") == row.index("Stopped")
    shown = run(stack, "show", ref_id).output
    assert re.search(rf"msg_[0-9a-z]+_{job_id}\b", shown)
    assert "410 in" in shown
    assert "1 deliveries" in run(stack, "replay", "--tag", tag, "--dry-run").output
    assert "sent again" in run(stack, "replay", ref_id).output
    until_delivery(api, job_id, "Delivered", 2)
    assert "ended (Delivered)" in run(stack, "cancel", str(job_id)).output


def test_test_command_fails_when_the_receiver_does(stack: Stack) -> None:
    path = new_path()
    stack.receiver.plan(path, 200, 500)
    url = stack.receiver.url(path)
    first, second = run(stack, "test", url), run(stack, "test", url)
    assert (first.exit_code, "delivered" in first.output) == (0, True)
    assert (second.exit_code, "not delivered" in second.output) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["show", "no-such-job"], "404"),
        (["list", "--from", "yesterday"], "from"),
        (["replay"], "name one job"),
        (["test", "ftp://x"], "url"),
    ],
)
def test_command_says_what_is_wrong_in_one_line(
    stack: Stack, arguments: list[str], problem: str
) -> None:
    outcome = run(stack, *arguments)
    assert outcome.exit_code != 0
    assert problem in outcome.output.splitlines()[-1]
    assert stack.api_key not in outcome.output


def test_command_finds_url_and_key_of_the_data_directory(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPLYTO_DATA_DIR", str(stack.directory))
    monkeypatch.setenv("REPLYTO_PORT", stack.url.rpartition(":")[2])
    outcome = CliRunner().invoke(callbacks, ["list", "--take", "1"])
    assert (outcome.exit_code, "no API key" in outcome.output) == (2, True)
    (stack.directory / "api_key").write_text(stack.api_key + "\n")
    assert CliRunner().invoke(callbacks, ["list", "--take", "1"]).exit_code == 0


def test_listener_forwards_and_answers_what_the_application_answers(stack: Stack, api: Api) -> None:

    path = new_path()
    stack.receiver.plan(path, 418)
    with Receiver(stack.callback_secret, forward=Forward(stack.receiver.url(""))) as listener:
        job_id = api.queue(chat("demo-instant"), replyTo=f"{listener.url}{path}?order=42")["id"]
        [heard] = listener.wait_for(1, timeout_s=30)
    [passed_on] = stack.receiver.wait_for(path)
    assert (heard.verdict, heard.status) == (VALID, 418)
    assert passed_on.target == f"{path}?order=42"
    Webhook(stack.callback_secret).verify(passed_on.body, passed_on.headers)
    assert until_delivery(api, job_id, "Pending")["log"][0]["status"] == 418


def test_subscription_is_told_of_the_jobs_of_its_owner(client: Client) -> None:
    path = new_path()
    url = client.stack.receiver.url(path)
    made = call(client.api, "CreateCallbackSubscription", url=url, events=["job.completed"])
    queued = client.api.queue(chat("demo-instant"))
    [event] = client.stack.receiver.wait_for(path)
    call(client.api, "DeleteCallbackSubscription", id=made["id"])
    keys = requests.get(f"{client.stack.url}/.well-known/webhook-keys", timeout=PATIENCE_S).json()[
        "keys"
    ]
    is_genuine = run_python("The signed content is the same")["is_genuine"]
    assert is_genuine(keys[0]["publicKey"], event.headers, event.body)
    body = json.loads(event.body)
    assert (body["type"], body["data"]["id"]) == ("job.completed", queued["id"])
    assert event.headers["x-event"] == "job.completed"
    result = requests.get(body["data"]["resultUrl"], timeout=PATIENCE_S)
    assert result.json()["object"] == "chat.completion"
