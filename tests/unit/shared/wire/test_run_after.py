"""`runAfter`: which forms it takes, and which are refused."""

from __future__ import annotations

import pytest

from shared.errors import ValidationFailed
from shared.wire.chat_request import parse_queue_chat_completion
from shared.wire.ollama_request import parse_queue_generation
from shared.wire.run_after import MOST_S, delay_s, read_run_after, refuse_run_after

_CHAT = b'"request":{"model":"m","messages":[{"role":"user","content":"x"}]}'


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param(None, "", id="nothing"),
        pytest.param("", "", id="an empty field of a form"),
        pytest.param(60, "+60000", id="seconds"),
        pytest.param("1.5", "+1500", id="seconds as a text"),
        pytest.param("2026-01-31T08:00:00Z", "1769846400000", id="a moment"),
        pytest.param("2026-01-31T09:00:00+01:00", "1769846400000", id="a moment in another zone"),
        pytest.param("2026-01-31T08:00:00", "1769846400000", id="without a zone it is UTC"),
        pytest.param("/Date(1769846400000)/", "1769846400000", id="as ServiceStack writes it"),
        pytest.param("1969-12-31T00:00:00Z", "0", id="long past"),
    ],
)
def test_run_after_is_read(given: object, kept: str) -> None:
    assert read_run_after(given) == kept


@pytest.mark.parametrize(
    "given",
    [-1, "-5", True, float("nan"), float("inf"), MOST_S + 1, "tomorrow", "1769846400000", [1], {}],
)
def test_run_after_is_refused_by_name(given: object) -> None:
    with pytest.raises(ValidationFailed, match="runAfter") as refused:
        read_run_after(given)
    assert refused.value.field == "runAfter"


def test_delay_is_what_is_left_and_a_year_at_most() -> None:
    assert delay_s("", 0) == 0
    assert delay_s("+1500", 1e9) == 1.5
    assert delay_s("5000", 2) == 3
    assert delay_s("5000", 6) == 0
    with pytest.raises(ValidationFailed, match="a year"):
        delay_s(str((MOST_S + 1) * 1000), 0)
    with pytest.raises(ValidationFailed, match="nobody waits"):
        refuse_run_after("+1")


def test_same_request_is_known_again_only_with_the_same_run_after() -> None:
    plain, later, same, other = (
        parse_queue_chat_completion(b"{%s%s}" % (_CHAT, more))
        for more in (b"", b',"runAfter":60', b',"run_after":"60"', b',"RunAfter":61')
    )
    assert later.run_after == "+60000"
    assert "runAfter" not in later.chat.body
    prints = [one.fingerprint() for one in (plain, later, same, other)]
    assert prints[1] == prints[2]
    assert len(set(prints)) == 3


def test_generations_take_it_too() -> None:
    raw = b'{"request":{"model":"m","prompt":"x"},"runAfter":1}'
    assert parse_queue_generation(raw).run_after == "+1000"
