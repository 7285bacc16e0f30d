"""A wrong value is told by what it must be, in our words and never with the value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from pydantic import AnyUrl, Field, TypeAdapter, ValidationError

from gateway.openapi.document import document
from shared.wire.value_problems import FORMS, value_problem


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        (int, "hidden", "must be a whole number"),
        (int, 1.5, "must be a whole number"),
        (float, "hidden", "must be a number"),
        (bool, "hidden", "must be true or false"),
        (str, 5, "must be a text"),
        (list[int], "hidden", "must be a list"),
        (dict[str, int], "hidden", "must be an object"),
        (Literal["a", "b", "c"], "hidden", "must be one of 'a', 'b', 'c'"),
        (Annotated[int, Field(ge=1)], 0, "must be at least 1"),
        (Annotated[int, Field(le=2**53)], 2**60, "must be at most 9007199254740992"),
        (Annotated[float, Field(gt=0)], 0, "must be above 0"),
        (Annotated[float, Field(lt=1)], 1, "must be below 1"),
        (Annotated[str, Field(max_length=3)], "hidden", "must have at most 3 characters"),
        (Annotated[list[int], Field(min_length=1)], [], "must have 1 or more entries"),
        (
            Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$")],
            "hidden\n",
            "must not have control characters or line breaks",
        ),
        (Annotated[str, Field(pattern="^[ab]$")], "hidden", "must have the form ^[ab]$"),
        (AnyUrl, "hidden", "must be a URL such as http://127.0.0.1:8000/v1"),
    ],
)
def test_value_is_told_by_what_it_must_be(kind: Any, value: object, told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    assert value_problem(caught.value.errors()[0]) == told


def _patterns(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(pattern := value.get("pattern"), str):
            yield pattern
        for one in value.values():
            yield from _patterns(one)
    elif isinstance(value, list):
        for one in value:
            yield from _patterns(one)


def test_each_form_of_a_text_has_words() -> None:
    found = set(_patterns(document()))
    assert found
    assert found <= FORMS.keys()
