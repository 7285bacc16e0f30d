"""One attempt at a delivery."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import pytest
import redis
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from shared.callbacks.delivery import DeliveryState
from shared.errors import Failure
from shared.jobs.moves import Result
from shared.queues import names as task_names
from shared.store import redis_keys as keys
from tests.support.factories import FakeClock, new_job, new_settings
from tests.support.worker_deps import Deps, FakeLlm, build
from workers.callbacks import run
from workers.callbacks.outcome import CallbackAnswer
from workers.callbacks.slots import Slots
from workers.completion.run import complete_executed

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = "https://example.com/cb?job=1&x=a%20b"


class Receiver:
    """Stands for the network: records what is posted, answers as told."""

    def __init__(self) -> None:
        self.answers: list[CallbackAnswer] = []
        #: Called while a post is under way.
        self.meanwhile: Callable[[], object] = lambda: None
        self.posts: list[tuple[str, bytes, Mapping[str, str]]] = []

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], owner: str = ""
    ) -> CallbackAnswer:
        self.posts.append((url, body, headers))
        self.meanwhile()
        return self.answers.pop(0) if self.answers else CallbackAnswer(status=200)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def deps(fake_redis: redis.Redis, fake_clock: FakeClock, receiver: Receiver) -> Deps:
    settings = new_settings(callback_secret=SecretStr(SECRET))
    return build(fake_redis, settings, fake_clock, FakeLlm(), sender=receiver)


def _ended(deps: Deps, result: Result, **fields: Any) -> int:
    new = new_job(**{"reply_to": URL, "ref_id": "r", **fields})
    job_id = deps.jobs.accept(new).id
    deps.redis.rpop(keys.message_list("chat.m", new.priority))
    claim = deps.jobs.claim(job_id, "chat.m", 5, "w")
    assert claim is not None
    deps.jobs.execute(job_id, claim.attempt, result)
    complete_executed(deps.completion)
    return job_id


def epoch_of(deps: Deps, job_id: int) -> str:
    job = deps.jobs.get(job_id)
    assert job is not None
    assert job.epoch
    return job.epoch


def test_job_of_a_version_that_knew_no_epochs_keeps_its_webhook_id(
    deps: Deps, receiver: Receiver
) -> None:
    job_id = _ended(deps, Result.response(b"{}"))
    deps.redis.hdel(keys.job(job_id), "epoch")
    run.deliver(deps.callbacks, job_id)
    ((_, _, headers),) = receiver.posts
    assert headers["webhook-id"] == f"msg_{job_id}"


def test_delivery_posts_the_stored_bytes_signed_to_the_url_as_given(
    deps: Deps, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = _ended(deps, Result.response(b'{"n":1.50}'), tag="night")
    run.deliver(deps.callbacks, job_id)
    ((url, body, headers),) = receiver.posts
    assert (url, body) == (URL, b'{"n":1.50}')
    assert headers["webhook-id"] == f"msg_{epoch_of(deps, job_id)}_{job_id}"
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
    run.deliver(deps.callbacks, job_id)
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
    run.deliver(deps.callbacks, job_id)
    run.deliver(deps.callbacks, job_id)
    assert len(receiver.posts) == 1
    for pause in (5, 30):
        fake_clock.advance(pause - 1)
        assert deps.recovery.return_deliveries() == 0
        fake_clock.advance(1)
        assert deps.recovery.return_deliveries() == 1
        run.deliver(deps.callbacks, job_id)
    assert {(url, body, h["webhook-id"]) for url, body, h in receiver.posts} == {
        (URL, b"{}", f"msg_{epoch_of(deps, job_id)}_{job_id}")
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
    run.deliver(deps.callbacks, job_id)
    delivery = deps.deliveries.get(job_id)
    assert delivery is not None
    assert delivery.state is DeliveryState.STOPPED
    assert "410" in delivery.reason


def test_delivery_ends_with_its_reason_when_its_job_is_gone(
    deps: Deps, receiver: Receiver, fake_clock: FakeClock
) -> None:
    job_id = _ended(deps, Result.response(b"{}"))
    deps.redis.delete(keys.job(job_id))
    run.deliver(deps.callbacks, job_id)
    delivery = deps.deliveries.get(job_id)
    assert delivery is not None
    assert delivery.state is DeliveryState.STOPPED
    assert "job" in delivery.reason
    assert receiver.posts == []
    assert not deps.redis.exists(keys.job(job_id))
    fake_clock.advance(3600)
    assert deps.recovery.return_deliveries() == 0


def test_lease_is_renewed_while_the_receiver_takes_its_time_and_not_after(
    deps: Deps, receiver: Receiver, fake_clock: FakeClock
) -> None:
    job_id = _ended(deps, Result.response(b"{}"))

    def be_slow() -> None:
        for _ in range(3):
            fake_clock.advance(8)
            deps.callback_leases.renew()
            assert deps.recovery.return_deliveries() == 0

    receiver.meanwhile = be_slow
    run.deliver(deps.callbacks, job_id)
    assert len(receiver.posts) == 1
    delivery = deps.deliveries.get(job_id)
    assert delivery is not None
    assert delivery.state is DeliveryState.DELIVERED
    deps.callback_leases.renew()
    assert deps.redis.zcard(keys.DELIVERIES_LEASES) == 0


def test_header_values_stay_ascii_when_names_are_not(deps: Deps, receiver: Receiver) -> None:
    job_id = _ended(deps, Result.response(b"{}"), tag="Nächte 🙂")
    run.deliver(deps.callbacks, job_id)
    assert receiver.posts[0][2]["x-tag"] == "N\\xe4chte \\U0001f642"


def test_delivery_goes_on_with_those_that_wait_for_the_same_receiver(
    deps: Deps, receiver: Receiver
) -> None:
    ids = [_ended(deps, Result.response(b"{}"), ref_id=f"r{n}") for n in range(30)]

    def find_no_room() -> None:
        receiver.meanwhile = lambda: None
        for job_id in ids[1:]:
            run.deliver(deps.callbacks, job_id)

    receiver.meanwhile = find_no_room
    run.deliver(deps.callbacks, ids[0])
    sent = [int(headers["x-job-id"]) for _, _, headers in receiver.posts]
    # Twenty, so that a worker that is told to stop has not to send all there are.
    assert len(sent) == len(set(sent)) == 20
    assert deps.deliveries.claim(next(iter(set(ids) - set(sent)))) is not None


def test_delivery_does_not_go_on_when_the_receiver_did_not_answer_in_time(
    deps: Deps, receiver: Receiver
) -> None:
    first, second = (_ended(deps, Result.response(b"{}"), ref_id=f"r{n}") for n in range(2))
    receiver.meanwhile = lambda: run.deliver(deps.callbacks, second)
    receiver.answers = [CallbackAnswer(error="timeout", timed_out=True)]
    run.deliver(deps.callbacks, first)
    assert len(receiver.posts) == 1
    # The next one has a message instead.
    messages = keys.message_list(task_names.CALLBACKS_QUEUE, 0)
    assert b"[[%d]" % second in (deps.redis.lindex(messages, -1) or b"")


def test_slots_keep_a_share_for_receivers_that_answer() -> None:
    slots = Slots(10)
    with ExitStack() as taken:
        unknown = [taken.enter_context(slots.take()) for _ in range(10)]
        assert [slot.may_be_unproven for slot in unknown] == [True] * 8 + [False] * 2
        unknown[0].is_proven()
        unknown[0].is_proven()
        with slots.take() as another, slots.take() as one_too_many:
            assert (another.may_be_unproven, one_too_many.may_be_unproven) == (True, False)
    with slots.take() as slot:
        assert slot.may_be_unproven


def test_slots_are_left_for_receivers_of_others_whatever_one_owner_has() -> None:
    slots = Slots(100)
    with ExitStack() as taken:

        def most_of(owner: str) -> int:
            count = 0
            while (slot := taken.enter_context(slots.take())).may_be_unproven:
                if owner in slot.full_owners:
                    slot.is_proven()
                    break
                slot.belongs_to(owner)
                count += 1
            return count

        assert [most_of(owner) for owner in ("one", "two", "three")] == [60, 15, 3]
    assert slots.shares.free == 80


# --- a worker that stands still -------------------------------------------------------------------


def stands_still(
    deps: Deps, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, seconds: float, then: Any
) -> None:
    """Let time pass, and others work, once: between an attempt's claim and its post."""
    read, is_over = deps.jobs.get, []

    def get(job_id: int) -> Any:
        if not is_over:
            is_over.append(True)
            clock.advance(seconds)
            then()
        return read(job_id)

    monkeypatch.setattr(deps.jobs.reader, "get", get)


