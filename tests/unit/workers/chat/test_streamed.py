"""One streamed call: every chunk is passed on, and the whole answer is what they add up to."""

from __future__ import annotations

import json
from collections.abc import Iterator

import gevent
import pytest

from shared.errors import Failure
from shared.operation import Operation
from tests.support.chunks import HELLO, FakeChunkStore, chunk, claim_of, unreachable
from workers.chat.relay import Relay, Relays, StreamRefused
from workers.chat.streamed import relay_stream
from workers.folds.asked import asks_for_one
from workers.providers.answers import ending
from workers.providers.base import EndedWithoutDone, ProviderError

TOLD = b'{"error":{"message":"Overloaded","type":"overloaded_error","code":"busy","hint":"later"}}'
CALL = chunk(tool_calls=[{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}])
OLD_CALL = b'{"choices":[{"index":0,"delta":{"function_call":{"name":"f","arguments":"{}"}}}]}'
CUT = Failure(502, "server_error", "provider_unavailable", "It broke off.")


@pytest.fixture
def store() -> FakeChunkStore:
    return FakeChunkStore()


@pytest.fixture
def relay(store: FakeChunkStore) -> Relay:
    return Relays(store, lambda _: None).of(claim_of())  # type: ignore[arg-type]


def breaking(*chunks: bytes) -> Iterator[bytes]:
    yield from chunks
    raise ProviderError(CUT, transient=True, status=502, retry_after_s=9.0)


def test_all_chunks_are_passed_on_as_they_are(store: FakeChunkStore, relay: Relay) -> None:
    odd = b'{ "choices":[], "x":1.50,  "unknown":{"a":[1e2]} }'
    relay_stream(relay, [HELLO[0], odd, *HELLO[1:]])
    assert store.said() == [HELLO[0], odd, *HELLO[1:]]


def test_response_is_the_whole_completion(relay: Relay) -> None:
    usage = chunk(usage={"total_tokens": 3}, choices=[])
    response = json.loads(relay_stream(relay, [*HELLO, usage]))
    assert response["object"] == "chat.completion"
    assert response["choices"][0]["message"] == {"role": "assistant", "content": "Hello"}
    assert response["choices"][0]["finish_reason"] == "stop"
    assert response["usage"] == {"total_tokens": 3}


def test_response_is_utf_8_as_it_was_said(relay: Relay) -> None:
    assert "héé 💬".encode() in relay_stream(relay, [chunk("héé 💬"), chunk(finish="stop")])


def test_half_a_character_at_the_end_can_be_stored(relay: Relay) -> None:
    r"""A stream that is cut by `max_tokens` may end in the middle of a surrogate pair."""
    response = relay_stream(relay, [chunk("a"), chunk("\ud83d"), chunk(finish="length")])
    assert json.loads(response)["choices"][0]["message"]["content"] == "a\ud83d"


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param([b"<html>"], id="no JSON"),
        pytest.param([b"[1]"], id="no object"),
        pytest.param([b"\xff\xfe"], id="no UTF-8"),
        pytest.param([b"[" * 100_000], id="nested too deep"),
        pytest.param([], id="nothing at all"),
        pytest.param([TOLD], id="an error that the provider tells"),
    ],
)
def test_failure_before_the_first_chunk_may_be_tried_again(
    store: FakeChunkStore, relay: Relay, broken: list[bytes]
) -> None:
    with pytest.raises(ProviderError) as caught:
        relay_stream(relay, broken)
    assert caught.value.transient
    assert store.calls == []


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param([b"<html>"], id="no JSON"),
        pytest.param([b"[1]"], id="no object"),
        pytest.param([TOLD], id="an error that the provider tells"),
    ],
)
def test_failure_after_the_first_chunk_is_final(
    store: FakeChunkStore, relay: Relay, broken: list[bytes]
) -> None:
    with pytest.raises(ProviderError) as caught:
        relay_stream(relay, [HELLO[0], HELLO[1], *broken])
    assert not caught.value.transient
    assert store.said()[:2] == list(HELLO[:2])


