"""The gateway's address, as each client takes it; and a marker by which the LLM's call is found."""

from __future__ import annotations

import asyncio
import gc
import uuid
import warnings
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, TypeVar

import pytest
from openai import AsyncOpenAI, OpenAI

from tests.acceptance.llms.canned_streams import CANNED_STREAMS
from tests.acceptance.system.stack import CHAT, COMPLETION, GATEWAY, REDIS, Stack

T = TypeVar("T")


@pytest.fixture(scope="module", autouse=True)
def _left_open() -> Iterator[None]:
    """Let go of loops and sockets that the clients leave open: later tests are not to blame."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with suppress(RuntimeError):
            asyncio.get_event_loop_policy().get_event_loop().close()
        asyncio.set_event_loop(None)
        gc.collect()


@pytest.fixture(scope="package")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A ReplyTo that relays one stream at a time."""
    with Stack(
        tmp_path_factory.mktemp("narrow"),
        demo_models=(),
        canned=CANNED_STREAMS,
        settings={"REPLYTO_STREAM_LIMIT": "1"},
    ) as stack:
        yield stack.open(REDIS, GATEWAY, CHAT, COMPLETION)


@pytest.fixture
def marker() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def base_url(stack: Stack) -> str:
    return f"{stack.url}/v1"


@pytest.fixture
def client(stack: Stack, base_url: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=base_url, api_key=stack.api_key) as client:
        yield client


@pytest.fixture
def with_async_client(
    stack: Stack, base_url: str
) -> Callable[[Callable[[AsyncOpenAI], Coroutine[Any, Any, T]]], T]:
    """Run a coroutine function with an async client of its own."""

    def run(use: Callable[[AsyncOpenAI], Coroutine[Any, Any, T]]) -> T:
        async def open_and_use() -> T:
            async with AsyncOpenAI(base_url=base_url, api_key=stack.api_key) as client:
                return await use(client)

        return asyncio.run(open_and_use())

    return run
