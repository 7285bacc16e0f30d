"""Deliveries and signing keys on the wire: own ones only, shown whole, sent again, secrets kept."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any

import pytest
import redis
from flask import Request
from pydantic import SecretStr

from gateway.auth import authenticator as auth
from gateway.auth.authenticator import Principal
from shared.api_keys.scopes import Scope
from shared.callbacks.delivery import DeliveryAttempt, DeliveryState, NextStep
from shared.jobs.failures import CANCELLED
from shared.jobs.moves import Result
from shared.security.sealing import new_encryption_key
from shared.security.signing import PrivateKey, SecretKey, message_id, new_private_key
from shared.settings import new_callback_secret
from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, Gateway, build

CALLBACK_SECRET = new_callback_secret()
ENCRYPTION_KEY = new_encryption_key()
PRIVATE_KEY = new_private_key()
OTHER_KEY = "ak-other"


def gateway_with(client: redis.Redis, **settings: Any) -> Gateway:
    values: dict[str, Any] = {
        "api_key": SecretStr(API_KEY),
        "auth_secret": SecretStr(ADMIN_SECRET),
        "callback_secret": SecretStr(CALLBACK_SECRET),
        "encryption_key": SecretStr(ENCRYPTION_KEY),
        "callback_private_keys": SecretStr(PRIVATE_KEY),
    }
    return build(client, new_settings(**{**values, **settings}))


@pytest.fixture
def gateway(fake_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    original = auth.Keys.authenticate

    def authenticate(self: auth.Keys, request: Request, *any_of: Scope) -> Principal:
        if request.headers.get("Authorization") == f"Bearer {OTHER_KEY}":
            return Principal("other")
        return original(self, request, *any_of)

    monkeypatch.setattr(auth.Keys, "authenticate", authenticate)
    return gateway_with(fake_redis)


@dataclass
class Ledger:
    """A callbacks worker's hand."""

    gateway: Gateway

    def delivery(self, state: DeliveryState = DeliveryState.PENDING, **envelope: Any) -> int:
        """Queue a job, bring it to its delivery and record one attempt at it."""
        queued = self.gateway.queue(**{"replyTo": "https://a.example/cb?o=1", **envelope})
        job_id = int(queued["id"])
        self.gateway.run(job_id, Result.response(b"{}"))
        self.attempt(job_id, state)
        return job_id

    def attempt(self, job_id: int, state: DeliveryState) -> None:
        store = self.gateway.deliveries
        claim = store.claim(job_id)
        assert claim is not None
        row = DeliveryAttempt(
            number=claim.attempt,
            trigger=claim.trigger,
            started_ms=claim.now_ms,
            duration_ms=7,
            body_sha256="ab" * 32,
            status=503,
            response_head="busy",
            ip="192.0.2.1",
            key_ids=("key_1",),
            next_attempt_in_s=3600.0,
        )
        job = self.gateway.jobs.get(job_id)
        assert job is not None
        assert store.finish(job, claim, row, NextStep(state, "the receiver answered 503", 3600))


@pytest.fixture
def ledger(gateway: Gateway) -> Ledger:
    return Ledger(gateway)


def get(gateway: Gateway, dto: str, key: str = API_KEY, **query: Any) -> Any:
    answer = gateway.get(f"/api/{dto}", key=key, query_string=query)
    assert answer.status_code == 200, answer.data
    return answer.json


def listed(gateway: Gateway, key: str = API_KEY, **query: Any) -> list[int]:
    return [row["id"] for row in get(gateway, "GetDeliveries", key, **query)["results"]]


def test_event_has_a_delivery_but_is_no_job(gateway: Gateway, ledger: Ledger) -> None:
    gateway.post("/api/CreateCallbackSubscription", {"url": "https://a.example/events"})
    ledger.delivery(DeliveryState.DELIVERED)
    [event] = [row for row in get(gateway, "GetDeliveries")["results"] if "event" in row]
    assert get(gateway, "GetDelivery", id=event["id"])["result"]["event"] == "job.completed"
    for dto, name in (("GetOpenAiChat", "id"), ("GetOpenAiChatStatus", "jobId")):
        answer = gateway.get(f"/api/{dto}", query_string={name: event["id"]})
        assert (answer.status_code, answer.json["responseStatus"]["errorCode"]) == (404, "NotFound")
    assert gateway.post("/api/CancelJob", {"id": event["id"]}).status_code == 404


