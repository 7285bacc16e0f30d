"""The auditor of the fault suite: what is planted in the ledgers is found, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.acceptance.chaos import report
from tests.acceptance.chaos.auditor import Audit, audit
from tests.acceptance.chaos.judging import Finding
from tests.acceptance.chaos.ledgers import (
    CallbackSeen,
    Happened,
    Kind,
    Ledgers,
    LlmCall,
    Response,
    Told,
    marker_of,
)

#: Of the three jobs of a clean run.
QUEUED, SYNC, CALLBACK = (marker_of(n) for n in range(3))
#: A job that ended Failed, as its model asks.
FAILED = marker_of(3)
#: A job whose call was cut at KILLED_AT and made again.
CUT = marker_of(4)
REFUSED = marker_of(5)
KILLED_AT = 100.0
UNREACHABLE = "Provider 'demo' could not be reached."


def answer_to(marker: str) -> bytes:
    return b'{"said":"<' + marker.encode() + b'>"}'


def told(marker: str, kind: Kind, number: int) -> Told:
    return Told(
        marker,
        kind,
        "demo-instant",
        sent_at=90.0,
        ids=[number],
        accepted_at=90.1,
        readings=[("Completed", answer_to(marker))] * 2,
        completed_at=91.0,
        attempts=1,
    )


def call(marker: str, at: float = 90.2) -> LlmCall:
    return LlmCall(marker, at, at + 0.5, 200, answer_to(marker))


def callback(marker: str, number: int) -> CallbackSeen:
    return CallbackSeen(
        marker,
        webhook_id=f"msg_{number}",
        job_id=str(number),
        job_state="Completed",
        body=answer_to(marker),
        valid=True,
        received_at=91.1,
        answered_at=91.2,
    )


def clean() -> Ledgers:
    """Return the ledgers of a run in which everything went as promised."""
    failed = told(FAILED, Kind.CALLBACK, 4)
    failed.may_fail = True
    failed.readings = [("Failed", UNREACHABLE.encode())]
    failure = callback(FAILED, 4)
    failure.job_state = "Failed"
    failure.body = json.dumps({"error": {"message": UNREACHABLE}, "id": 4}).encode()
    cut = told(CUT, Kind.QUEUED, 5)
    cut.completed_at = KILLED_AT + 30.5
    refused = Told(REFUSED, Kind.QUEUED, "demo-instant", 90.0, refused="queue_full")
    ledgers = Ledgers(
        told=[
            told(QUEUED, Kind.QUEUED, 1),
            told(SYNC, Kind.SYNC, 2),
            told(CALLBACK, Kind.CALLBACK, 3),
            failed,
            cut,
            refused,
        ],
        calls=[
            call(QUEUED),
            call(SYNC),
            call(CALLBACK),
            LlmCall(FAILED, 90.2, 90.3),
            LlmCall(CUT, KILLED_AT - 0.1, KILLED_AT + 0.1, cut=True),
            call(CUT, KILLED_AT + 30.0),
        ],
        # A retry of the same callback is no second one.
        callbacks=[callback(CALLBACK, 3), callback(CALLBACK, 3), failure],
        happened=[
            Happened(KILLED_AT, "kill", "chat1", "chat"),
            Happened(KILLED_AT + 1, "kill", "gateway", "gateway"),
            Happened(KILLED_AT + 2, "start", "gateway", "gateway"),
        ],
        failures=[
            Response(KILLED_AT + 1.5, 0.1, 0, "ConnectionError"),
            Response(KILLED_AT + 1.6, 4.1, 503, "store_unavailable"),
        ],
        accepts=[90.1, KILLED_AT + 2.5],
    )
    ledgers.told[1].answers = [(200, answer_to(SYNC))]
    return ledgers


def job(ledgers: Ledgers, marker: str) -> Told:
    return next(t for t in ledgers.told if t.marker == marker)


def findings(ledgers: Ledgers) -> set[tuple[str, str]]:
    return {(found.finding, found.marker) for found in audit(ledgers).found}


def test_clean_run_has_no_findings() -> None:
    result = audit(clean())
    assert result.found == []
    assert (result.lost, result.doubled) == (0, 0)


def test_audit_counts_what_was_done() -> None:
    result = audit(clean())
    assert result.accepted == {"queued": 2, "sync": 1, "callback": 2}
    assert (result.completed, result.failed, result.refused) == (
        4,
        {"provider_unreachable": 1},
        1,
    )
    assert (result.llm_calls, result.llm_calls_repeated, result.llm_calls_cut) == (6, 1, 1)
    assert (result.callbacks, result.callbacks_repeated) == (2, 1)
    assert result.kills == {"chat": 1, "gateway": 1}
    assert result.failures == {"ConnectionError": 1, "503 store_unavailable": 1}
    assert result.slowest_503_s == 4.1


def test_recovery_is_from_the_kill_to_the_completion_of_the_cut_job() -> None:
    result = audit(clean())
    assert result.recovery.keys() == {"chat"}
    assert result.recovery["chat"] == pytest.approx((1, 30.5))
    assert result.gateway_back == {"gateway killed": pytest.approx(0.5)}


# --- what is planted -----------------------------------------------------------------------------


def never_final(ledgers: Ledgers) -> None:
    job(ledgers, QUEUED).readings = []


def never_told(ledgers: Ledgers) -> None:
    unknown = Told(marker_of(9), Kind.QUEUED, "demo-instant", 90.0, gave_up=True)
    ledgers.told.append(unknown)


def never_answered(ledgers: Ledgers) -> None:
    job(ledgers, SYNC).answers = []


def callback_missing(ledgers: Ledgers) -> None:
    ledgers.callbacks = [c for c in ledgers.callbacks if c.marker != CALLBACK]


def callback_only_refused(ledgers: Ledgers) -> None:
    for seen in ledgers.callbacks:
        seen.status = 500 if seen.marker == CALLBACK else 200


def callback_broken_off(ledgers: Ledgers) -> None:
    for seen in ledgers.callbacks:
        seen.answered_at = None if seen.marker == CALLBACK else seen.answered_at


def result_changed(ledgers: Ledgers) -> None:
    second = LlmCall(QUEUED, 92.0, 92.1, 200, b'{"said":"second"}')
    ledgers.calls.append(second)
    job(ledgers, QUEUED).readings.append(("Completed", second.answer))


def answers_differ(ledgers: Ledgers) -> None:
    job(ledgers, SYNC).answers.append((200, b'{"said":"second"}'))


def answer_is_not_what_is_stored(ledgers: Ledgers) -> None:
    job(ledgers, SYNC).answers = [(504, b'{"error":{"message":"no"}}')]


def second_body_under_one_webhook_id(ledgers: Ledgers) -> None:
    ledgers.callbacks[1].body = b'{"said":"second"}'


def second_webhook_id(ledgers: Ledgers) -> None:
    ledgers.callbacks[1].webhook_id = "msg_77"


def callback_tells_another_state(ledgers: Ledgers) -> None:
    for seen in ledgers.callbacks[:2]:
        seen.job_state = "Failed"


def two_jobs_for_one_ref_id(ledgers: Ledgers) -> None:
    job(ledgers, QUEUED).ids.append(77)


def callback_of_another_job(ledgers: Ledgers) -> None:
    ledgers.callbacks[0].job_id = "77"


def one_job_for_two_ref_ids(ledgers: Ledgers) -> None:
    job(ledgers, SYNC).ids = [1]


def result_of_another_job(ledgers: Ledgers) -> None:
    job(ledgers, QUEUED).readings = [("Completed", answer_to(SYNC))]


def refused_and_done(ledgers: Ledgers) -> None:
    ledgers.calls.append(call(REFUSED))


def wrong_signature(ledgers: Ledgers) -> None:
    ledgers.callbacks[0].valid = False


def failed_without_reason(ledgers: Ledgers) -> None:
    job(ledgers, QUEUED).readings = [("Failed", b"oops")]


def failed_though_the_llm_was_well(ledgers: Ledgers) -> None:
    job(ledgers, QUEUED).readings = [("Failed", UNREACHABLE.encode())]


def cancelled_by_nobody(ledgers: Ledgers) -> None:
    job(ledgers, QUEUED).readings = [("Cancelled", b"The job was cancelled.")]


def refused_for_another_reason(ledgers: Ledgers) -> None:
    job(ledgers, REFUSED).refused = "ref_id_conflict"


@pytest.mark.parametrize(
    ("plant", "finding", "marker"),
    [
        pytest.param(never_final, Finding.LOST, QUEUED, id="accepted, never final"),
        pytest.param(never_told, Finding.LOST, marker_of(9), id="client never told anything"),
        pytest.param(never_answered, Finding.LOST, SYNC, id="waiting client never answered"),
        pytest.param(callback_missing, Finding.LOST, CALLBACK, id="callback never came"),
        pytest.param(callback_only_refused, Finding.LOST, CALLBACK, id="callback never taken"),
        pytest.param(callback_broken_off, Finding.LOST, CALLBACK, id="callback broken off"),
        pytest.param(result_changed, Finding.DOUBLED, QUEUED, id="result changed"),
        pytest.param(answers_differ, Finding.DOUBLED, SYNC, id="two answers"),
        pytest.param(
            answer_is_not_what_is_stored, Finding.DOUBLED, SYNC, id="answer is not what is stored"
        ),
        pytest.param(
            second_body_under_one_webhook_id,
            Finding.DOUBLED,
            CALLBACK,
            id="second body under one webhook-id",
        ),
        pytest.param(second_webhook_id, Finding.DOUBLED, CALLBACK, id="second webhook-id"),
        pytest.param(
            callback_tells_another_state, Finding.DOUBLED, CALLBACK, id="another state told"
        ),
        pytest.param(two_jobs_for_one_ref_id, Finding.DOUBLED, QUEUED, id="RefId with two jobs"),
        pytest.param(callback_of_another_job, Finding.DOUBLED, CALLBACK, id="another job's id"),
        pytest.param(one_job_for_two_ref_ids, Finding.DOUBLED, SYNC, id="job with two RefIds"),
        pytest.param(result_of_another_job, Finding.DOUBLED, QUEUED, id="another job's result"),
        pytest.param(refused_and_done, Finding.DOUBLED, REFUSED, id="refused and done"),
        pytest.param(wrong_signature, Finding.WRONG, CALLBACK, id="wrong signature"),
        pytest.param(failed_without_reason, Finding.WRONG, QUEUED, id="no documented reason"),
        pytest.param(
            failed_though_the_llm_was_well, Finding.WRONG, QUEUED, id="reason that cannot be"
        ),
        pytest.param(cancelled_by_nobody, Finding.WRONG, QUEUED, id="cancelled by nobody"),
        pytest.param(refused_for_another_reason, Finding.WRONG, REFUSED, id="other refusal"),
    ],
)
def test_audit_finds_what_is_planted(
    plant: Callable[[Ledgers], None], finding: Finding, marker: str
) -> None:
    ledgers = clean()
    plant(ledgers)
    assert (finding, marker) in findings(ledgers)


def test_job_whose_client_cancels_it_may_end_cancelled_or_completed() -> None:
    ledgers = clean()
    job(ledgers, QUEUED).cancels = job(ledgers, CUT).cancels = True
    job(ledgers, QUEUED).readings = [("Cancelled", b"The job was cancelled.")]
    result = audit(ledgers)
    assert result.found == []
    assert result.failed["cancelled"] == 1


@pytest.mark.parametrize(
    ("response", "name"),
    [
        pytest.param(Response(95.0, 0.1, 500, "internal_error"), "500 internal_error", id="500"),
        pytest.param(Response(95.0, 0.1, 503, "other"), "503 other", id="another 503"),
        pytest.param(Response(95.0, 0.1, 404, "job_not_found"), "404 job_not_found", id="404"),
    ],
)
def test_audit_finds_answers_that_are_not_documented(response: Response, name: str) -> None:
    ledgers = clean()
    ledgers.failures.append(response)
    assert findings(ledgers) == {(Finding.WRONG, name)}


def test_audit_finds_a_503_that_took_too_long() -> None:
    ledgers = clean()
    ledgers.failures.append(Response(95.0, 5.1, 503, "store_unavailable"))
    assert findings(ledgers) == {(Finding.SLOW, "503 store_unavailable")}


def test_503_to_a_call_that_had_been_waiting_is_not_judged_by_its_time() -> None:
    ledgers = clean()
    ledgers.failures.append(Response(95.0, 18.0, 503, "store_unavailable", waited=True))
    assert audit(ledgers).found == []


def test_503_of_a_gateway_that_was_frozen_itself_is_not_judged_by_its_time() -> None:
    ledgers = clean()
    ledgers.failures.append(Response(95.0, 7.0, 503, "store_unavailable"))
    ledgers.happened[:0] = [
        Happened(87.0, "freeze", "gateway", "gateway"),
        Happened(89.0, "resume", "gateway", "gateway"),
    ]
    ledgers.accepts.append(89.1)
    assert audit(ledgers).found == []


def test_audit_finds_a_process_that_ended_by_itself() -> None:
    ledgers = clean()
    ledgers.happened.append(Happened(95.0, "ended", "gateway", "gateway"))
    assert findings(ledgers) == {(Finding.WRONG, "gateway")}


def test_audit_finds_records_of_jobs_that_nobody_sent() -> None:
    ledgers = clean()
    ledgers.calls.append(call(marker_of(9)))
    assert findings(ledgers) == {(Finding.WRONG, marker_of(9))}


def test_audit_finds_a_recovery_that_took_too_long() -> None:
    ledgers = clean()
    job(ledgers, CUT).completed_at = KILLED_AT + 41.0
    assert findings(ledgers) == {(Finding.SLOW, CUT)}


def test_recovery_begins_anew_with_each_kill_that_cuts_the_job() -> None:
    ledgers = clean()
    second_kill = KILLED_AT + 30.2
    ledgers.happened.append(Happened(second_kill, "kill", "chat2", "chat"))
    ledgers.calls[-1] = LlmCall(CUT, KILLED_AT + 30.0, second_kill + 0.1, cut=True)
    ledgers.calls.append(call(CUT, second_kill + 30.0))
    job(ledgers, CUT).completed_at = second_kill + 30.5
    result = audit(ledgers)
    assert result.recovery["chat"] == pytest.approx((1, 30.5))
    assert result.found == []


def test_recovery_begins_anew_with_a_kill_before_the_llm_was_called() -> None:
    """The job has one attempt more than the LLM saw calls: a kill hit it in between."""
    ledgers = clean()
    second_kill = KILLED_AT + 29.0
    ledgers.happened.append(Happened(second_kill, "kill", "chat2", "chat"))
    ledgers.calls[-1] = call(CUT, second_kill + 30.0)
    job(ledgers, CUT).completed_at = second_kill + 30.5
    job(ledgers, CUT).attempts = 3
    assert audit(ledgers).recovery["chat"] == pytest.approx((1, 30.5))


def hit_by_redis(ledgers: Ledgers, second_call_at: float) -> float:
    """Kill Redis while the job waits, then the worker that runs it again; return that kill."""
    second_kill = second_call_at + 1.0
    ledgers.happened.append(Happened(KILLED_AT + 13.0, "kill", "redis", "redis"))
    ledgers.happened.append(Happened(second_kill, "kill", "chat2", "chat"))
    ledgers.calls[-1] = LlmCall(CUT, second_call_at, second_kill + 0.1, cut=True)
    ledgers.calls.append(call(CUT, second_kill + 30.0))
    job(ledgers, CUT).completed_at = second_kill + 30.5
    return second_kill


def test_recovery_from_a_kill_of_redis_ends_when_the_job_runs_again_and_its_worker_dies() -> None:
    ledgers = clean()
    hit_by_redis(ledgers, KILLED_AT + 30.0)
    result = audit(ledgers)
    assert result.recovery["redis"] == pytest.approx((1, 17.0))
    assert result.recovery["chat"] == pytest.approx((1, 30.5))
    assert result.found == []


def test_kill_of_a_worker_does_not_hide_that_redis_took_too_long_before() -> None:
    ledgers = clean()
    hit_by_redis(ledgers, KILLED_AT + 54.0)
    result = audit(ledgers)
    assert result.recovery["redis"] == pytest.approx((1, 41.0))
    assert [found.finding for found in result.found] == [Finding.SLOW]


def test_call_that_outlives_redis_and_dies_with_its_worker_counts_from_there() -> None:
    ledgers = clean()
    # It was in hand from before the kill of Redis on: only its worker's death cost it time.
    ledgers.happened.append(Happened(KILLED_AT - 0.1, "kill", "redis", "redis"))
    job(ledgers, CUT).completed_at = KILLED_AT + 30.5
    result = audit(ledgers)
    assert result.recovery["redis"] == pytest.approx((1, 0.0))
    assert result.recovery["chat"] == pytest.approx((1, 30.5))


@pytest.mark.parametrize(
    ("refuses", "again", "name"),
    [("demote", "promote", "redis read-only"), ("fill", "empty", "redis full")],
)
def test_redis_that_refuses_to_write_is_judged_as_one_that_was_killed(
    refuses: str, again: str, name: str
) -> None:
    ledgers = clean()
    told = job(ledgers, QUEUED)
    assert told.completed_at is not None
    at = told.completed_at - 0.05
    ledgers.happened.append(Happened(at, refuses, "redis2", "redis"))
    ledgers.happened.append(Happened(at + 1.0, again, "redis2", "redis"))
    ledgers.accepts.append(at + 3.0)
    ledgers.accepts.sort()
    told.completed_at = at + 41.0
    result = audit(ledgers)
    assert result.refusals == {refuses: 1}
    assert result.recovery["redis"][1] == pytest.approx(41.0)
    assert (Finding.SLOW, QUEUED) in {(found.finding, found.marker) for found in result.found}
    assert 0 < result.gateway_back[name] <= 2.0


def test_recovery_of_a_callback_is_from_the_kill_to_its_next_post() -> None:
    ledgers = clean()
    ledgers.happened.append(Happened(91.15, "kill", "callbacks", "callbacks"))
    ledgers.callbacks[0].answered_at = None
    ledgers.callbacks[1].received_at, ledgers.callbacks[1].answered_at = 121.5, 124.0
    assert audit(ledgers).recovery["callbacks"] == pytest.approx((1, 30.35))


def test_report_shows_seed_counts_and_findings() -> None:
    ledgers = clean()
    never_final(ledgers)
    text = report.as_markdown(_run(), audit(ledgers))
    assert "| seed, duration, rate | 7, 600 s" in text
    assert "| **lost** | **1** |" in text
    assert f"- lost: {QUEUED}: accepted as [1], never final" in text


def test_report_of_an_empty_run_can_be_shown() -> None:
    assert "lost" in report.as_text(_run(), Audit())


def _run() -> report.Run:
    return report.Run(seed=7, seconds=600, rate=15, wild=False, settled_s=30, skipped=0)
