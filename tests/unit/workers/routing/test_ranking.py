"""The order in which providers are asked, and the words that explain a choice."""

from __future__ import annotations

from typing import Any

import pytest

from shared.providers.health import Condition, Standing
from shared.providers.provider import Provider
from workers.routing.ranking import IDLE, Load, explain, rank

ONLINE = Condition(Standing.ONLINE)
OFFLINE = Condition(Standing.OFFLINE, "it could not be reached")
RESTING = Condition(Standing.RESTING, "it answered 500")


def _provider(name: str, **fields: Any) -> Provider:
    return Provider.model_validate(
        {"name": name, "base_url": "http://127.0.0.1:1/v1", "models": ["m"], **fields}
    )


LOW, HIGH, EVEN = _provider("low", priority=1), _provider("high", priority=9), _provider("even")


def _order(
    providers: list[Provider],
    conditions: dict[str, Condition] | None = None,
    loads: dict[str, Load] | None = None,
) -> list[str]:
    ranked = rank(
        providers,
        lambda provider: (conditions or {}).get(provider.name, ONLINE),
        lambda provider: (loads or {}).get(provider.name, IDLE),
        lambda provider: ("chat",),
    )
    return [one.provider.name for one in ranked]


@pytest.mark.parametrize(
    ("providers", "conditions", "loads", "order"),
    [
        pytest.param([LOW, HIGH], {}, {}, ["high", "low"], id="higher priority first"),
        pytest.param(
            [LOW, HIGH], {}, {"high": Load(50, 9.0)}, ["high", "low"], id="priority before load"
        ),
        pytest.param(
            [EVEN, _provider("b")], {}, {"even": Load(2)}, ["b", "even"], id="then the least busy"
        ),
        pytest.param(
            [EVEN, _provider("b")],
            {},
            {"even": Load(1, 2.0), "b": Load(1, 0.5)},
            ["b", "even"],
            id="then the fastest",
        ),
        pytest.param([EVEN, _provider("b")], {}, {}, ["even", "b"], id="then the file's order"),
        pytest.param([LOW, HIGH], {"high": OFFLINE}, {}, ["low", "high"], id="offline last"),
        pytest.param(
            [LOW, HIGH, EVEN],
            {"high": RESTING, "low": OFFLINE},
            {},
            ["even", "high", "low"],
            id="who rests before who is offline",
        ),
    ],
)
def test_rank_puts(
    providers: list[Provider],
    conditions: dict[str, Condition],
    loads: dict[str, Load],
    order: list[str],
) -> None:
    assert _order(providers, conditions, loads) == order


@pytest.mark.parametrize(
    ("chosen", "pinned", "failed", "words"),
    [
        pytest.param("high", "", (), "priority 9", id="the best"),
        pytest.param("low", "low", (), "asked for by name", id="pinned"),
        pytest.param("low", "", ("high",), "priority 1; high failed this job before", id="failed"),
        pytest.param("low", "", (), "priority 1; high has no free slot", id="busy"),
    ],
)
def test_explain_says(chosen: str, pinned: str, failed: tuple[str, ...], words: str) -> None:
    ranked = rank([LOW, HIGH], lambda _: ONLINE, lambda _: IDLE, lambda _: ("chat",))
    assert explain(ranked, chosen, pinned, failed) == words


def test_explain_says_why_a_better_one_is_offline() -> None:
    ranked = rank(
        [LOW, HIGH],
        lambda provider: OFFLINE if provider is HIGH else ONLINE,
        lambda _: IDLE,
        lambda _: ("chat",),
    )
    assert explain(ranked, "low", "", ()) == "priority 1; high offline (it could not be reached)"