def epoch_of(gateway: Gateway, job_id: int) -> str:
    return str(gateway.redis.hget(f"job:{job_id}", "epoch").decode())


def test_delivery_of_a_retried_job_shows_the_webhook_id_that_is_sent(
    gateway: Gateway, ledger: Ledger
) -> None:
    job_id = ledger.delivery(DeliveryState.DELIVERED)
    gateway.redis.hset(f"job:{job_id}", "generation", 1)
    sent = message_id(job_id, 1, epoch_of(gateway, job_id))
    assert get(gateway, "GetDelivery", id=job_id)["result"]["webhookId"] == sent
    assert get(gateway, "GetDeliveries")["results"][0]["webhookId"] == sent


# --- list -----------------------------------------------------------------------------------------


def test_get_deliveries_answers_in_querydb_shape(gateway: Gateway, ledger: Ledger) -> None:
    job_id = ledger.delivery(refId="order-1", tag="night")
    page = get(gateway, "GetDeliveries")
    [row] = page["results"]
    assert (page["offset"], page["total"]) == (0, 1)
    assert row["createdDate"].endswith("Z")
    assert row["nextAttemptDate"] > row["createdDate"]
    assert {n: v for n, v in row.items() if not n.endswith("Date")} == {
        "id": job_id,
        "refId": "order-1",
        "tag": "night",
        "webhookId": f"msg_{epoch_of(gateway, job_id)}_{job_id}",
        "url": "https://a.example/cb?o=1",
        "state": "Pending",
        "reason": "the receiver answered 503",
        "attempts": 1,
    }


def test_delivery_of_a_retried_job_has_the_webhook_id_that_it_is_sent_with(
    gateway: Gateway,
) -> None:
    job_id = gateway.queue(replyTo="https://a.example/cb")["id"]

    def told() -> set[str]:
        one = get(gateway, "GetDelivery", id=job_id)["result"]["webhookId"]
        return {one, get(gateway, "GetDeliveries")["results"][0]["webhookId"]}

    gateway.run(job_id, Result.failure(CANCELLED))
    name = f"msg_{epoch_of(gateway, job_id)}_{job_id}"
    assert told() == {name}
    gateway.post("/api/RetryJob", {"id": job_id})
    assert told() == {name}
    gateway.run(job_id, Result.response(b"{}"))
    assert told() == {f"{name}_2"}


def test_attempts_of_a_delivery_are_those_of_the_result_that_it_tells(
    gateway: Gateway, ledger: Ledger
) -> None:
    job_id = gateway.queue(replyTo="https://a.example/cb")["id"]

    def told() -> tuple[int, list[int], str | None]:
        delivery = get(gateway, "GetDelivery", id=job_id)
        row = delivery["result"]
        numbers = [attempt["number"] for attempt in delivery["log"]]
        assert get(gateway, "GetDeliveries")["results"] == [row]
        assert ("endedDate" in row) == (row["state"] != "Pending")
        return row["attempts"], numbers, row.get("reason")

    gateway.run(job_id, Result.failure(CANCELLED))
    ledger.attempt(job_id, DeliveryState.DELIVERED)
    assert told() == (1, [1], "the receiver answered 503")
    gateway.post("/api/RetryJob", {"id": job_id})
    assert told() == (1, [1], "the receiver answered 503")
    gateway.run(job_id, Result.response(b"{}"))
    assert told() == (0, [], None)
    ledger.attempt(job_id, DeliveryState.EXHAUSTED)
    assert told() == (1, [1], "the receiver answered 503")


