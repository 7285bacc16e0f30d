"""Requests of clients that send all their fields, and `null` for what is not given."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field, model_validator

from shared.dtos.base import Dto
from shared.dtos.media.batches import CreateBatch
from shared.errors import ValidationFailed


class Asked(Dto):
    """Has fields of each kind."""

    name: str
    time_zone: str = "UTC"
    take: Annotated[int, Field(ge=1)] = 100
    is_paused: bool = False
    paths: list[str] = Field(default_factory=list)
    note: str | None = None


@pytest.mark.parametrize(
    "given",
    [
        {"timeZone": None, "take": None, "IsPaused": None, "paths": None, "note": None},
        [("Take", ""), ("isPaused", "")],
        [("take", "100"), ("take", "")],
    ],
)
def test_what_is_not_given_has_its_default(given: Any) -> None:
    pairs = given.items() if isinstance(given, dict) else given
    assert Asked.bind([("name", "n"), *pairs]) == Asked(name="n")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": None}, "name"),
        ({"name": "n", "paths": ""}, "paths"),
        ({"name": "n", "take": 0}, "take"),
        ({"name": "n", "isPaused": "x"}, "isPaused"),
    ],
)
def test_what_is_given_and_wrong_is_named(given: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        Asked.bind(given)
    assert refused.value.field == field


_BATCH = {
    "input_file_id": "file-1",
    "endpoint": "/v1/embeddings",
    "completion_window": "24h",
}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"completion_window": "7d"}, "completion_window"),
        ({"completionWindow": 24}, "completion_window"),
        ({"input_file_id": 5}, "input_file_id"),
        ({"output_expires_after": {"anchor": "created_at", "seconds": 1}}, "output_expires_after"),
        ({"metadata": {"a": "x" * 600}}, "metadata"),
        ({"metadata": {"a" * 65: "x"}}, "metadata"),
    ],
)
def test_field_of_openais_wire_is_named_as_it_is_there(given: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationFailed, match=rf"^{field}: ") as refused:
        CreateBatch.bind(_BATCH | given)
    assert refused.value.field == field


def test_check_of_several_fields_says_what_is_wrong() -> None:
    class Both(Dto):
        one: int = 0

        @model_validator(mode="after")
        def _never(self) -> Any:
            raise ValueError("neither will do")

    with pytest.raises(ValidationFailed, match=r"^neither will do$"):
        Both.bind({})


def test_an_empty_text_is_a_text() -> None:
    assert Asked.bind({"name": "", "timeZone": "", "note": ""}) == Asked(
        name="", time_zone="", note=""
    )


class _Numbers(Dto):
    take: int | None = None
    share: float | None = None
    ids: list[int] | None = None
    is_on: bool | None = None
    either: bool | int | None = None
    any_: Any = None


@pytest.mark.parametrize(
    ("name", "value"), [("take", True), ("take", False), ("share", True), ("ids", [1, True])]
)
def test_true_and_false_are_no_numbers(name: str, value: object) -> None:
    with pytest.raises(ValidationFailed, match=f"^{name}: must be a number"):
        _Numbers.bind({name: value})


@pytest.mark.parametrize(("name", "value"), [("isOn", True), ("either", True), ("any", True)])
def test_true_is_taken_where_it_may_be(name: str, value: object) -> None:
    assert True in _Numbers.bind({name: value}).model_dump().values()


class _Limited(Dto):
    knows_all = True

    per_minute: int | None = None
    note: str | None = None


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("perMinutes", "did you mean perMinute?"),
        ("limits", "there are perMinute, note"),
        ("", "there are perMinute, note"),
    ],
)
def test_unknown_name_is_refused_where_it_would_leave_something_open(name: str, cure: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        _Limited.bind({"note": "a", name: 5})
    assert caught.value.message == f"{name}: there is no such field; {cure}"
    assert caught.value.field == name


def test_known_names_in_any_casing_and_what_is_about_the_call_are_taken() -> None:
    asked = _Limited.bind([("PerMinute", 3), ("format", "json"), ("Version", 1), ("JsConfig", "")])
    assert asked.per_minute == 3
