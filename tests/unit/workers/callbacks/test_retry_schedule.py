"""What follows a callback's answer."""

from __future__ import annotations

import pytest

from shared.callbacks.delivery import DeliveryState
from tests.support.factories import new_settings
from workers.callbacks.outcome import CallbackAnswer
from workers.callbacks.retry_schedule import RETRY_AFTER_CAP_S, Schedule

PAUSES_S = new_settings().callback_pauses_s
next_step = Schedule(PAUSES_S, 60).next_step


def test_schedule_lasts_about_76_hours() -> None:
    assert PAUSES_S[:3] == (5, 30, 120)
    assert len(PAUSES_S) == 11
    assert 75 < sum(PAUSES_S) / 3600 < 77


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_next_step_is_delivered_when_receiver_answers_2xx(status: int) -> None:
    assert next_step(CallbackAnswer(status=status), 0, 0.0).state is DeliveryState.DELIVERED


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(CallbackAnswer(status=410), id="410 Gone"),
        pytest.param(CallbackAnswer(status=200, abort=True), id="abort-message with 200"),
        pytest.param(CallbackAnswer(status=500, abort=True), id="abort-message with 500"),
        pytest.param(CallbackAnswer(error="policy", detail="private"), id="refused address"),
    ],
)
def test_next_step_stops_with_reason_when_nothing_can_follow(answer: CallbackAnswer) -> None:
    step = next_step(answer, 0, 0.0)
    assert step.state is DeliveryState.STOPPED
    assert step.reason


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 408, 500, 501])
def test_next_step_retries_by_schedule_when_answer_is_no_success(status: int) -> None:
    for tries, pause in enumerate(PAUSES_S):
        step = next_step(CallbackAnswer(status=status), tries, 0.0)
        assert (step.state, step.delay_s) == (DeliveryState.PENDING, pause)


def test_next_step_is_exhausted_after_the_last_pause() -> None:
    step = next_step(CallbackAnswer(status=500), len(PAUSES_S), 0.0)
    assert step.state is DeliveryState.EXHAUSTED


def test_next_step_adds_at_most_a_fifth_of_jitter() -> None:
    assert next_step(CallbackAnswer(status=500), 0, 1.0).delay_s == pytest.approx(6.0)


@pytest.mark.parametrize(
    "answer",
    [
        *[pytest.param(CallbackAnswer(status=s), id=str(s)) for s in (429, 502, 503, 504)],
        pytest.param(CallbackAnswer(error="Timeout", timed_out=True), id="time-out"),
    ],
)
def test_next_step_waits_a_minute_when_receiver_is_overloaded(answer: CallbackAnswer) -> None:
    assert next_step(answer, 0, 0.0).delay_s == 60.0


@pytest.mark.parametrize(
    ("asked_s", "waited_s"),
    [
        pytest.param(100.0, 100.0, id="longer than the schedule counts"),
        pytest.param(1.0, 5.0, id="shorter than the schedule does not"),
        pytest.param(1e9, RETRY_AFTER_CAP_S, id="capped"),
    ],
)
def test_next_step_honours_retry_after(asked_s: float, waited_s: float) -> None:
    answer = CallbackAnswer(status=500, retry_after_s=asked_s)
    assert next_step(answer, 0, 0.0).delay_s == waited_s
