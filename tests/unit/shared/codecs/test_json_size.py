"""How many values a JSON text has, without reading it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codecs.json_size import has_more_values, most_values

_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


def count(value: object) -> int:
    """Count values as the rule says: an object as four, and what is empty as one more."""
    inner = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(inner, list):
        return 1
    return (4 if isinstance(value, dict) else 1) + (sum(map(count, inner)) or 1)


@given(_values, st.sampled_from([None, 1]))
def test_values_are_counted_exactly(value: object, indent: int | None) -> None:
    raw = json.dumps(value, ensure_ascii=False, indent=indent).encode("utf-8", "surrogatepass")

    assert not has_more_values(raw, count(value))
    assert count(value) == 1 or has_more_values(raw, count(value) - 1)
    assert most_values(raw) >= count(value)


@pytest.mark.parametrize("raw", [b'"', b'"\\', b'["\\"', b"]]]", b"", b'[1,"x', b"\xff,"])
def test_text_that_is_no_json_is_left_to_the_parser(raw: bytes) -> None:
    assert not has_more_values(raw, 5)
