"""The choice of a provider."""

from __future__ import annotations

from typing import Any

import pytest

from shared.providers import Provider, Registry
from workers.chat.routing import choose


def _provider(name: str, **fields: Any) -> Provider:
    return Provider.model_validate(
        {"name": name, "base_url": "http://127.0.0.1:1/v1", "models": ["m"], **fields}
    )


_REGISTRY = Registry(
    [
        _provider("low", priority=1),
        _provider("high", priority=9),
        _provider("off", priority=99, enabled=False),
        _provider("other", models=["n"]),
    ]
)


@pytest.mark.parametrize(
    ("pinned", "failed", "chosen"),
    [
        pytest.param("", set(), "high", id="the highest priority that is enabled"),
        pytest.param("", {"high"}, "low", id="the next one when the best has failed"),
        pytest.param("", {"high", "low"}, "high", id="the best again when all have failed"),
        pytest.param("low", set(), "low", id="the pinned one"),
        pytest.param("low", {"low"}, "low", id="the pinned one also when it has failed"),
        pytest.param("other", set(), None, id="none when the pinned one lacks the model"),
        pytest.param("off", set(), None, id="none when the pinned one is disabled"),
    ],
)
def test_choose_takes(pinned: str, failed: set[str], chosen: str | None) -> None:
    provider = choose(_REGISTRY, "m", pinned, failed)
    assert (provider.name if provider else None) == chosen


def test_choose_takes_none_when_no_provider_has_the_model() -> None:
    assert choose(_REGISTRY, "unknown", "") is None