def ended_without_done(*chunks: bytes) -> Iterator[bytes]:
    yield from chunks
    raise EndedWithoutDone(CUT, transient=True)


def test_stream_that_ended_without_done_is_whole_when_every_choice_is_finished(
    store: FakeChunkStore, relay: Relay
) -> None:
    response = json.loads(relay_stream(relay, ended_without_done(*HELLO)))
    assert response["choices"][0]["finish_reason"] == "stop"
    assert store.said() == list(HELLO)


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(HELLO[:2], id="no finish reason"),
        pytest.param([chunk("x", index=1), *HELLO], id="one of two choices without"),
        pytest.param([], id="nothing at all"),
    ],
)
def test_stream_that_ended_without_done_is_broken_when_a_choice_is_not_finished(
    relay: Relay, chunks: list[bytes]
) -> None:
    with pytest.raises(ProviderError) as caught:
        relay_stream(relay, ended_without_done(*chunks))
    assert caught.value.failure is CUT


def _held_open(*chunks: bytes) -> Iterator[bytes]:
    yield from chunks
    gevent.sleep(60)


def test_stream_that_is_whole_is_not_waited_for(
    store: FakeChunkStore, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "GRACE_S", 0.05)
    usage = chunk(usage={"total_tokens": 3}, choices=[])
    with gevent.Timeout(10):
        response = json.loads(relay_stream(relay, _held_open(*HELLO, usage)))
    assert response["usage"] == {"total_tokens": 3}
    assert store.said() == [*HELLO, usage]


@pytest.mark.parametrize(
    ("chunks", "for_one"),
    [
        pytest.param(HELLO[:2], True, id="not whole"),
        pytest.param([*HELLO, chunk("x", index=1)], True, id="another choice has begun"),
        pytest.param(HELLO, False, id="more choices are asked for"),
    ],
)
def test_stream_that_may_go_on_has_all_its_time(
    relay: Relay, monkeypatch: pytest.MonkeyPatch, chunks: list[bytes], *, for_one: bool
) -> None:
    monkeypatch.setattr(ending, "GRACE_S", 0.01)

    def slow() -> Iterator[bytes]:
        yield from chunks
        gevent.sleep(0.1)
        yield chunk("y", index=1)
        yield from (chunk(finish="stop"), chunk(finish="stop", index=1))

    response = json.loads(relay_stream(relay, slow(), asks_for_one=for_one))
    assert response["choices"][1]["message"]["content"].endswith("y")


