"""The receiver of callbacks: is a signature genuine, is a delivery a duplicate, what is shown."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests
from standardwebhooks import Webhook

from cli.api.callbacks import describe, pretty
from cli.api.receiver import VALID, ReceivedCallback, Receiver, verdict_on, webhook_for
from cli.console import Console

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"id":"chatcmpl-1","choices":[]}'


def signed(body: str = BODY, *, webhook_id: str = "msg_1", secret: str = SECRET) -> dict[str, str]:
    now = datetime.now(tz=UTC)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, now, body),
        "content-type": "application/json",
        "x-job-id": "7",
        "x-job-state": "Completed",
    }


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(SECRET) as server:
        yield server


def test_verdict_is_valid_for_a_genuine_callback() -> None:
    assert verdict_on(webhook_for(SECRET), signed(), BODY.encode()) == VALID


@pytest.mark.parametrize(
    ("change", "body"),
    [
        pytest.param({}, BODY + " ", id="another body"),
        pytest.param({"webhook-timestamp": "1674087231"}, BODY, id="old"),
        pytest.param({"webhook-timestamp": "soon"}, BODY, id="timestamp is no number"),
        pytest.param({"webhook-signature": "v1"}, BODY, id="signature without a comma"),
        pytest.param({"webhook-signature": "v1,!"}, BODY, id="signature is not base64"),
        pytest.param({"webhook-signature": ""}, BODY, id="no signature"),
        pytest.param({"webhook-id": "msg_2"}, BODY, id="another id"),
        pytest.param({}, "\udcff", id="body is not UTF-8"),
    ],
)
def test_verdict_says_invalid_and_why_for_anything_else(change: dict[str, str], body: str) -> None:
    raw = body.encode("utf-8", "surrogateescape")
    verdict = verdict_on(webhook_for(SECRET), {**signed(), **change}, raw)
    assert verdict.startswith("INVALID: ")
    assert len(verdict) > len("INVALID: ")


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_a"])
def test_webhook_for_refuses_what_is_no_secret(secret: str) -> None:
    with pytest.raises(ValueError, match=r"empty|base64|padd"):
        webhook_for(secret)


def test_receiver_keeps_target_headers_and_body_as_they_were_sent(receiver: Receiver) -> None:
    target = "/a%20b/%C3%BC?order=42&x=a+b&x=%2F"
    response = requests.post(receiver.url + target, data=BODY, headers=signed(), timeout=60)
    [callback] = receiver.wait_for(1, timeout_s=60)
    assert response.status_code == 200
    assert callback.target == target
    assert callback.body == BODY.encode()
    assert callback.headers["x-job-id"] == "7"
    assert callback.verdict == VALID


def test_receiver_counts_deliveries_of_the_same_webhook_id(receiver: Receiver) -> None:
    for webhook_id in ("msg_1", "msg_2", "msg_1"):
        requests.post(receiver.url, data=BODY, headers=signed(webhook_id=webhook_id), timeout=60)
    assert [callback.occurrence for callback in receiver.received] == [1, 1, 2]


def test_receiver_answers_503_to_the_first_ones_when_told_to() -> None:
    with Receiver(SECRET, fail_first=2) as receiver:
        statuses = [requests.post(receiver.url, data=BODY, timeout=60).status_code for _ in "123"]
    assert statuses == [503, 503, 200]


def callback(**changes: object) -> ReceivedCallback:
    given = {"method": "POST", "target": "/in?order=42", "headers": signed(), "body": BODY.encode()}
    judged = {"verdict": VALID, "occurrence": 1, "status": 200, "received_at": 0.0}
    return ReceivedCallback(**{**given, **judged, **changes})  # type: ignore[arg-type]


def test_describe_shows_where_it_came_what_it_is_and_the_verdict() -> None:
    text = describe(callback(occurrence=2), Console(io.StringIO(), color=False))
    assert "POST /in?order=42" in text
    assert "webhook-id   msg_1" in text
    assert "x-job-state  Completed" in text
    assert "signature    valid" in text
    assert "delivery number 2" in text
    assert '"id": "chatcmpl-1"' in text


def test_describe_lets_no_control_character_through() -> None:
    nasty = callback(headers={"webhook-id": "a\x1b[2J"}, body=b"\x1b]0;x\x07", target="/\x9b")
    text = describe(nasty, Console(io.StringIO(), color=False))
    assert text.replace("\n", "").isprintable()


def test_pretty_shortens_a_long_body_and_tells_its_size() -> None:
    body = json.dumps({"data": base64.b64encode(bytes(9000)).decode()}).encode()
    assert len(pretty(body)) < 5000
    assert f"({len(body)} bytes in all)" in pretty(body)
