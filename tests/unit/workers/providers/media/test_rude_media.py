"""Answers with files from servers that do not do as they should: whole, or the error of a provider.

Real sockets, and the bytes that go over them.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import wave
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image

from shared.media import request as media_request
from shared.media import result
from shared.operation import Operation
from tests.support import drawing
from tests.support.drawing import FILE, PICTURE, FakeDesk
from tests.upstreams import wire
from tests.upstreams.server import Asked, RawUpstream
from workers.media.pictures.automatic1111 import Automatic1111Dialect
from workers.providers.base import ProviderError
from workers.providers.openai import OpenAiDialect

Json = dict[str, Any]

IN_BASE64 = base64.b64encode(PICTURE).decode()
CUT = base64.b64encode(PICTURE[:-20]).decode()
MP3 = b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\x00" * 400


def jpeg() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (300, 300), "red").save(written, "JPEG")
    return written.getvalue()


def wav(frames: int) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\1\0" * frames)
    return written.getvalue()


@pytest.fixture
def upstream() -> Iterator[RawUpstream]:
    server = RawUpstream({}).start()
    yield server
    server.stop()


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


Ask = Callable[..., Json]


@pytest.fixture
def ask(upstream: RawUpstream, desk: FakeDesk) -> Ask:
    def asked(operation: Operation, *pieces: bytes, kind: str = "openai", **fields: Any) -> Json:
        """Ask one that answers with these bytes, and at GET with a picture that is cut."""

        def reply(request: Asked) -> list[bytes]:
            if request.method == "GET":
                return [wire.head("image/png"), PICTURE[:-20]]
            return list(pieces)

        upstream.replies["p"] = reply
        about = {"type": kind, "base_url": upstream.base_url("p"), "models": ["m"]}
        dialect: Any = {"openai": OpenAiDialect(), "automatic1111": Automatic1111Dialect()}[kind]
        files = [FILE] if operation is Operation.IMAGE_TO_TEXT else []
        stored = media_request.compose({"model": "m", **fields}, files)
        return drawing.ask(dialect, about, operation, stored, desk=desk)[0]

    return asked


def refused(ask: Ask, desk: FakeDesk, *args: Any, **fields: Any) -> str:
    with pytest.raises(ProviderError) as error:
        ask(*args, **fields)
    assert error.value.transient
    return str(error.value)


# --- pictures ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "item",
    [
        pytest.param({"b64_json": f"data:image/png;base64,{IN_BASE64}"}, id="a data URL"),
        pytest.param({"url": f"data:image/png;base64,{IN_BASE64}"}, id="a data URL as URL"),
        pytest.param({"b64_json": "\n".join(IN_BASE64[at : at + 76] for at in range(0, 999, 76))}),
        pytest.param({"b64_json": base64.b64encode(jpeg()).decode()}, id="jpeg"),
        pytest.param({"b64_json": base64.b64encode(PICTURE + bytes(60)).decode()}, id="zeros"),
    ],
)
def test_picture_is_kept_however_it_is_told(ask: Ask, desk: FakeDesk, item: Json) -> None:
    told = ask(Operation.IMAGE, wire.answer({"data": [item]}))
    assert told["data"][0][result.ARTIFACT]["size"] == len(desk.kept[0])
    assert "data:image" not in json.dumps(told)
    assert Image.open(io.BytesIO(desk.kept[0])).load()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"data": [{"b64_json": CUT}]}, id="in base64"),
        pytest.param({"data": [{"b64_json": CUT + "\n"}]}, id="in lines"),
        pytest.param(
            {"data": [{"b64_json": base64.b64encode(jpeg()[:-30]).decode()}]}, id="a jpeg"
        ),
        pytest.param(PICTURE[:-20], id="as it is"),
        pytest.param({"data": [{"url": "data:image/png;base64," + CUT}]}, id="a data URL"),
        pytest.param({"data": [{"url": "data:image/png;base64,"}]}, id="an empty one"),
    ],
)
def test_picture_that_is_cut_is_none(ask: Ask, desk: FakeDesk, body: Any) -> None:
    said = refused(ask, desk, Operation.IMAGE, wire.answer(body))
    assert "'p'" in said


def test_large_picture_that_is_cut_is_none(ask: Ask, desk: FakeDesk) -> None:
    written = io.BytesIO()
    Image.effect_noise((1400, 1400), 90).save(written, "PNG")
    assert len(written.getvalue()) > 1_500_000
    for size, is_whole in ((0, True), (20, False)):
        content = written.getvalue()[: len(written.getvalue()) - size]
        body = wire.answer({"data": [{"b64_json": base64.b64encode(content).decode()}]})
        if is_whole:
            ask(Operation.IMAGE, body)
            assert desk.kept == [content]
        else:
            refused(ask, desk, Operation.IMAGE, body)


def test_picture_of_a_url_that_is_cut_stays_where_it_is(
    ask: Ask, desk: FakeDesk, upstream: RawUpstream
) -> None:
    url = upstream.base_url("p") + "/a.png"
    told = ask(Operation.IMAGE, wire.answer({"data": [{"url": url}]}))
    assert told["data"] == [{"url": url}]


def test_event_of_a_picture_without_one_is_none(ask: Ask, desk: FakeDesk) -> None:
    event = {"type": "image_generation.completed", "b64_json": ""}
    body = [wire.head(wire.SSE), wire.events(event), wire.DONE]
    assert "without a picture" in refused(ask, desk, Operation.IMAGE, *body)


@pytest.mark.parametrize(
    ("operation", "body"),
    [(Operation.IMAGE, {"images": ["", ""]}), (Operation.IMAGE, {"images": [CUT]})],
)
def test_blank_picture_of_a_web_ui_is_none(
    ask: Ask, desk: FakeDesk, operation: Operation, body: Json
) -> None:
    said = refused(ask, desk, operation, wire.answer(body), kind="automatic1111")
    assert "'p'" in said


# --- sound ------------------------------------------------------------------------------------


def test_sound_of_no_length_is_none(ask: Ask, desk: FakeDesk) -> None:
    body = wire.answer(wav(0), kind="audio/wav")
    assert "without a sound" in refused(ask, desk, Operation.SPEECH, body, input="Hi")


@pytest.mark.parametrize("kind", ["audio/mpeg", "text/plain", "application/json"])
def test_sound_in_small_pieces_and_compressed_is_kept(ask: Ask, desk: FakeDesk, kind: str) -> None:
    packed = gzip.compress(MP3)
    head = wire.head(kind, content_encoding="gzip", transfer_encoding="chunked")
    ask(
        Operation.SPEECH,
        head,
        *wire.chunked(packed[at : at + 1] for at in range(len(packed))),
        input="Hi",
    )
    assert desk.kept == [MP3]


def test_sound_that_begins_with_an_empty_event_is_kept(ask: Ask, desk: FakeDesk) -> None:
    told = [
        {"type": "speech.audio.delta", "audio": audio}
        for audio in ("", base64.b64encode(MP3).decode())
    ]
    body = [wire.head(wire.SSE), wire.events(*told, {"type": "speech.audio.done"})]
    ask(Operation.SPEECH, *body, input="Hi")
    assert desk.kept == [MP3]


def test_sound_that_is_no_base64_is_called_a_sound(ask: Ask, desk: FakeDesk) -> None:
    body = [wire.head(wire.SSE), wire.events({"type": "speech.audio.delta", "audio": "é"})]
    said = refused(ask, desk, Operation.SPEECH, *body, input="Hi")
    assert "picture" not in said
    assert "'p'" in said


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
def test_json_in_the_place_of_a_text_is_read(ask: Ask, kind: str) -> None:
    assert heard(ask, b'{"text": "Hello"}', kind)["text"] == "Hello"


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
    refused(ask, desk, Operation.IMAGE_TO_TEXT, wire.answer(body))


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
    said = refused(ask, desk, operation, wire.head(wire.SSE), body, input="Hi")
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
