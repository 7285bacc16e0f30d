"""Embeddings are as many as there are texts, or the provider has failed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import requests

from shared.operation import Operation
from tests.unit.workers.providers.test_openai import CALL, Provoked, answer
from workers.providers.base import ProviderError
from workers.providers.openai import OpenAiDialect


def embedded(texts: Any, count: int) -> int:
    """Ask for the embeddings of texts and get so many."""
    session = requests.Session()
    data = [{"index": number, "embedding": [0.5]} for number in range(count)]
    session.mount("http://", Provoked(answer(200, json.dumps({"data": data}).encode())))
    body = json.dumps({"model": "m", "input": texts}).encode()
    call = replace(CALL, operation=Operation.EMBEDDING, body=body)
    return len(json.loads(OpenAiDialect().ask(session, call))["data"])


@pytest.mark.parametrize(
    ("texts", "count"),
    [
        ("a", 1),
        (["a"], 1),
        (["a", "b"], 2),
        ([1, 2, 3], 1),
        ([[1, 2], [3]], 2),
        # What is asked for in other words is not counted.
        ([{"text": "a"}, {"image": "b"}], 1),
    ],
)
def test_embedding_of_each_text_is_an_answer(texts: Any, count: int) -> None:
    assert embedded(texts, count) == count


@pytest.mark.parametrize(
    ("texts", "count"), [(["a", "b"], 1), (["a"], 2), ([[1, 2], [3]], 1), (["a"] * 9, 8)]
)
def test_embeddings_of_another_number_are_none(texts: Any, count: int) -> None:
    with pytest.raises(ProviderError, match=f"answered with {count} embeddings of {len(texts)}"):
        embedded(texts, count)
