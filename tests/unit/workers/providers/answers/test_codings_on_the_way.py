"""Answers that are compressed on their way, as `Transfer-Encoding` tells it."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator

import pytest

from shared.operation import Operation
from shared.providers.provider import Provider
from tests.upstreams import wire
from tests.upstreams.server import Asked, RawUpstream, Reset
from workers.deps import llm_session
from workers.providers.base import ProviderCall, ProviderError
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


@pytest.mark.parametrize("coding", ["gzip", "br", "gzip, gzip"])
@pytest.mark.parametrize("has_stream", [False, True])
@pytest.mark.parametrize("framing", [{"transfer_encoding": "chunked"}, {"content_length": "9"}, {}])
@pytest.mark.parametrize("way", ["reset", "end", "stall"])
def test_compressed_answer_that_does_not_begin_is_a_failure(
    upstream: RawUpstream, coding: str, has_stream: bool, framing: dict[str, str], way: str
) -> None:
    def reply(_: Asked) -> Iterator[bytes]:
        yield wire.head(content_encoding=coding, **framing)
        if way == "reset":
            raise Reset
        if way == "stall":
            time.sleep(5)

    upstream.replies["p"] = reply
    about = {"name": "p", "base_url": upstream.base_url("p"), "models": ["m"]}
    call = ProviderCall(Provider.model_validate(about), b"{}", None, 5, 0.3, Operation.CHAT)
    dialect = OpenAiDialect()
    with llm_session(1) as session, pytest.raises(ProviderError, match="'p'") as error:
        list(dialect.stream(session, call)) if has_stream else dialect.ask(session, call)
    assert error.value.transient
