"""Whatever a provider answers, it is an answer that can be stored, or the provider's failure."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.waiting.event_form import form_of
from gateway.waiting.ollama_lines import OllamaChatLines
from shared.operation import Operation
from shared.providers.provider import Provider
from shared.wire.usage import usage_of
from tests.support.chunks import FakeChunkStore, claim_of
from tests.unit.workers.providers.test_openai import Provoked, answer, streaming
from tests.upstreams import good, kinds
from tests.upstreams.kinds import Json, Kind
from workers.chat.relay import Relays
from workers.chat.streamed import relay_stream
from workers.providers.anthropic.dialect import AnthropicDialect
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.ollama import OllamaDialect
from workers.providers.openai import OpenAiDialect

_DIALECTS = {"openai": OpenAiDialect, "ollama": OllamaDialect, "anthropic": AnthropicDialect}
_OPERATIONS = {"generation": Operation.OLLAMA_GENERATE}
_CALL = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
_DELTA: Json = {"content": "Hi", "reasoning": "Hm", "refusal": "No", "tool_calls": [_CALL]}
#: By the dialect that is asked for a response, the kind of chat that answers.
_CHATS = {
    "ollama": (kinds.CHAT, kinds.CHAT_STREAM),
    "anthropic": (kinds.CLAUDE, kinds.CLAUDE_STREAM),
}
_BY_CHAT = [
    Kind(dialect, "response", "/v1/responses", (("input", "x"),), streamed)
    for dialect in _CHATS
    for streamed in (False, True)
]
_odd = st.sampled_from(
    [None, 0, -1, True, "", "x", "null", [], {}, [None], [[]], {"a": None}, 1.5, 10**30, "\ud83d"]
)
_names = st.sampled_from(
    [
        "error",
        "message",
        "delta",
        "choices",
        "usage",
        "type",
        "output",
        "base_resp",
        "detail",
        "text",
    ]
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, list):
        value = dict(enumerate(value))
    for name, each in value.items() if isinstance(value, dict) else ():
        yield from _paths(each, (*path, name))


@st.composite
def _changed(draw: st.DrawFn, value: Any) -> Any:
    """Give the value with a member that is something else, is not there, or should not be there."""
    value = copy.deepcopy(value)
    *path, last = draw(st.sampled_from([path for path in _paths(value) if path]))
    holder = value
    for name in path:
        holder = holder[name]
    if isinstance(holder, dict) and draw(st.booleans()):
        last = draw(_names)
    holder[last] = draw(_odd)
    return value


def _values(kind: Kind) -> list[Json]:
    """Return what a good answer of the kind consists of: its events, or all of it."""
    if not kind.streamed:
        whole = {"role": "assistant", **_DELTA}
        return [good.completion(whole) if kind is kinds.CHAT else good.body(kind)]
    more = [good.chunk(_DELTA)] if kind is kinds.CHAT_STREAM else []
    first, *rest = good.values(kind)
    return [first, *more, *rest]


def _told(kind: Kind, call: ProviderCall, body: bytes) -> bytes:
    """Return what is stored of an answer, told to clients on its way. Raises ProviderError."""
    session, dialect = requests.Session(), _DIALECTS[kind.dialect]()
    session.mount("http://", Provoked(streaming(body) if kind.streamed else answer(200, body)))
    if not kind.streamed:
        return dialect.ask(session, call)
    relay = Relays(FakeChunkStore(), lambda _: None).of(claim_of())  # type: ignore[arg-type]
    chunks = list(dialect.stream(session, call))
    lines, form = OllamaChatLines("m"), form_of(call.operation)
    for chunk in chunks:
        form.chunk(chunk, "1-0")
        lines.chunk(chunk, "1-0")
    assert lines.done()
    return relay_stream(relay, chunks, call.operation)


@pytest.mark.parametrize("kind", [*kinds.EVERY, *_BY_CHAT], ids=lambda kind: kind.name)
@settings(max_examples=40)
@given(data=st.data())
def test_any_answer_is_one_or_the_providers_failure(kind: Kind, data: st.DataObject) -> None:
    provider = {"name": "a", "type": kind.dialect, "base_url": "http://h:1", "models": ["m"]}
    operation = _OPERATIONS.get(kind.operation) or Operation(kind.operation)
    asked = json.dumps(kind.request("m")).encode()
    call = ProviderCall(Provider.model_validate(provider), asked, None, 1, 1, operation)
    values = _values(_CHATS[kind.dialect][kind.streamed] if kind in _BY_CHAT else kind)
    place = data.draw(st.integers(0, len(values) - 1))
    values[place] = data.draw(_changed(values[place]))
    written = [json.dumps(value).encode() for value in values]
    if kind.streamed and operation is not Operation.OLLAMA_GENERATE:
        written = [b"data: " + one + b"\n" for one in written]
    try:
        stored = _told(kind, call, b"\n".join(written) + b"\n")
    except ProviderError:
        return
    json.loads(stored)
    usage_of(stored)
