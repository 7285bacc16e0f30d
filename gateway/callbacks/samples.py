"""Tests of a receiver: a callbacks worker sends a sample, as it would send any callback."""

from __future__ import annotations

from typing import Final

from flask import Blueprint

from gateway.callbacks.forms import attempt_row
from gateway.http.routes import Call, route
from gateway.services import Services
from shared.callbacks.delivery import DeliveryState
from shared.dtos import catalog
from shared.dtos.callbacks import TestCallback, TestCallbackResponse
from shared.errors import CallbackTargetRefused, WaitTimedOut
from shared.security.signing import message_id

blueprint = Blueprint("callback_tests", __name__)

#: How much longer than an attempt may take is waited for a worker to be free (seconds).
_GRACE_S: Final = 10.0


@route(blueprint, catalog.TEST_CALLBACK)
def test(call: Call[TestCallback]) -> TestCallbackResponse:
    """Have a signed sample sent to a URL, and show what came of it."""
    gateway, principal, wanted = call.services, call.principal, call.request
    check_url(gateway, wanted.url)
    limit_s = gateway.settings.callback_timeout_s + _GRACE_S
    with gateway.waiting.mailbox.waiter() as waiter:
        tests = gateway.callbacks.tests
        test_id, epoch = tests.request(principal.owner, wanted.url, waiter.address)
        outcome = waiter.wait_until(lambda: tests.outcome(test_id), limit_s)
    if outcome is None:
        raise WaitTimedOut(f"No callbacks worker has sent the sample in {limit_s:g} s. Is one up?")
    return TestCallbackResponse(
        delivered=outcome.step.state is DeliveryState.DELIVERED,
        reason=outcome.step.reason,
        webhook_id=message_id(test_id, epoch=epoch),
        result=attempt_row(outcome.attempt),
    )


def check_url(gateway: Services, url: str) -> None:
    """Raise CallbackTargetRefused, naming the field `url`, unless callbacks may go there."""
    try:
        gateway.settings.callback_targets.check(url)
    except CallbackTargetRefused as exc:
        raise CallbackTargetRefused(exc.message.replace("ReplyTo", "url", 1), field="url") from exc
