"""Usage of streams: asked of every provider, shown to who asked, refused without harm."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.errors import Failure
from shared.operation import Operation
from tests.support.chunks import HELLO, chunk
from tests.support.worker_deps import REGISTRY
from workers.chat.usage import Chunks, UsageSupport, hide_usage, with_usage
from workers.providers.base import ProviderCall, ProviderError

BODY = b'{"model":"m", "stream":true}'
USAGE = chunk(choices=[], usage={"total_tokens": 3})


@pytest.mark.parametrize(
    ("body", "asking"),
    [
        pytest.param(
            '{"model":"m", "x":1.50 }',
            '{"model":"m", "x":1.50,"stream_options":{"include_usage":true} }',
            id="no options",
        ),
        pytest.param(
            '{"stream_options": null,"n":1E2}',
            '{"stream_options": {"include_usage":true},"n":1E2}',
            id="null",
        ),
        pytest.param(
            '{"stream_options":{ }}', '{"stream_options":{"include_usage":true}}', id="empty"
        ),
        pytest.param(
            '{"stream_options":{"include_obfuscation": false}}',
            '{"stream_options":{"include_obfuscation": false,"include_usage":true}}',
            id="other options",
        ),
        pytest.param(
            '{"stream_options":{"include_usage" : false, "x":1}}',
            '{"stream_options":{"include_usage" : true, "x":1}}',
            id="not wanted",
        ),
        pytest.param(
            '{"stream_options":{"include_usage": true}}',
            '{"stream_options":{"include_usage": true}}',
            id="wanted",
        ),
    ],
)
def test_wish_is_put_into_the_body_and_nothing_else_is_changed(body: str, asking: str) -> None:
    assert with_usage(body) == asking


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        pytest.param(HELLO[0], HELLO[0], id="nothing was added"),
        pytest.param(USAGE, None, id="the chunk of usage alone"),
        pytest.param(b'{"usage":{"a":1},"choices":null}', None, id="the same with null choices"),
        pytest.param(b'{"usage":{"a":1}}', None, id="the same without choices"),
        pytest.param(
            b'{ "id":1.50, "choices":[{}],"usage":null }',
            b'{ "id":1.50, "choices":[{}] }',
            id="a null at the end",
        ),
        pytest.param(b'{"usage": null ,"choices":[]}', b'{"choices":[]}', id="a null at the start"),
        pytest.param(
            b'{"choices":[{"usage":null}],"usage":null}',
            b'{"choices":[{"usage":null}]}',
            id="only that of the chunk",
        ),
        pytest.param(
            b'{"x":{"a":1,"usage":null},"usage":null}',
            b'{"x":{"a":1,"usage":null}}',
            id="and not one before it",
        ),
        pytest.param(
            b'{"a":"\\",\\"usage\\":null", "usage": null}',
            b'{"a":"\\",\\"usage\\":null"}',
            id="and not what looks like it in a text",
        ),
        pytest.param(b'{"a":1,"usage":null,"usage":null}', b'{"a":1}', id="twice"),
        pytest.param(
            b'{"choices":[{"delta":{}}],"usage":{"a":1}}',
            b'{"choices":[{"delta":{}}],"usage":{"a":1}}',
            id="usage that a provider tells unasked, beside a choice",
        ),
        pytest.param(
            b'{"choices":[],"prompt_filter_results":[]}',
            b'{"choices":[],"prompt_filter_results":[]}',
            id="a chunk without choices that is no usage",
        ),
        pytest.param(
            b'{"usage":null,"x":NaN}', b'{"usage":null,"x":NaN}', id="what is not quite JSON"
        ),
    ],
)
def test_client_that_did_not_ask_sees_what_it_would_have_seen(
    sent: bytes, shown: bytes | None
) -> None:
    assert hide_usage(sent, json.loads(sent)) == shown


class Provider:
    """Refuses what a test says, else streams; notes what it was asked."""

    def __init__(self, refuses: Callable[[bytes], int | None] = lambda body: None) -> None:
        self.refuses = refuses
        self.bodies: list[bytes] = []
        self.closed = 0

    def stream(self, call: ProviderCall) -> Chunks:
        self.bodies.append(call.body)
        try:
            if status := self.refuses(call.body):
                failure = Failure(status, "invalid_request_error", None, f"refused {call.body!r}")
                raise ProviderError(failure, transient=False, status=status)
            yield from HELLO
            if b'"include_usage":true' in call.body:
                yield USAGE
        finally:
            self.closed += 1


def call_of(body: bytes = BODY, **fields: Any) -> ProviderCall:
    return ProviderCall(REGISTRY.providers[0], body, None, 1.0, 1.0, **fields)


def seen(wishes: UsageSupport, provider: Provider, call: ProviderCall) -> list[bytes]:
    """Return what the client sees."""
    chunks, show = wishes.chunks(provider.stream, call)
    shown = [show(text, json.loads(text)) for text in chunks]
    return [text for text in shown if text is not None]


def test_usage_is_asked_for_and_not_shown_to_a_client_that_did_not_ask() -> None:
    provider = Provider()
    assert seen(UsageSupport(), provider, call_of()) == list(HELLO)
    assert [json.loads(body)["stream_options"] for body in provider.bodies] == [
        {"include_usage": True}
    ]


def test_client_that_asked_sees_all_and_its_body_goes_out_as_it_is() -> None:
    provider, body = Provider(), b'{"stream_options":{"include_usage":true}}'
    assert seen(UsageSupport(), provider, call_of(body)) == [*HELLO, USAGE]
    assert provider.bodies == [body]


def test_operation_without_stream_options_is_left_alone() -> None:
    provider = Provider()
    seen(UsageSupport(), provider, call_of(operation=Operation.RESPONSE))
    assert provider.bodies == [BODY]


@pytest.mark.parametrize("status", [400, 422])
def test_provider_that_refuses_the_wish_is_asked_without_it_and_not_again(status: int) -> None:
    provider = Provider(lambda body: status if b"stream_options" in body else None)
    wishes = UsageSupport()
    for _ in range(2):
        assert seen(wishes, provider, call_of()) == list(HELLO)
    assert [b"stream_options" in body for body in provider.bodies] == [True, False, False]
    assert provider.closed == 3


def test_refusal_of_the_clients_own_request_is_told_in_its_own_words() -> None:
    """And proves nothing against the wish: the next call has it again."""
    provider, wishes = Provider(lambda body: 400), UsageSupport()
    for _ in range(2):
        with pytest.raises(ProviderError) as caught:
            seen(wishes, provider, call_of())
        assert caught.value.failure.message == f"refused {BODY!r}"
    assert [b"stream_options" in body for body in provider.bodies] == [True, False, True, False]


def test_dialect_that_always_tells_usage_is_asked_once_whatever_it_refuses() -> None:
    provider = Provider(lambda body: 400)
    chunks, _ = UsageSupport().chunks(provider.stream, call_of(), always_told=True)
    with pytest.raises(ProviderError):
        list(chunks)
    assert [b"stream_options" in body for body in provider.bodies] == [True]


@pytest.mark.parametrize("status", [404, 500, 501])
def test_any_way_of_refusing_is_tried_without_the_wish(status: int) -> None:
    provider = Provider(lambda body: status if b"stream_options" in body else None)
    assert seen(UsageSupport(), provider, call_of()) == list(HELLO)
    assert len(provider.bodies) == 2


@pytest.mark.parametrize("status", [401, 402, 429])
def test_other_failure_is_told_at_once(status: int) -> None:
    provider = Provider(lambda body: status)
    with pytest.raises(ProviderError):
        seen(UsageSupport(), provider, call_of())
    assert len(provider.bodies) == 1


def test_stream_is_closed_when_nobody_reads_on() -> None:
    provider = Provider()
    chunks, _ = UsageSupport().chunks(provider.stream, call_of())
    assert next(chunks) == HELLO[0]
    chunks.close()
    assert provider.closed == 1
