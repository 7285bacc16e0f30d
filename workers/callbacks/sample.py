"""Sends a sample to a receiver that somebody tries out."""

from __future__ import annotations

from typing import Final

from shared.callbacks.delivery import (
    DeliveryAttempt,
    DeliveryClaim,
    DeliveryState,
    NextStep,
    Trigger,
)
from shared.callbacks.samples import CallbackTest, TestOutcome
from shared.codecs.json_bytes import to_json_bytes
from shared.jobs.job import Job, JobState
from workers.callbacks.deps import CallbackDeps
from workers.callbacks.run import attempt

#: The model that the sample says it is from.
_MODEL: Final = "test"
_NO_ROOM: Final = (
    "The worker is busy with receivers of yours that do not answer, or with too many of all; "
    "try again soon."
)
_TEXT: Final = "This is a test of your callback receiver."


def send_sample(deps: CallbackDeps, test_id: int) -> None:
    """Send a test's sample as a callback is sent, once, and keep what came of it."""
    test = deps.tests.claim(test_id)
    if test is None:
        return
    now_ms = round(deps.process.clock() * 1000)
    claim = DeliveryClaim(
        test.id, attempt=1, tries=0, url=test.url, now_ms=now_ms, trigger=Trigger.TEST
    )
    # Nothing is known of the receiver: it must not take a slot from those that answer, nor an
    # owner's tests all that there are for others.
    with deps.slots.take() as slot:
        if slot.may_be_unproven and test.owner not in slot.full_owners:
            slot.belongs_to(test.owner)
            outcome = TestOutcome(*attempt(deps, _job(test, now_ms), claim))
        else:
            outcome = _no_room(now_ms)
    deps.tests.finish(test.id, outcome)


def _no_room(now_ms: int) -> TestOutcome:
    row = DeliveryAttempt(1, Trigger.TEST, now_ms, 0, "", error="busy", detail=_NO_ROOM)
    return TestOutcome(row, NextStep(DeliveryState.PENDING, _NO_ROOM))


def _job(test: CallbackTest, now_ms: int) -> Job:
    """Return a job that never was, with an answer that looks like any other."""
    return Job(
        id=test.id,
        ref_id=f"test-{test.id}",
        owner=test.owner,
        epoch=test.epoch,
        model=_MODEL,
        state=JobState.COMPLETED,
        response=to_json_bytes(
            {
                "id": f"chatcmpl-test-{test.id}",
                "object": "chat.completion",
                "created": now_ms // 1000,
                "model": _MODEL,
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": _TEXT},
                        "finish_reason": "stop",
                    }
                ],
                "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
            }
        ),
    )