def test_get_deliveries_filters_and_pages(gateway: Gateway, ledger: Ledger) -> None:
    a = ledger.delivery(DeliveryState.EXHAUSTED, tag="night", refId="ra")
    b = ledger.delivery(DeliveryState.DELIVERED, replyTo="https://b.example/")
    c = ledger.delivery()
    assert listed(gateway) == [c, b, a]
    assert listed(gateway, OrderBy="createdDate") == [a, b, c]
    assert listed(gateway, skip=1, take=1) == [b]
    assert listed(gateway, state="exhausted") == [a]
    assert listed(gateway, Host="b.example") == [b]
    assert listed(gateway, tag="night") == listed(gateway, refId="ra") == [a]
    assert listed(gateway, **{"from": "2000-01-01"}) == [c, b, a]
    assert listed(gateway, **{"from": "/Date(4102444800000)/"}) == []
    assert listed(gateway, to="2000-01-01T00:00:00+02:00") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"state": "Lost"}, "state"),
        ({"from": "yesterday"}, "from"),
        ({"take": "1001"}, "take"),
        ({"skip": "-1"}, "skip"),
        ({"orderBy": "host"}, "orderBy"),
    ],
)
def test_get_deliveries_names_the_wrong_field(
    gateway: Gateway, query: dict[str, str], field: str
) -> None:
    answer = gateway.get("/api/GetDeliveries", query_string=query)
    assert answer.status_code == 400
    assert answer.json["responseStatus"]["errors"][0]["fieldName"] == field


def test_deliveries_of_others_are_not_found_but_by_the_admin(
    gateway: Gateway, ledger: Ledger
) -> None:
    job_id = ledger.delivery(DeliveryState.EXHAUSTED)
    assert listed(gateway, OTHER_KEY) == []
    assert listed(gateway, ADMIN_SECRET) == [job_id]
    assert gateway.get(f"/api/GetDelivery?id={job_id}", key=OTHER_KEY).status_code == 404
    for dto in ("ReplayDelivery", "CancelDelivery"):
        assert gateway.post(f"/api/{dto}", {"id": job_id}, key=OTHER_KEY).status_code == 404
    answer = gateway.post("/api/ReplayDeliveries", {"state": "Exhausted"}, key=OTHER_KEY)
    assert (answer.json["total"], answer.json["replayed"]) == (0, 0)
    assert listed(gateway, state="Exhausted") == [job_id]


@pytest.mark.parametrize(
    "dto",
    [
        "GetDeliveries",
        "GetDelivery",
        "ReplayDelivery",
        "ReplayDeliveries",
        "CancelDelivery",
        "GetCallbackKeys",
        "RotateCallbackSecret",
    ],
)
def test_nothing_is_open(gateway: Gateway, dto: str) -> None:
    assert gateway.post(f"/api/{dto}", {"id": 1, "state": "Pending"}, key=None).status_code == 401


# --- one ------------------------------------------------------------------------------------------


def test_get_delivery_shows_every_attempt(gateway: Gateway, ledger: Ledger) -> None:
    job_id = ledger.delivery(refId="order-1")
    gateway.post("/api/ReplayDelivery", {"refId": "order-1"})
    ledger.attempt(job_id, DeliveryState.DELIVERED)
    answer = get(gateway, "GetDelivery", refId="order-1")
    assert answer["result"]["state"] == "Delivered"
    first, second = answer["log"]
    assert (first["number"], first["trigger"]) == (1, "schedule")
    assert (second["number"], second["trigger"]) == (2, "replay")
    shown = {"status": 503, "responseHead": "busy", "ip": "192.0.2.1", "keyIds": ["key_1"]}
    assert {name: first[name] for name in shown} == shown
    assert (first["durationMs"], first["bodySha256"]) == (7, "ab" * 32)


@pytest.mark.parametrize("dto", ["GetDelivery", "ReplayDelivery", "CancelDelivery"])
def test_job_without_callback_has_no_delivery(gateway: Gateway, dto: str) -> None:
    job_id = gateway.queue()["id"]
    answer = gateway.post(f"/api/{dto}", {"id": job_id})
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "delivery_not_found")