def test_stream_with_a_reason_in_each_chunk_goes_on_as_long_as_more_is_said(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Gemini's were told by some who translate them: the first one ended nothing."""
    monkeypatch.setattr(ending, "GRACE_S", 0.01)

    def slow() -> Iterator[bytes]:
        for text in ("Hel", "lo", "!"):
            gevent.sleep(0.03)
            yield chunk(text, "stop")
        yield chunk(finish="length")

    response = json.loads(relay_stream(relay, slow()))
    assert response["choices"][0]["message"]["content"] == "Hello!"
    assert response["choices"][0]["finish_reason"] == "length"


def test_stream_whose_reason_came_with_its_last_words_is_not_waited_for_without_end(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "WORDS_GRACE_S", 0.05)
    with gevent.Timeout(10):
        response = json.loads(relay_stream(relay, _held_open(chunk("Hello", "stop"))))
    assert response["choices"][0]["message"]["content"] == "Hello"


def test_answer_that_is_whole_when_time_is_over_is_one(relay: Relay) -> None:
    with gevent.Timeout(0.05):
        response = relay_stream(relay, _held_open(*HELLO), asks_for_one=False)
    assert json.loads(response)["choices"][0]["finish_reason"] == "stop"
    with pytest.raises(gevent.Timeout), gevent.Timeout(0.05):
        relay_stream(relay, _held_open(*HELLO[:2]), asks_for_one=False)


@pytest.mark.parametrize(
    ("operation", "request_body", "expected"),
    [
        (Operation.CHAT, b'{"messages":[]}', True),
        (Operation.CHAT, b'{"n":1}', True),
        (Operation.CHAT, b'{"n" : 1, "x":2}', True),
        (Operation.CHAT, b'{"n": 2}', False),
        (Operation.CHAT, b'{"n": 12}', False),
        (Operation.CHAT, b'{"n": null, "best_of": 1}', True),
        (Operation.CHAT, b'{"tools":[{"properties":{"n":{"type":"integer"}}}]}', True),
        (Operation.CHAT, b'{"tools":[{"properties":{"n":{}}}],"n":2}', False),
        (Operation.COMPLETION, b'{"best_of": 3}', False),
        (Operation.COMPLETION, b'{"prompt": "a"}', True),
        (Operation.COMPLETION, b'{"prompt": ["a", "b"]}', False),
    ],
)
def test_requests_for_one_answer_are_known(
    operation: Operation, request_body: bytes, *, expected: bool
) -> None:
    assert asks_for_one(operation, request_body) is expected


def test_error_that_passed_its_dialect_shows_no_key(relay: Relay) -> None:
    told = b'{"error":{"message":"bad sk-proj-Abc123Def456\\nx","hint":"Bearer abcdefgh12345678"}}'
    with pytest.raises(ProviderError) as caught:
        relay_stream(relay, [told])
    everything = f"{caught.value} {caught.value.failure} {caught.value.body!r}"
    assert "Abc123" not in everything
    assert "abcdefgh12345678" not in everything


def test_stream_that_was_cut_is_broken_whatever_came_before(relay: Relay) -> None:
    with pytest.raises(ProviderError):
        relay_stream(relay, breaking(*HELLO))


@pytest.mark.parametrize(
    ("chunks", "reasons"),
    [
        pytest.param(HELLO[:2], ["stop"], id="a text"),
        pytest.param([*HELLO[:2], chunk("x", index=1)], ["stop", "stop"], id="two choices"),
        pytest.param([CALL], ["tool_calls"], id="a call of a tool"),
        pytest.param([OLD_CALL], ["function_call"], id="one of old"),
        pytest.param([chunk(tool_calls=[]), chunk("a")], ["stop"], id="no call of a tool"),
    ],
)
def test_stream_that_is_done_without_finish_reasons_is_whole(
    store: FakeChunkStore, relay: Relay, chunks: list[bytes], reasons: list[str]
) -> None:
    response = json.loads(relay_stream(relay, chunks))
    assert [choice["finish_reason"] for choice in response["choices"]] == reasons
    *told, last = store.said()
    assert told == list(chunks)
    assert [choice["finish_reason"] for choice in json.loads(last)["choices"]] == reasons


def test_stream_that_is_done_with_one_choice_unfinished_is_broken(relay: Relay) -> None:
    """Its server does give reasons: the choice without one broke off."""
    with pytest.raises(ProviderError) as caught:
        relay_stream(relay, [chunk("x", index=1), *HELLO])
    assert caught.value.failure.code == "stream_broken"


def test_told_error_is_not_passed_on_but_becomes_the_jobs(
    store: FakeChunkStore, relay: Relay
) -> None:
    with pytest.raises(ProviderError) as caught:
        relay_stream(relay, [HELLO[0], TOLD])
    body = json.loads(caught.value.body or b"")
    assert body["error"] == json.loads(TOLD)["error"]
    assert body["responseStatus"]["message"] == "Overloaded"
    assert store.said() == [HELLO[0]]


def test_told_error_with_half_a_character_can_be_stored(relay: Relay) -> None:
    told = b'{"error":{"message":"a\\ud83d"}}'
    with pytest.raises(ProviderError) as caught:
        relay_stream(relay, [told])
    assert json.loads(caught.value.body or b"")["error"]["message"] == "a\ud83d"


def test_cut_before_the_first_chunk_keeps_what_the_provider_asked_for(relay: Relay) -> None:
    with pytest.raises(ProviderError) as caught:
        relay_stream(relay, breaking())
    assert (caught.value.transient, caught.value.retry_after_s) == (True, 9.0)


def test_what_came_before_a_cut_is_passed_on(store: FakeChunkStore, relay: Relay) -> None:
    with pytest.raises(ProviderError) as caught:
        relay_stream(relay, breaking(*HELLO[:2]))
    assert (caught.value.transient, caught.value.status) == (False, 502)
    assert caught.value.failure is CUT
    assert store.said() == list(HELLO[:2])


def test_refused_attempt_says_no_more(store: FakeChunkStore, relay: Relay) -> None:
    store.refused.add(7)
    with pytest.raises(StreamRefused):
        relay_stream(relay, HELLO)
    assert store.said() == []


def test_attempt_that_is_refused_at_its_end_has_no_response(
    store: FakeChunkStore, relay: Relay
) -> None:
    store.plan = [lambda: None, lambda: store.refused.add(7)]
    with pytest.raises(StreamRefused):
        relay_stream(relay, HELLO)


def test_ledger_that_is_away_for_a_while_costs_nothing(store: FakeChunkStore, relay: Relay) -> None:
    store.plan = [unreachable, unreachable, unreachable]
    relay_stream(relay, HELLO)
    assert store.said() == list(HELLO)


def test_nothing_is_left_to_write_when_the_response_is_returned(
    store: FakeChunkStore, relay: Relay
) -> None:
    relay_stream(relay, HELLO)
    assert not relay.is_waiting


CREATED = b'{"type":"response.created","sequence_number":0,"response":{"id":"r"}}'
COMPLETED = b'{"type":"response.completed","sequence_number":1,"response":{ "id":"r","n":1.50}}'


def test_response_is_that_of_the_last_event_byte_for_byte(
    store: FakeChunkStore, relay: Relay
) -> None:
    response = relay_stream(relay, [CREATED, COMPLETED], Operation.RESPONSE)
    assert response == b'{ "id":"r","n":1.50}'
    assert store.said() == [CREATED, COMPLETED]


def test_stream_of_a_response_without_its_last_event_broke_off(relay: Relay) -> None:
    with pytest.raises(ProviderError) as raised:
        relay_stream(relay, [CREATED], Operation.RESPONSE)
    assert raised.value.failure.code == "stream_broken"
    assert raised.value.transient, "that a response was created says nothing of it yet"


def test_error_event_of_a_response_is_what_the_provider_told(relay: Relay) -> None:
    error = b'{"type":"error","sequence_number":0,"code":"busy","message":"Later","param":null}'
    with pytest.raises(ProviderError) as raised:
        relay_stream(relay, [error], Operation.RESPONSE)
    assert (raised.value.failure.code, raised.value.failure.message) == ("busy", "Later")
    assert raised.value.transient, "nothing was passed on"
    assert raised.value.body is not None
    assert json.loads(raised.value.body)["error"]["message"] == "Later"


def test_response_that_is_no_json_is_a_broken_stream(relay: Relay) -> None:
    odd = b'{"type":"response.completed","response":{"n":NaN}}'
    with pytest.raises(ProviderError) as raised:
        relay_stream(relay, [odd], Operation.RESPONSE)
    assert raised.value.failure.code == "stream_broken"


def test_text_completion_is_put_together(relay: Relay) -> None:
    chunks = [
        b'{"id":"c","choices":[{"index":0,"text":"He"}]}',
        b'{"id":"c","choices":[{"index":0,"text":"y","finish_reason":"stop"}]}',
    ]
    response = json.loads(relay_stream(relay, chunks, Operation.COMPLETION))
    assert response["object"] == "text_completion"
    assert response["choices"][0]["text"] == "Hey"
