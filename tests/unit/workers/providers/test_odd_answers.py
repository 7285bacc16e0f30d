"""What a provider says in odd forms is translated as far as it goes, and is never our failure."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

import gevent
import pytest
import requests

from tests.unit.workers.providers.anthropic.test_anthropic_response import (
    CREATED_S,
    chunks_of,
    fold,
    message,
    text,
    thought,
)
from tests.unit.workers.providers.by_chat.test_by_chat import USAGE, call, delta, session, told
from tests.unit.workers.providers.test_openai import streaming
from workers.folds.chat import ChatFold
from workers.providers.answers import ending
from workers.providers.answers.response_end import with_end
from workers.providers.anthropic.response import completion
from workers.providers.anthropic.stream import ChunkStream
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.batches.anthropic import _count
from workers.providers.by_chat import asking
from workers.providers.media.answers import _heard_ms
from workers.providers.ollama import OllamaDialect
from workers.retry_after import told_wait_s

Json = dict[str, Any]
ODD: list[Any] = [None, 1, "x", [], [None], {"a": 1}, [["x"]], True]


def asked_for_response(*chunks: Json) -> list[Json]:
    """Return the events that a stream of these chunks is told as."""
    body = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in chunks)
    sent = OllamaDialect().stream(
        session(streaming(body + b"data: [DONE]\n\n")), call({"stream": True})
    )
    return [json.loads(event) for event in sent]


# --- chats told as responses ------------------------------------------------------------------


def test_chat_with_reason_and_usage_in_each_chunk_is_told_to_its_end() -> None:
    *_, last = asked_for_response(
        *(delta("stop", content=piece) | {"usage": USAGE["usage"]} for piece in ("Hel", "lo")),
        delta("length", content="!"),
    )
    assert last["type"] == "response.incomplete"
    assert last["response"]["output"][0]["content"][0]["text"] == "Hello!"


def _paced(pause_s: float, *chunks: Json, end_s: float = 0.0) -> list[Json]:
    """Return the events that these chunks are told as, with pauses between and before their end."""

    def chat(_session: requests.Session, _call: ProviderCall) -> Generator[bytes, None, None]:
        for chunk in chunks:
            yield json.dumps(chunk).encode()
            gevent.sleep(pause_s)
        gevent.sleep(end_s)

    with gevent.Timeout(10):
        sent = asking.stream(requests.Session(), call({"stream": True}), chat)
        return [json.loads(event) for event in sent]


def test_words_behind_a_reason_are_told_however_slow_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ending, "GRACE_S", 0.01)
    *_, last = _paced(0.03, *(delta("stop", content=piece) for piece in ("Hel", "lo", "!")))
    assert last["response"]["output"][0]["content"][0]["text"] == "Hello!"


def test_chat_that_is_kept_open_behind_its_reason_is_a_response(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ending, "GRACE_S", 0.05)
    *_, last = _paced(0.0, delta(content="Hi"), delta("stop"), USAGE, end_s=60.0)
    assert last["type"] == "response.completed"
    assert last["response"]["usage"]["total_tokens"] == 7


def test_chat_that_says_nothing_at_all_is_no_response() -> None:
    with pytest.raises(ProviderError):
        asked_for_response()


def test_choice_is_told_whatever_its_number() -> None:
    chunks = [delta(content="Hel"), delta("stop", content="lo")]
    chunks[1]["choices"][0]["index"] = 1
    assert told(*chunks)[1]["output"][0]["content"][0]["text"] == "Hello"


def test_content_in_parts_is_told_as_text_and_thoughts() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
    _, whole = told(delta(content=[thinking]), delta("stop", content=[text("Hi")]))
    assert [item["content"][0]["text"] for item in whole["output"]] == ["Hm.", "Hi"]


def test_arguments_that_are_an_object_become_text() -> None:
    piece = {"index": 0, "id": "c", "function": {"name": "f", "arguments": {"a": 1}}}
    assert json.loads(told(delta("stop", tool_calls=[piece]))[1]["output"][0]["arguments"]) == {
        "a": 1
    }


@pytest.mark.parametrize("odd", ODD)
def test_odd_members_of_a_chat_are_passed_over(odd: Any) -> None:
    names = ("content", "refusal", "reasoning", "tool_calls", "thinking_blocks")
    _, whole = told(
        {"choices": odd, "usage": odd, "model": odd},
        {"choices": [{"delta": odd, "finish_reason": "null"}]},
        *(delta(**{name: odd}) for name in names if not (odd == "x" and name != "tool_calls")),
        delta(tool_calls=[{"index": odd, "id": odd, "function": odd}]),
        delta("stop", content="Hi"),
    )
    assert whole["output"][-1]["content"][0]["text"] == "Hi"
    assert whole["status"] == "completed"


# --- messages told as chats -------------------------------------------------------------------


def _started(kind: str, begun: str, *pieces: str) -> list[Json]:
    start = {"type": kind, kind: begun}
    deltas = [{"type": f"{kind}_delta", kind: piece} for piece in pieces]
    return [
        {"type": "content_block_start", "index": 0, "content_block": start},
        *({"type": "content_block_delta", "index": 0, "delta": one} for one in deltas),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
    ]


@pytest.mark.parametrize(
    ("begun", "pieces"),
    [
        ("", ("Hello ", "there")),
        ("Hello ", ("there",)),
        ("Hello there", ()),
        ("Hello ", ("Hello ", "there")),
        ("Hello there", ("Hello there",)),
        ("Hello there", ("Hello ", "there")),
    ],
)
@pytest.mark.parametrize("kind", ["text", "thinking"])
def test_beginning_that_is_said_again_is_said_once(
    kind: str, begun: str, pieces: tuple[str, ...]
) -> None:
    stream = ChunkStream(CREATED_S, include_usage=False)
    events = _started(kind, begun, *pieces)
    said = fold([chunk for event in events for chunk in stream.feed(event)])["choices"][0]
    name = "content" if kind == "text" else "reasoning_content"
    assert said["message"][name] == "Hello there"
    if kind == "thinking":
        assert said["message"]["thinking_blocks"][0]["thinking"] == "Hello there"


@pytest.mark.parametrize("odd", ODD)
def test_odd_members_of_a_message_are_passed_over(odd: Any) -> None:
    blocks = [odd, {"type": "text", "text": odd}, {"type": odd}, thought("Hm."), text("Hi")]
    whole = completion(message(*blocks, usage=odd, model=odd), CREATED_S)
    assert whole["choices"][0]["message"]["content"] in ("Hi", "xxHi")
    assert whole["usage"]["total_tokens"] == 0
    stream = ChunkStream(CREATED_S, include_usage=True)
    kinds = ("message_start", "content_block_start", "content_block_delta", "message_delta")
    events = [
        *({"type": kind, name: odd} for kind in kinds for name in ("index", "delta", "usage")),
        {"type": "message_start", "message": odd},
        {"type": "content_block_start", "index": odd, "content_block": odd},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": odd}},
        *_started("text", "", "Hi"),
    ]
    chunks = [chunk for event in events for chunk in stream.feed(event)]
    said = fold([*chunks, *stream.finish()])["choices"][0]["message"]["content"]
    assert said in ("Hi", "xHi")


def test_counts_with_a_fraction_are_whole_numbers() -> None:
    counts = {"input_tokens": 3.0, "output_tokens": 2.0, "cache_read_input_tokens": "4"}
    usage = chunks_of(message(text("Hi"), usage=counts))[-1]["usage"]
    assert json.dumps(usage) == json.dumps(
        {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    )


# --- true where a number belongs, which Python takes for 1 --------------------------------------


def test_true_is_no_place_of_a_choice() -> None:
    folded = ChatFold()
    for index, piece in ((True, "Hello "), (0, "there")):
        folded.add({"choices": [{"index": index, "delta": {"content": piece}}]})
    [choice] = folded.completion()["choices"]  # type: ignore[misc]
    assert choice["message"]["content"] == "Hello there"


def test_true_is_no_place_of_an_item() -> None:
    kinds = ("response.created", "response.output_item.done")
    events = [
        {"type": kind, "response": {"id": "r"}, "item": {"id": "i"}, "output_index": True}
        for kind in kinds
    ]
    assert len(list(with_end(json.dumps(one).encode() for one in events))) == len(events)


def test_true_is_no_count_of_thoughts() -> None:
    usage = USAGE["usage"] | {"completion_tokens_details": {"reasoning_tokens": True}}
    *_, last = asked_for_response(delta("stop", content="Hi"), {"choices": [], "usage": usage})
    details = last["response"]["usage"]["output_tokens_details"]
    assert details["reasoning_tokens"] is not True
    assert details["reasoning_tokens"] == 0


def test_true_is_no_time_to_wait() -> None:
    assert told_wait_s({"estimated_time": True}) is None


def test_true_is_no_length_of_a_recording() -> None:
    assert _heard_ms({"duration": True, "usage": {"seconds": True}}) == 0


def test_true_is_no_count_of_requests() -> None:
    assert _count({"request_counts": {"processing": True, "succeeded": 2}}) == 2
