"""Texts of sound and pictures, and events, from servers that do not do as they should.

Real sockets, and the bytes that go over them.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from shared.media import result
from shared.operation import Operation
from tests.support.drawing import PICTURE, FakeDesk
from tests.unit.workers.providers.media.asking import IN_BASE64, MP3, Ask, Json, refused
from tests.upstreams import wire
from workers.providers.base import ProviderError

# --- transcripts ------------------------------------------------------------------------------


def heard(ask: Ask, body: bytes, kind: str, form: str = "text") -> Json:
    # A recording's bytes are no matter here: the form has none.
    return ask(Operation.TRANSCRIPTION, wire.answer(body, kind=kind), response_format=form)


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", "text/html"])
@pytest.mark.parametrize("form", ["text", "srt", "vtt", "json"])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": {"message": "No GPU"}}', "No GPU"),
        (b' {"detail": "No GPU"}', "No GPU"),
        (b"<!doctype html><title>Oops</title>", "'p'"),
    ],
)
def test_error_in_the_place_of_a_transcript_is_one(
    ask: Ask, kind: str, form: str, body: bytes, said: str
) -> None:
    with pytest.raises(ProviderError) as error:
        heard(ask, body, kind, form)
    assert said in str(error.value)


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "application/octet-stream"])
def test_json_in_the_place_of_a_text_is_its_text(ask: Ask, kind: str) -> None:
    assert heard(ask, b'{"text": "Hello"}', kind)[result.TEXT] == "Hello"


_PARTS = [
    {"start": 0, "end": 0.5, "text": " Hello\n\n"},
    {"start": 3599.9, "end": 3601, "text": "you"},
]


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        ("srt", "1\n{0},000 --> {0},500\nHello\n\n2\n00:59:59,900 --> 01:00:01,000\nyou\n"),
        ("vtt", "WEBVTT\n\n{0}.000 --> {0}.500\nHello\n\n00:59:59.900 --> 01:00:01.000\nyou\n"),
    ],
)
def test_json_in_the_place_of_subtitles_becomes_some(ask: Ask, form: str, wanted: str) -> None:
    body = json.dumps({"text": "Hello you", "segments": _PARTS}).encode()
    assert heard(ask, body, "application/json", form)[result.TEXT] == wanted.format("00:00:00")


@pytest.mark.parametrize(
    "parts", [None, [], [{"text": "Hello"}], [{"start": "0", "end": 1}], ["x"]]
)
def test_json_that_tells_no_times_stays_in_the_place_of_subtitles(ask: Ask, parts: Any) -> None:
    body = json.dumps({"text": "Hello", "segments": parts}).encode()
    assert heard(ask, body, "application/json", "srt")["text"] == "Hello"


@pytest.mark.parametrize("around", ['[{"text": "Hello"}]', '{"result": {"text": "Hello"}}'])
def test_transcript_is_taken_out_of_what_is_around_it(ask: Ask, around: str) -> None:
    assert heard(ask, around.encode(), "application/json", "json") == {"text": "Hello"}


@pytest.mark.parametrize("text", ["{laughs} Hello", "[music]", "<Ann> Hello", "{}", '{"a": 1'])
def test_text_that_looks_like_something_else_is_a_text(ask: Ask, text: str) -> None:
    assert heard(ask, text.encode(), "text/plain")[result.TEXT] == text


def test_text_is_read_in_the_characters_that_it_names(ask: Ask) -> None:
    told = heard(ask, "Grüße".encode("latin-1"), "text/plain; charset=iso-8859-1")
    assert told[result.TEXT] == "Grüße"


# --- pictures told ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            wire.answer({"choices": [{"text": "A cat.", "finish_reason": "stop"}]}), id="a text"
        ),
        pytest.param(
            wire.answer({"choices": [{"delta": {"content": "A cat."}, "finish_reason": "stop"}]}),
            id="a chunk",
        ),
        pytest.param(
            wire.answer(
                wire.events(
                    {"choices": [{"delta": {"content": "A "}}]},
                    {"choices": [{"delta": {"content": "cat."}, "finish_reason": "stop"}]},
                )
                + wire.DONE,
                kind=wire.SSE,
            ),
            id="a stream",
        ),
        pytest.param(
            wire.answer({"data": {"choices": [{"message": {"content": "A cat."}}]}}), id="wrapped"
        ),
    ],
)
def test_description_is_read_in_any_shape(ask: Ask, body: bytes) -> None:
    assert ask(Operation.IMAGE_TO_TEXT, body)["text"] == "A cat."


def test_description_that_was_cut_has_its_usage(ask: Ask) -> None:
    told = {"choices": [{"message": {"content": "A"}}], "usage": {"total_tokens": 3}}
    assert ask(Operation.IMAGE_TO_TEXT, wire.answer(told))["usage"] == {"total_tokens": 3}


@pytest.mark.parametrize("body", [{"choices": []}, {"choices": [{"message": {}}]}, {"error": "x"}])
def test_description_that_is_none_is_an_error(ask: Ask, desk: FakeDesk, body: Json) -> None:
    refused(ask, Operation.IMAGE_TO_TEXT, wire.answer(body))


# --- events -----------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", [Operation.IMAGE, Operation.SPEECH, Operation.TRANSCRIPTION])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"error": {"message": "No GPU"}}', id="a document"),
        pytest.param(b'{\n "error": {"message": "No GPU"}\n}', id="an indented one"),
        pytest.param(wire.event({"error": {"message": "No GPU"}}), id="an event"),
        pytest.param(wire.event({"message": "No GPU"}, "error"), id="an event by its name"),
        pytest.param(b": ping\n\n" + wire.event({"detail": "No GPU"}), id="behind a ping"),
    ],
)
def test_error_in_the_place_of_events_is_told(
    ask: Ask, desk: FakeDesk, operation: Operation, body: bytes
) -> None:
    said = refused(ask, operation, wire.head(wire.SSE), body, input="Hi")
    assert said == "No GPU"


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream"])
def test_events_under_another_name_are_events(ask: Ask, desk: FakeDesk, kind: str) -> None:
    picture = {"type": "image_generation.completed", "b64_json": IN_BASE64}
    ask(Operation.IMAGE, wire.answer(wire.events(picture) + wire.DONE, kind=kind))
    audio = {"type": "speech.audio.delta", "audio": base64.b64encode(MP3).decode()}
    body = wire.events(audio, {"type": "speech.audio.done"})
    ask(Operation.SPEECH, wire.answer(body, kind=kind), input="Hi")
    assert desk.kept == [PICTURE, MP3]
    text = wire.events({"type": "transcript.text.done", "text": "Hello"})
    for form in ("json", "text"):
        told = ask(Operation.TRANSCRIPTION, wire.answer(text, kind=kind), response_format=form)
        assert told["text"] == "Hello"
