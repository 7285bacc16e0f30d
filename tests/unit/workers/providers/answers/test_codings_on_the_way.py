"""Answers that are compressed on their way, as `Transfer-Encoding` tells it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import pytest

from shared.operation import Operation
from shared.providers.provider import Provider
from tests.upstreams import wire
from tests.upstreams.server import RawUpstream
from workers.deps import llm_session
from workers.providers.base import ProviderCall
from workers.providers.openai import OpenAiDialect

CHAT = {"choices": [{"message": {"role": "assistant", "content": "Hi"}}]}


@pytest.fixture
def upstream() -> Iterator[RawUpstream]:
    server = RawUpstream({}).start()
    yield server
    server.stop()


def asked(upstream: RawUpstream, body: bytes, coding: str, **headers: str) -> bytes:
    head = wire.head(transfer_encoding=coding, **headers)
    upstream.replies["p"] = lambda _: [head, *wire.chunked([body])]
    about = {"name": "p", "base_url": upstream.base_url("p"), "models": ["m"]}
    call = ProviderCall(Provider.model_validate(about), b"{}", None, 5, 5, Operation.CHAT)
    with llm_session(1) as session:
        return OpenAiDialect().ask(session, call)


@pytest.mark.parametrize("coding", ["gzip, chunked", "GZIP,Chunked", "x-gzip , chunked"])
def test_answer_that_is_compressed_on_its_way_is_read(upstream: RawUpstream, coding: str) -> None:
    body = json.dumps(CHAT).encode()
    assert json.loads(asked(upstream, gzip.compress(body), coding)) == CHAT
    # Also when its body was compressed before.
    twice = gzip.compress(gzip.compress(body))
    assert json.loads(asked(upstream, twice, coding, content_encoding="gzip")) == CHAT


@pytest.mark.parametrize("coding", ["chunked", "chunked, chunked", "identity, chunked"])
def test_answer_that_is_not_is_read(upstream: RawUpstream, coding: str) -> None:
    assert json.loads(asked(upstream, json.dumps(CHAT).encode(), coding)) == CHAT
