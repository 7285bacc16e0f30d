"""What comes of each manner that upstreams have: docs/provider-types.md says the same in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.acceptance.manners.manners_stack import (
    PACED,
    PACED_GZIP,
    MannersStack,
    Outcome,
    is_failure,
)
from tests.acceptance.manners.many_streams import usual_lateness
from tests.acceptance.system.polling import quickest
from tests.upstreams import kinds
from tests.upstreams.kinds import Kind
from tests.upstreams.manner import Completed, Failed, Manner
from tests.upstreams.manners import MANNERS

_ALL = [pytest.param(manner, id=manner.slug) for manner in MANNERS]
_FAILING = [pytest.param(manner, id=manner.slug) for manner in MANNERS if is_failure(manner)]


@pytest.fixture(scope="module")
def manners(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[MannersStack]:
    """Start the stack, and at once the jobs of all tests that will ask for theirs."""
    with MannersStack(tmp_path_factory.mktemp("manners")) as stack:
        for item in request.session.items:
            manner = getattr(item, "callspec", None) and item.callspec.params.get("manner")  # type: ignore[attr-defined]
            if isinstance(manner, Manner):
                stack.ahead(manner, beside="another_provider" in item.name)
        yield stack


@pytest.mark.parametrize("manner", _ALL)
def test_job_ends_as_it_is_promised(manners: MannersStack, manner: Manner) -> None:
    outcome = manners.outcome(manner)
    if isinstance(manner.ends, Completed):
        check_completed(manner.kind, manner.ends, outcome)
    else:
        check_failed(manner.kind, manner.ends, outcome)
    if manner.calls is not None:
        asked = manners.upstream.asked[manner.slug]
        # Probes list the models; only what is asked for the job counts.
        assert len([one for one in asked if one.method == "POST"]) == manner.calls


@pytest.mark.parametrize("manner", _FAILING)
def test_another_provider_is_asked_unless_the_answer_has_begun(
    manners: MannersStack, manner: Manner
) -> None:
    assert isinstance(manner.ends, Failed)
    outcome = manners.outcome(manner, beside=True)
    if manner.ends.elsewhere:
        check_completed(manner.kind, Completed(), outcome)
    else:
        check_failed(manner.kind, manner.ends, outcome)


def test_first_piece_of_compressed_streams_comes_as_soon_as_that_of_others(
    manners: MannersStack, record_property: Callable[[str, object], None]
) -> None:
    """The last one here: nothing else is asked of the stack meanwhile."""

    def too_late_s() -> float:
        gzipped_s, plain_s = usual_lateness(manners.stack, (PACED_GZIP, PACED))
        record_property("late_s", (gzipped_s, plain_s))
        return gzipped_s - 1.5 * plain_s

    quickest(too_late_s, limit_s=0.0)


def check_completed(kind: Kind, ends: Completed, outcome: Outcome) -> None:
    """The job is Completed, with that answer for its client and in the ledger."""
    assert outcome.job["state"] == "Completed", outcome.job
    assert outcome.status == 200
    stored = outcome.stored
    if kind is kinds.EMBEDDING:
        assert stored["data"][0]["embedding"] == [0.1, -0.2]
        return
    if kind.operation == "response":
        assert stored["status"] == "completed"
    if ends.text is not None:
        assert text_of(kind, stored) == ends.text
        told = told_of(kind, outcome.events) if kind.streamed else json.loads(outcome.body)
        assert (told if kind.streamed else text_of(kind, told)) == ends.text
    if ends.finish is not None:
        assert stored["choices"][0]["finish_reason"] == ends.finish
    if ends.message is not None:
        message = stored["choices"][0]["message"]
        assert {name: message.get(name) for name in ends.message} == ends.message
    if ends.reasons is not None and kind.streamed:
        told = [choice for event in outcome.events for choice in event.get("choices") or ()]
        assert sum(bool(choice.get("finish_reason")) for choice in told) == ends.reasons
    if ends.has_usage:
        assert stored["usage"]["total_tokens"] == 5


def check_failed(kind: Kind, ends: Failed, outcome: Outcome) -> None:
    """The job is Failed, and its client was told why in OpenAI's form."""
    assert outcome.job["state"] == "Failed", outcome.job
    error = error_of(kind, outcome)
    assert ends.message in error["message"]
    told = f"{outcome.body!r} {outcome.job} {error['message']}"
    assert not ends.without or ends.without not in told
    assert ends.status in (None, outcome.status, 200)
    if not kind.streamed:
        assert ends.status in (None, outcome.status)
    # Ollama's errors are a text.
    if ends.code is not None and kind.operation != "generation":
        assert error["code"] == ends.code


def error_of(kind: Kind, outcome: Outcome) -> Any:
    """Return the error that the client was told."""
    if outcome.status != 200:
        told = json.loads(outcome.body)["error"]
        # At Ollama's own paths it is told as Ollama does.
        return {"message": told, "code": None} if isinstance(told, str) else told
    assert kind.streamed, outcome.body
    last = outcome.events[-1]
    if kind is kinds.RESPONSE_STREAM:
        return last
    told = last["error"]
    return {"message": told, "code": None} if isinstance(told, str) else told


def text_of(kind: Kind, answer: Any) -> Any:
    """Return what a whole answer says."""
    if kind.operation == "generation":
        return answer["response"]
    if kind.operation == "response":
        return answer["output"][0]["content"][0]["text"]
    choice = answer["choices"][0]
    return choice["text"] if kind.operation == "completion" else choice["message"]["content"]


def told_of(kind: Kind, events: list[Any]) -> str:
    """Return what a stream says in all."""
    if kind.operation == "generation":
        return "".join(event["response"] for event in events)
    if kind.operation == "response":
        return "".join(
            event["delta"] for event in events if event["type"] == "response.output_text.delta"
        )
    choices = [event["choices"][0] for event in events if event.get("choices")]
    if kind.operation == "completion":
        return "".join(choice.get("text") or "" for choice in choices)
    return "".join(choice["delta"].get("content") or "" for choice in choices)