@pytest.mark.parametrize("dto", ["GetDelivery", "ReplayDelivery", "CancelDelivery"])
def test_unnamed_job_is_a_mistake(gateway: Gateway, dto: str) -> None:
    assert gateway.post(f"/api/{dto}", {}).status_code == 400


def test_cancel_delivery_ends_what_is_pending(gateway: Gateway, ledger: Ledger) -> None:
    job_id = ledger.delivery()
    answer = gateway.post("/api/CancelDelivery", {"id": job_id}).json
    assert (answer["status"], answer["state"]) == ("cancelled", "Cancelled")
    again = gateway.post("/api/CancelDelivery", {"id": job_id}).json
    assert (again["status"], again["state"]) == ("ended", "Cancelled")
    assert listed(gateway, state="Cancelled") == [job_id]


# --- again ----------------------------------------------------------------------------------------


def test_replay_deliveries_sends_what_failed_unless_told_otherwise(
    gateway: Gateway, ledger: Ledger
) -> None:
    a = ledger.delivery(DeliveryState.EXHAUSTED)
    b = ledger.delivery(DeliveryState.STOPPED)
    c = ledger.delivery(DeliveryState.DELIVERED)
    wanted = {"from": "2000-01-01T00:00:00Z"}
    dry = gateway.post("/api/ReplayDeliveries", {**wanted, "dryRun": True}).json
    assert dry == {"total": 2, "replayed": 0, "inFlight": 0, "remaining": 0, "dryRun": True}
    assert listed(gateway, state="Pending") == []
    done = gateway.post("/api/ReplayDeliveries", wanted).json
    assert done == {"total": 2, "replayed": 2, "inFlight": 0, "remaining": 0, "dryRun": False}
    assert listed(gateway, state="Pending") == [b, a]
    assert listed(gateway, state="Delivered") == [c]


def test_replay_deliveries_by_host(gateway: Gateway, ledger: Ledger) -> None:
    ledger.delivery(DeliveryState.EXHAUSTED)
    b = ledger.delivery(DeliveryState.EXHAUSTED, replyTo="https://b.example/")
    assert gateway.post("/api/ReplayDeliveries", {"host": "b.example"}).json["replayed"] == 1
    assert listed(gateway, state="Pending") == [b]


def test_replay_deliveries_wants_to_know_which(gateway: Gateway) -> None:
    answer = gateway.post("/api/ReplayDeliveries", {})
    assert answer.status_code == 400
    assert answer.json["error"]["param"] == "state"


# --- keys -----------------------------------------------------------------------------------------


def test_rotation_shows_the_new_secret_once(gateway: Gateway) -> None:
    new = gateway.post("/api/RotateCallbackSecret", {})
    assert new.headers["cache-control"] == "no-store"
    keys = get(gateway, "GetCallbackKeys")["results"]
    assert [key["id"] for key in keys] == [new.json["keyId"], SecretKey(CALLBACK_SECRET).id]
    assert SecretKey(new.json["secret"]).id == new.json["keyId"]
    assert keys[1]["expiryDate"] == new.json["previousExpiryDate"]
    assert "expiryDate" not in keys[0]
    assert [key["id"] for key in get(gateway, "GetCallbackKeys", OTHER_KEY)["results"]] == [
        SecretKey(CALLBACK_SECRET).id
    ]


def test_leaked_secret_can_be_ended_at_once(gateway: Gateway) -> None:
    new = gateway.post("/api/RotateCallbackSecret", {"overlapSecs": 0}).json
    assert [k["id"] for k in get(gateway, "GetCallbackKeys")["results"]] == [new["keyId"]]
    assert gateway.post("/api/RotateCallbackSecret", {"overlapSecs": -1}).status_code == 400


