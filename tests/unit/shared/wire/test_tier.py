"""What a request says of its tier, and what of that its key grants."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.errors import Forbidden, ValidationFailed
from shared.wire.chat_request import parse_chat_completion, parse_queue_chat_completion
from shared.wire.queueing.tier import Tier, granted, read_tier

CHAT = {"model": "m", "messages": [{"role": "user", "content": "x"}]}


@pytest.mark.parametrize(
    ("value", "tier"),
    [("low", Tier.LOW), ("High", Tier.HIGH), (" normal ", Tier.NORMAL), ("", None), (5, None)],
)
def test_tier_is_read_by_its_name(value: Any, tier: Tier | None) -> None:
    assert read_tier(value) is tier


def test_unknown_tier_is_refused() -> None:
    with pytest.raises(ValidationFailed) as caught:
        read_tier("urgent")
    assert caught.value.field == "priority"


def test_name_is_ours_and_a_number_is_the_providers() -> None:
    ours = parse_chat_completion(json.dumps({**CHAT, "priority": "low"}).encode())
    assert (json.loads(ours.chat.body), ours.tier) == (CHAT, Tier.LOW)
    theirs = parse_chat_completion(json.dumps({**CHAT, "priority": 5}).encode())
    assert (json.loads(theirs.chat.body), theirs.tier) == ({**CHAT, "priority": 5}, None)
    raw = json.dumps({"Priority": "high", "request": {**CHAT, "priority": 5}}).encode()
    queued = parse_queue_chat_completion(raw)
    assert (json.loads(queued.chat.body), queued.tier) == ({**CHAT, "priority": 5}, Tier.HIGH)


@pytest.mark.parametrize(
    ("wanted", "best", "rank"),
    [
        pytest.param(None, Tier.HIGH, -1, id="the key's own by default"),
        pytest.param(None, Tier.LOW, 1, id="also a low one"),
        pytest.param(Tier.LOW, Tier.HIGH, 1, id="a worse one may always be asked for"),
        pytest.param(Tier.NORMAL, Tier.NORMAL, 0, id="its own may be named"),
    ],
)
def test_request_may_ask_for_what_its_key_has_or_less(
    wanted: Tier | None, best: Tier, rank: int
) -> None:
    assert granted(wanted, best) == rank


def test_better_tier_than_the_keys_is_forbidden() -> None:
    with pytest.raises(Forbidden, match=r"'high'.*'normal'"):
        granted(Tier.HIGH, Tier.NORMAL)
