"""The failures of the OpenAI dialect must be such as the ledger can store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hiredis
import pytest
import requests
from requests.adapters import BaseAdapter

from shared.moves import Result
from shared.providers import Provider
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.openai import OpenAiDialect

CALL = ProviderCall(
    provider=Provider.model_validate(
        {"name": "acme", "base_url": "http://127.0.0.1:1/v1", "models": {"m": "m"}}
    ),
    body=b"{}",
    api_key=None,
    connect_timeout_s=1,
    timeout_s=1,
)


class Provoked(BaseAdapter):
    """Stands for a provider whose answer is a fixed one, or none."""

    def __init__(self, answer: Callable[[], requests.Response]) -> None:
        super().__init__()
        self._answer = answer

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        return self._answer()

    def close(self) -> None:
        pass


def answer(status: int, body: bytes = b"") -> Callable[[], requests.Response]:
    def make() -> requests.Response:
        response = requests.Response()
        response.status_code = status
        response._content = body
        return response

    return make


def failing(error: Exception) -> Callable[[], requests.Response]:
    def fail() -> requests.Response:
        raise error

    return fail


@pytest.mark.parametrize(
    ("provoke", "status"),
    [
        pytest.param(failing(requests.ConnectionError()), 502, id="connection reset"),
        pytest.param(failing(requests.ReadTimeout()), 504, id="no answer in time"),
        pytest.param(answer(200, b"<html>"), 502, id="no JSON"),
        pytest.param(answer(302), 502, id="redirect"),
        pytest.param(answer(401), 502, id="the gateway's key is refused"),
        pytest.param(answer(500), 500, id="server error"),
    ],
)
def test_failure_has_a_status_that_redis_takes_when_the_call_fails(
    provoke: Callable[[], requests.Response], status: int
) -> None:
    """hiredis packs no enum: with one as status the result could never be stored."""
    session = requests.Session()
    session.mount("http://", Provoked(provoke))
    with pytest.raises(ProviderError) as caught:
        OpenAiDialect().chat(session, CALL)
    stored = Result.failure(caught.value.failure)
    assert stored.status == status
    assert hiredis.pack_command((stored.status,))