def test_public_keys_are_open_and_empty_unless_key_pairs_sign(
    gateway: Gateway, fake_redis: redis.Redis
) -> None:
    assert gateway.get("/.well-known/webhook-keys", key=None).json == {"keys": []}
    both = gateway_with(fake_redis, callback_signing="both")
    pair = PrivateKey(PRIVATE_KEY)
    assert both.get("/.well-known/webhook-keys", key=None).json == {
        "keys": [{"id": pair.id, "algorithm": "ed25519", "publicKey": pair.public_key}]
    }
    rows = get(both, "GetCallbackKeys")["results"]
    assert [row["algorithm"] for row in rows] == ["hmac-sha256", "ed25519"]
    only = gateway_with(fake_redis, callback_signing="asymmetric")
    assert [row["id"] for row in get(only, "GetCallbackKeys")["results"]] == [pair.id]


def test_no_answer_and_no_log_tells_a_secret(
    fake_redis: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = gateway_with(fake_redis, callback_signing="both")
    ledger = Ledger(gateway)
    job_id = ledger.delivery(DeliveryState.EXHAUSTED)
    with caplog.at_level(logging.DEBUG):
        new = gateway.post("/api/RotateCallbackSecret", {}).json["secret"]
        answers = [
            gateway.post(f"/api/{dto}", body).data
            for dto, body in [
                ("GetDeliveries", {}),
                ("GetDelivery", {"id": job_id}),
                ("ReplayDeliveries", {"state": "Exhausted"}),
                ("ReplayDelivery", {"id": job_id}),
                ("CancelDelivery", {"id": job_id}),
                ("GetCallbackKeys", {}),
                ("RotateCallbackSecret", {"overlapSecs": "x"}),
            ]
        ]
        answers.append(gateway.get("/.well-known/webhook-keys", key=None).data)
    told = b"".join(answers).decode() + caplog.text + json.dumps(listed(gateway))
    for secret in (new, CALLBACK_SECRET, PRIVATE_KEY, ENCRYPTION_KEY, API_KEY, ADMIN_SECRET):
        assert secret.partition("_")[2] not in told or not secret.partition("_")[2]
        assert secret not in told


# --- subscriptions --------------------------------------------------------------------------------


def test_subscription_is_made_changed_listed_and_ended(gateway: Gateway) -> None:
    url = "https://a.example/events"
    made = gateway.post(
        "/api/CreateCallbackSubscription", {"url": url, "events": ["job.failed"]}
    ).json
    assert (made["url"], made["events"]) == (url, ["job.failed"])
    changed = gateway.post(
        "/api/UpdateCallbackSubscription", {"id": made["id"], "events": ["job.completed"]}
    ).json
    assert (changed["url"], changed["events"]) == (url, ["job.completed"])
    page = get(gateway, "QueryCallbackSubscriptions")
    assert (page["offset"], page["total"], page["results"]) == (0, 1, [changed])
    assert get(gateway, "QueryCallbackSubscriptions", OTHER_KEY)["total"] == 0
    for key in (OTHER_KEY, ADMIN_SECRET):
        for dto in ("UpdateCallbackSubscription", "DeleteCallbackSubscription"):
            answer = gateway.post(f"/api/{dto}", {"id": made["id"]}, key=key)
            assert answer.json["error"]["code"] == "subscription_not_found"
    gateway.post("/api/DeleteCallbackSubscription", {"id": made["id"]})
    assert get(gateway, "QueryCallbackSubscriptions")["total"] == 0


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "url"),
        ({"url": "http://127.0.0.1/"}, 422, "url"),
        ({"url": "https://a.example/", "events": ["job.lost"]}, 400, "events"),
        ({"url": "https://a.example/", "events": {"a": 1}}, 400, "events"),
    ],
)
def test_subscription_that_cannot_be_is_refused(
    gateway: Gateway, body: dict[str, Any], status: int, field: str
) -> None:
    answer = gateway.post("/api/CreateCallbackSubscription", body)
    assert (answer.status_code, answer.json["error"]["param"]) == (status, field)
    assert get(gateway, "QueryCallbackSubscriptions")["total"] == 0
