"""Answers in words, twice, or in other characters than UTF-8: read for what they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests

from shared.operation import Operation
from tests.unit.workers.providers.test_ollama import NDJSON, call_at, session_of
from tests.unit.workers.providers.test_openai import CALL, Provoked, stream, streaming
from workers.providers.base import ProviderError
from workers.providers.ollama import OllamaDialect
from workers.providers.openai import OpenAiDialect

Json = dict[str, Any]

WORDS = "Grüße, 世界"
#: What Latin-1 has of them.
LATIN = "Grüße"


def chat(text: str = WORDS) -> str:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}}
    told = {"choices": [choice | {"finish_reason": "stop"}]}
    return json.dumps(told, ensure_ascii=False)


def chunks(text: str = WORDS) -> str:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": "stop"}
    told = json.dumps({"choices": [choice]}, ensure_ascii=False)
    return f"data: {told}\n\ndata: [DONE]\n\n"


def asked(provoke: Callable[[], requests.Response]) -> str:
    session = requests.Session()
    session.mount("http://", Provoked(provoke))
    answer = json.loads(OpenAiDialect().ask(session, replace(CALL, operation=Operation.CHAT)))
    return str(answer["choices"][0]["message"]["content"])


def streamed(provoke: Callable[[], requests.Response]) -> str:
    told = [json.loads(event) for event in stream(provoke)]
    deltas = (choice["delta"] for chunk in told for choice in chunk["choices"])
    return "".join(delta.get("content", "") for delta in deltas)


# --- words around a document ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["application/json", "text/plain", ""])
@pytest.mark.parametrize(
    "around", ["Here is the answer:\n{}", "```json\n{}\n```", ")]}}',\n{}", "{}\nDone."]
)
def test_document_among_words_is_the_stream_that_was_asked_for(around: str, kind: str) -> None:
    body = around.format(chat()).encode()
    assert streamed(streaming(*(bytes([one]) for one in body), kind=kind)) == WORDS


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/json"])
@pytest.mark.parametrize("page", [b"<!doctype html><p>{}", b"Bad gateway", b"```", b"no {}"])
def test_words_alone_are_no_stream(page: bytes, kind: str) -> None:
    with pytest.raises(ProviderError, match="'acme' did not answer with a stream"):
        stream(streaming(page, kind=kind))


def test_page_is_not_read_to_its_end() -> None:
    endless = streaming(b"<html>", AssertionError("it was read on"), kind="text/html")
    with pytest.raises(ProviderError, match="did not answer with a stream"):
        stream(endless)


# --- the same twice ---------------------------------------------------------------------------


def generation(text: str) -> bytes:
    lines = ({"response": text, "done": False}, {"response": "!", "done": True})
    return b"".join(json.dumps(one).encode() + b"\n" for one in lines)


def test_generation_that_comes_twice_is_told_once() -> None:
    call = call_at("http://h:1", Operation.OLLAMA_GENERATE)
    session = session_of(streaming(generation("Hi") * 2, kind=NDJSON))
    assert json.loads(OllamaDialect().ask(session, call))["response"] == "Hi!"


def test_events_behind_the_word_that_nothing_follows_are_not_read() -> None:
    body = chunks("Hi").encode()
    assert asked(streaming(body * 2)) == "Hi"


# --- other characters -------------------------------------------------------------------------

CODED = [
    pytest.param("utf-16", "application/json", WORDS, id="a mark"),
    pytest.param("utf-16", "application/json; charset=utf-8", WORDS, id="a mark, and another name"),
    pytest.param("utf-16-le", "application/json; charset=utf-16le", WORDS, id="a name"),
    pytest.param("utf-16-be", "application/json; charset=UTF-16", WORDS, id="no order told"),
    pytest.param("utf-16-le", "application/json", LATIN, id="neither"),
    pytest.param("latin-1", 'application/json;charset="ISO-8859-1"', LATIN, id="Latin-1"),
    pytest.param("cp1252", "text/json; charset=windows-1252; q=1", "Grüße „€“", id="Windows"),
    pytest.param("gb18030", "application/json; charset=GB18030", WORDS, id="Chinese"),
    # What it says is wrong, or nobody knows it.
    pytest.param("utf-8", "application/json; charset=iso-8859-1", WORDS, id="UTF-8 all the same"),
    pytest.param("utf-8", "application/json; charset=klingon", WORDS, id="unknown"),
    pytest.param("utf-8", "application/json; charset=", WORDS, id="no name"),
    pytest.param("utf-8", "application/json; charset=base64", WORDS, id="no characters"),
]


def in_pieces(body: bytes) -> list[bytes]:
    """Return bytes as they may come: two at first, where nothing else shows their order."""
    return [body[:2], *(bytes([one]) for one in body[2:])]


@pytest.mark.parametrize(("coding", "kind", "text"), CODED)
def test_answer_in_other_characters_is_one(coding: str, kind: str, text: str) -> None:
    body = chat(text).encode(coding)
    assert asked(streaming(body, kind=kind)) == text
    # Whatever was asked for.
    assert streamed(streaming(*in_pieces(body), kind=kind)) == text


@pytest.mark.parametrize(("coding", "kind", "text"), CODED)
def test_stream_in_other_characters_is_one(coding: str, kind: str, text: str) -> None:
    kind = kind.replace("application/json", "text/event-stream")
    body = chunks(text).encode(coding)
    assert streamed(streaming(body, kind=kind)) == text
    assert streamed(streaming(*in_pieces(body), kind=kind)) == text


@pytest.mark.parametrize(("coding", "kind", "text"), CODED)
def test_error_in_other_characters_is_told(coding: str, kind: str, text: str) -> None:
    body = json.dumps({"error": {"message": text}}, ensure_ascii=False).encode(coding)
    with pytest.raises(ProviderError) as error:
        asked(streaming(body, status=400, kind=kind))
    assert str(error.value) == text


def test_characters_that_are_broken_are_marked_and_the_answer_is_kept() -> None:
    body = chat().encode().replace("世".encode(), "世".encode()[:2])
    assert asked(streaming(body, kind="application/json")) == "Grüße, \ufffd界"


def test_document_that_tells_no_response_is_none() -> None:
    with pytest.raises(ProviderError, match="did not answer with a stream"):
        stream(streaming(chat().encode(), kind="application/json"), Operation.RESPONSE)
