"""What providers of a type can be asked: one table, which the dialects and the routing keep."""

from __future__ import annotations

from typing import get_args

import pytest

from shared.operation import OPERATIONS_BY_TYPE, Operation
from shared.providers import Provider, Registry
from tests.factories import new_settings
from workers.chat.routing import choose
from workers.deps import build_deps


def test_table_knows_every_type_of_provider() -> None:
    assert set(OPERATIONS_BY_TYPE) == set(get_args(Provider.model_fields["type"].annotation))


def test_dialects_speak_what_the_table_says() -> None:
    dialects = build_deps(new_settings(), "w1", 10).dialects.by_type
    assert {name: dialect.operations for name, dialect in dialects.items()} == {
        name: OPERATIONS_BY_TYPE[name] for name in dialects
    }
    assert "openai" in dialects


@pytest.mark.parametrize(
    ("operation", "pinned", "chosen"),
    [
        pytest.param(Operation.CHAT, "", "claude", id="the best that can chat"),
        pytest.param(Operation.EMBEDDING, "", "plain", id="the only one that can embed"),
        pytest.param(Operation.EMBEDDING, "claude", None, id="none when the pinned one cannot"),
        pytest.param(Operation.OLLAMA_GENERATE, "", None, id="none when nobody can"),
    ],
)
def test_choose_takes_only_providers_that_speak_the_operation(
    operation: Operation, pinned: str, chosen: str | None
) -> None:
    rows = [("claude", "anthropic", 9), ("plain", "openai", 1)]
    registry = Registry(
        [
            Provider.model_validate(
                {
                    "name": name,
                    "type": kind,
                    "base_url": "http://127.0.0.1:1/v1",
                    "models": ["m"],
                    "priority": priority,
                }
            )
            for name, kind, priority in rows
        ]
    )
    provider = choose(registry, "m", pinned, (), operation)
    assert (provider.name if provider else None) == chosen