def test_worker_that_stood_still_does_not_send_what_another_has_sent(
    deps: Deps, receiver: Receiver, fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = _ended(deps, Result.response(b"{}"))

    def another_sends_it() -> None:
        assert deps.recovery.return_deliveries() == 1
        run.deliver(deps.callbacks, job_id)

    stands_still(deps, fake_clock, monkeypatch, 11, another_sends_it)
    run.deliver(deps.callbacks, job_id)
    assert [headers["x-attempt"] for _, _, headers in receiver.posts] == ["2"]
    delivery = deps.deliveries.get(job_id)
    assert delivery is not None
    assert (delivery.state, delivery.tries) == (DeliveryState.DELIVERED, 1)


def test_worker_that_stood_still_sends_what_is_still_its_own(
    deps: Deps, receiver: Receiver, fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = _ended(deps, Result.response(b"{}"))
    stands_still(deps, fake_clock, monkeypatch, 11, lambda: None)
    # Nobody has looked at the lease yet: it begins anew with the question.
    receiver.meanwhile = lambda: deps.recovery.return_deliveries() and pytest.fail("it was taken")
    run.deliver(deps.callbacks, job_id)
    assert [headers["x-attempt"] for _, _, headers in receiver.posts] == ["1"]


def test_lease_that_was_renewed_is_good_without_asking(
    deps: Deps, receiver: Receiver, fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = _ended(deps, Result.response(b"{}"))

    def renewed_in_time() -> None:
        deps.callback_leases.renew()
        monkeypatch.setattr(deps.deliveries, "renew", lambda _: pytest.fail("asked"))
        fake_clock.advance(9)

    stands_still(deps, fake_clock, monkeypatch, 9, renewed_in_time)
    run.deliver(deps.callbacks, job_id)
    assert len(receiver.posts) == 1


@pytest.mark.parametrize(
    "breaks",
    [
        pytest.param(("callback_body", run), id="its body"),
        pytest.param(("callback_headers", run), id="its headers"),
        pytest.param(("signature_headers", run.signing), id="its signature"),
        pytest.param(("post", None), id="its sending"),
    ],
)
def test_unforeseen_end_of_an_attempt_is_traced_and_tried_again(
    deps: Deps,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    breaks: tuple[str, Any],
) -> None:
    """It is an attempt like others: with a row, a next one, and no place kept at the receiver."""

    def bug(*_args: object, **_options: object) -> Any:
        raise LookupError("boo")

    job_id, other = (_ended(deps, Result.response(b"{}"), ref_id=name) for name in "ab")
    name, owner = breaks
    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(owner or receiver, name, bug)
        run.deliver(deps.callbacks, job_id)
    assert "LookupError: boo" in caplog.text
    delivery = deps.deliveries.get(job_id)
    assert delivery is not None
    assert (delivery.state, delivery.tries) == (DeliveryState.PENDING, 1)
    (row,) = delivery.log
    assert (row.error, row.detail) == ("internal", "unforeseen: LookupError")
    run.deliver(deps.callbacks, other)
    assert [body for _, body, _ in receiver.posts] == [b"{}"]
