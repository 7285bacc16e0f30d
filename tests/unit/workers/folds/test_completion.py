"""The fold of a streamed text completion."""

from __future__ import annotations

from typing import Any

import pytest

from workers.folds.completion import CompletionFold


def chunk(text: Any = "", finish: str | None = None, index: int = 0, **fields: Any) -> Any:
    choice = {"index": index, "text": text, "finish_reason": finish, **fields}
    head = {"id": "c", "object": "text_completion", "created": 1, "model": "m"}
    return {**head, "choices": [choice]}


def folded(*chunks: Any) -> Any:
    fold = CompletionFold()
    for one in chunks:
        fold.add(one)
    return fold.completion()


def test_texts_are_joined_and_the_last_finish_reason_counts() -> None:
    assert folded(chunk("Hel"), chunk("lo"), chunk("", "stop")) == {
        "id": "c",
        "object": "text_completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "text": "Hello", "logprobs": None, "finish_reason": "stop"}],
    }


def test_choices_are_told_apart_by_their_index_in_any_order() -> None:
    whole = folded(chunk("b", index=1), chunk("a"), chunk("B", "stop", 1), chunk("A", "length"))
    told = [(c["index"], c["text"], c["finish_reason"]) for c in whole["choices"]]
    assert told == [(0, "aA", "length"), (1, "bB", "stop")]


def test_lists_of_logprobs_are_extended_also_by_a_token_named_index() -> None:
    first = {"tokens": ["a"], "top_logprobs": [{"index": 0}], "text_offset": [0], "x": None}
    more = {"tokens": ["b"], "top_logprobs": [{"index": 0}], "text_offset": [1], "x": 2}
    whole = folded(chunk("a", logprobs=first), chunk("b", logprobs=more), chunk(logprobs=None))
    assert whole["choices"][0]["logprobs"] == {
        "tokens": ["a", "b"],
        "top_logprobs": [{"index": 0}, {"index": 0}],
        "text_offset": [0, 1],
        "x": 2,
    }
    assert first["tokens"] == ["a"], "chunks are never changed"


def test_usage_and_unknown_fields_are_kept_and_padding_is_not() -> None:
    usage = {"total_tokens": 3}
    whole = folded(
        chunk("a", "stop", stop_reason=7) | {"usage": None, "obfuscation": "xx"},
        {"choices": [], "usage": usage, "x_new": {"a": 1}, "id": "later"},
    )
    assert (whole["usage"], whole["x_new"], whole["id"]) == (usage, {"a": 1}, "c")
    assert whole["choices"][0]["stop_reason"] == 7
    assert "obfuscation" not in whole


@pytest.mark.parametrize(
    ("chunks", "is_complete"),
    [
        pytest.param([], False, id="nothing"),
        pytest.param([chunk("a")], False, id="no reason to finish"),
        pytest.param([chunk("a", "stop")], True, id="one that finished"),
        pytest.param([chunk("a", "stop"), chunk("b", index=1)], False, id="one of two"),
    ],
)
def test_fold_is_complete_when_every_choice_finished(chunks: list[Any], is_complete: bool) -> None:
    fold = CompletionFold()
    for one in chunks:
        fold.add(one)
    assert fold.is_complete is is_complete


def test_server_that_says_it_is_done_may_give_no_reasons_at_all() -> None:
    fold = CompletionFold()
    fold.add(chunk("a"))
    fold.finish()
    assert fold.completion()["choices"][0]["finish_reason"] == "stop"  # type: ignore[index]


@pytest.mark.parametrize("odd", [None, "x", {}, [None, 1], [{"index": "x", "text": 3}]])
def test_choices_of_a_wrong_type_add_nothing(odd: Any) -> None:
    whole = folded(chunk("a", "stop"), {"choices": odd})
    assert whole["choices"][0]["text"] == "a"


def test_index_that_grows_makes_one_choice_however_long_it_grows() -> None:
    fold = CompletionFold(of_one=True)
    for number in range(1000):
        fold.add(chunk("a", "stop" if number == 999 else None, number))
    assert fold.is_complete
    assert [one["text"] for one in fold.completion()["choices"]] == ["a" * 1000]


def test_choices_of_other_indexes_are_others_also_where_one_was_asked_for() -> None:
    fold = CompletionFold(of_one=True)
    for index in (0, 1, 1, 0):
        fold.add(chunk("a", index=index))
    fold.finish()
    assert [(one["index"], one["text"]) for one in fold.completion()["choices"]] == [
        (0, "aa"),
        (1, "aa"),
    ]
