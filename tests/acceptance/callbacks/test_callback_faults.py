"""Every fault of a receiver, for real: how often it is asked, when again, and how that ends."""

from __future__ import annotations

import pytest

from shared.callbacks.delivery import DeliveryState
from tests.acceptance.callbacks.callback_faults import QUICK, Case, run
from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.stack import GATEWAY, REDIS, Stack
from tests.support.refused_targets import ALWAYS, MALFORMED, PRIVATE
from tests.support.webhook_ids import the_one_id

D, S, E = DeliveryState.DELIVERED, DeliveryState.STOPPED, DeliveryState.EXHAUSTED

#: Fault → attempts, what the log says of the first, shortest first pause (seconds), how it ends.
EXPECTED = {
    "answers 200": (1, 200, 0, D),
    "answers 200, over TLS": (1, 200, 0, D),
    "fails twice, then answers 200": (3, 500, 0.5, D),
    "nobody listens": (4, "refused", 0.5, E),
    "the name does not exist": (4, "dns", 0.5, E),
    "certificate has expired": (4, "tls", 0.5, E),
    "certificate of another host": (4, "tls", 0.5, E),
    "certificate signed by itself": (4, "tls", 0.5, E),
    "hangs before its headers": (4, "timeout", 2.5, E),
    "answers after the time-out": (4, "timeout", 2.5, E),
    "drips its headers": (4, "timeout", 2.5, E),
    "200 and 10 GB": (1, 200, 0, D),
    "500 and 10 GB": (4, 500, 0.5, E),
    "500 and a gzip bomb": (4, 500, 0.5, E),
    "resets without an answer": (4, "reset", 0.5, E),
    "200, then resets in the body": (1, 200, 0, D),
    "500, then resets in the body": (4, 500, 0.5, E),
    "301": (4, 301, 0.5, E),
    "302": (4, 302, 0.5, E),
    "307": (4, 307, 0.5, E),
    "308": (4, 308, 0.5, E),
    "400": (4, 400, 0.5, E),
    "401": (4, 401, 0.5, E),
    "404": (4, 404, 0.5, E),
    "408": (4, 408, 0.5, E),
    "410": (1, 410, 0, S),
    "500": (4, 500, 0.5, E),
    "502": (4, 502, 2.5, E),
    "503": (4, 503, 2.5, E),
    "429, Retry-After: 3": (4, 429, 3, E),
    "429, Retry-After: a date 4 s ahead": (4, 429, 2.5, E),
    "500, webhook-delivery: abort-message": (1, 500, 0, S),
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    return run(tmp_path_factory.mktemp("faults"), QUICK, within_s=300)


def test_every_fault_is_expected(cases: dict[str, Case]) -> None:
    assert cases.keys() == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_delivery_is_tried_by_schedule_when_the_receiver(cases: dict[str, Case], name: str) -> None:
    case, (attempts, said, pause_s, state) = cases[name], EXPECTED[name]
    log = case.delivery.log
    assert (len(log), case.delivery.state) == (attempts, state)
    assert (log[0].status or log[0].error) == said
    for number, row in enumerate(log[:-1], 1):
        assert row.number == number
        assert row.next_attempt_in_s is not None
        assert row.next_attempt_in_s >= pause_s
        # Never earlier than was said: how much later is up to the machine.
        following = log[number]
        assert following.started_ms >= following.scheduled_ms
        assert following.scheduled_ms >= row.started_ms + row.next_attempt_in_s * 1000 - 1
    assert log[-1].next_attempt_in_s is None
    assert len({row.body_sha256 for row in log}) == 1


@pytest.mark.parametrize("name", EXPECTED)
def test_every_attempt_has_the_same_id_and_bytes_when_the_receiver(
    cases: dict[str, Case], name: str
) -> None:
    case = cases[name]
    assert set(case.bodies) <= {case.body}
    assert not case.ids or the_one_id(case.ids, case.job_id)
    if case.delivery.log[0].status is not None:
        assert len(case.bodies) == len(case.delivery.log)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """A gateway alone, which allows no private targets."""
    settings = {"REPLYTO_CALLBACK_ALLOW_PRIVATE": "false"}
    with Stack(tmp_path_factory.mktemp("strict") / "stack", settings=settings) as stack:
        yield stack.open(REDIS, GATEWAY)


def test_gateway_refuses_every_target_that_is_not_public_and_keeps_no_job(strict: Stack) -> None:
    urls = {name: f"http://{host}/cb" for name, host in {**PRIVATE, **ALWAYS}.items()}
    taken = {}
    with strict.api() as api:
        for name, url in {**urls, **MALFORMED}.items():
            # Control characters are refused before anybody reads the URL.
            status = 422 if url.isprintable() else 400
            error = refusal(api, url)
            if error != (status, "replyTo"):
                taken[name] = error
    assert taken == {}
    assert int(strict.redis.get("jobs:id") or 0) == 0


def refusal(api: Api, url: str) -> tuple[int, str]:
    body = {"request": chat("demo-instant"), "replyTo": url}
    answer = api.post("/api/QueueOpenAiChatCompletion", json=body)
    errors = answer.json().get("responseStatus", {}).get("errors") or [{}]
    return answer.status_code, errors[0].get("fieldName", "")
