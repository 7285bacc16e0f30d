"""One attempt at a delivery."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import redis
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from shared.delivery import DeliveryState
from shared.errors import Failure
from shared.moves import Result
from tests.factories import FakeClock, new_job, new_settings
from tests.unit.worker_deps import FakeLlm, build
from workers.callbacks import run
from workers.callbacks.outcome import CallbackAnswer
from workers.completion.run import complete_executed
from workers.deps import Deps

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = "https://example.com/cb?job=1&x=a%20b"


class Receiver:
    """Stands for the network: records what is posted, answers as told."""

    def __init__(self) -> None:
        self.answers: list[CallbackAnswer] = []
        self.posts: list[tuple[str, bytes, Mapping[str, str]]] = []

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> CallbackAnswer:
        self.posts.append((url, body, headers))
        return self.answers.pop(0) if self.answers else CallbackAnswer(status=200)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def deps(fake_redis: redis.Redis, fake_clock: FakeClock, receiver: Receiver) -> Deps:
    settings = new_settings(callback_secret=SecretStr(SECRET))
    return build(fake_redis, settings, fake_clock, FakeLlm(), sender=receiver)


def _ended(deps: Deps, result: Result, **fields: Any) -> int:
    job_id = deps.jobs.accept(new_job(reply_to=URL, ref_id="r", **fields)).id
    claim = deps.jobs.claim(job_id, "chat.m", 5, "w")
    assert claim is not None
    deps.jobs.execute(job_id, claim.attempt, result)
    complete_executed(deps)
    return job_id


def test_delivery_posts_the_stored_bytes_signed_to_the_url_as_given(
    deps: Deps, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = _ended(deps, Result.response(b'{"n":1.50}'), tag="night")
    run.deliver(deps, job_id)
    ((url, body, headers),) = receiver.posts
    assert (url, body) == (URL, b'{"n":1.50}')
    assert headers["webhook-id"] == f"msg_{job_id}"
    told = {name: headers[name] for name in headers if name.startswith("x-")}
    assert told == {
        "x-job-id": str(job_id),
        "x-ref-id": "r",
        "x-tag": "night",
        "x-job-state": "Completed",
        "x-attempt": "1",
    }
    signed = Webhook(SECRET).sign(
        headers["webhook-id"],
        run.signing.datetime.fromtimestamp(int(headers["webhook-timestamp"]), run.signing.UTC),
        body.decode(),
    )
    assert headers["webhook-signature"] == signed
    delivery = deps.deliveries.get(job_id)
    assert delivery is not None
    assert (delivery.state, delivery.tries) == (DeliveryState.DELIVERED, 1)


def test_delivery_of_a_failure_posts_the_error_with_id_and_ref_id(
    deps: Deps, receiver: Receiver
) -> None:
    failure = Failure(502, "server_error", "provider_unavailable", "It is down.")
    job_id = _ended(deps, Result.failure(failure))
    run.deliver(deps, job_id)
    _, body, headers = receiver.posts[0]
    posted = json.loads(body)
    assert (posted["id"], posted["refId"]) == (job_id, "r")
    assert posted["error"]["message"] == posted["responseStatus"]["message"] == "It is down."
    assert headers["x-job-state"] == "Failed"


def test_delivery_is_repeated_by_schedule_with_the_same_id_and_bytes(
    deps: Deps, receiver: Receiver, fake_clock: FakeClock
) -> None:
    job_id = _ended(deps, Result.response(b"{}"))
    receiver.answers = [
        CallbackAnswer(status=500),
        CallbackAnswer(error="reset", detail="by peer", ip="203.0.113.7"),
    ]
    run.deliver(deps, job_id)
    run.deliver(deps, job_id)
    assert len(receiver.posts) == 1
    for pause in (5, 30):
        fake_clock.advance(pause - 1)
        assert deps.recovery.return_deliveries() == 0
        fake_clock.advance(1)
        assert deps.recovery.return_deliveries() == 1
        run.deliver(deps, job_id)
    assert {(url, body, h["webhook-id"]) for url, body, h in receiver.posts} == {
        (URL, b"{}", f"msg_{job_id}")
    }
    assert [h["x-attempt"] for _, _, h in receiver.posts] == ["1", "2", "3"]
    delivery = deps.deliveries.get(job_id)
    assert delivery is not None
    assert [row.status for row in delivery.log] == [500, None, 200]
    failed = delivery.log[1]
    assert (failed.error, failed.detail, failed.ip) == ("reset", "by peer", "203.0.113.7")
    assert (failed.trigger, failed.next_attempt_in_s) == ("schedule", 30)
    assert failed.scheduled_ms == delivery.log[0].started_ms + 5000


def test_delivery_stops_with_its_reason_when_receiver_is_gone(
    deps: Deps, receiver: Receiver
) -> None:
    job_id = _ended(deps, Result.response(b"{}"))
    receiver.answers = [CallbackAnswer(status=410)]
    run.deliver(deps, job_id)
    delivery = deps.deliveries.get(job_id)
    assert delivery is not None
    assert delivery.state is DeliveryState.STOPPED
    assert "410" in delivery.reason


def test_header_values_stay_ascii_when_names_are_not(deps: Deps, receiver: Receiver) -> None:
    job_id = _ended(deps, Result.response(b"{}"), tag="Nächte 🙂")
    run.deliver(deps, job_id)
    assert receiver.posts[0][2]["x-tag"] == "N\\xe4chte \\U0001f642"
