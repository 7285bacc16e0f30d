"""What providers of a type can be asked: one table, which the dialects and the routing keep."""

from __future__ import annotations

from typing import get_args

from shared.operation import OPERATIONS_BY_TYPE
from shared.providers.provider import Provider
from tests.support.factories import new_settings
from workers.deps import build_deps


def test_table_knows_every_type_of_provider() -> None:
    assert set(OPERATIONS_BY_TYPE) == set(get_args(Provider.model_fields["type"].annotation))


def test_dialects_speak_what_the_table_says() -> None:
    dialects = build_deps(new_settings(), "w1", 10).chat.dialects.by_type
    assert {name: dialect.operations for name, dialect in dialects.items()} == {
        name: OPERATIONS_BY_TYPE[name] for name in dialects
    }
    assert "openai" in dialects
