"""Answers with files from servers that do not do as they should: whole, or the error of a provider.

Real sockets, and the bytes that go over them.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import wave
from typing import Any

import pytest
from PIL import Image

from shared.media import result
from shared.operation import Operation
from tests.support.drawing import PICTURE, FakeDesk
from tests.unit.workers.providers.media.asking import IN_BASE64, MP3, Ask, Json, refused
from tests.upstreams import wire
from tests.upstreams.server import RawUpstream

CUT = base64.b64encode(PICTURE[:-20]).decode()


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
    said = refused(ask, Operation.IMAGE, wire.answer(body))
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
            refused(ask, Operation.IMAGE, body)


def test_picture_of_a_url_that_is_cut_stays_where_it_is(
    ask: Ask, desk: FakeDesk, upstream: RawUpstream
) -> None:
    url = upstream.base_url("p") + "/a.png"
    told = ask(Operation.IMAGE, wire.answer({"data": [{"url": url}]}))
    assert told["data"] == [{"url": url}]


def test_event_of_a_picture_without_one_is_none(ask: Ask, desk: FakeDesk) -> None:
    event = {"type": "image_generation.completed", "b64_json": ""}
    body = [wire.head(wire.SSE), wire.events(event), wire.DONE]
    assert "without a picture" in refused(ask, Operation.IMAGE, *body)


@pytest.mark.parametrize(
    ("operation", "body"),
    [(Operation.IMAGE, {"images": ["", ""]}), (Operation.IMAGE, {"images": [CUT]})],
)
def test_blank_picture_of_a_web_ui_is_none(
    ask: Ask, desk: FakeDesk, operation: Operation, body: Json
) -> None:
    said = refused(ask, operation, wire.answer(body), kind="automatic1111")
    assert "'p'" in said


# --- sound ------------------------------------------------------------------------------------


def test_sound_of_no_length_is_none(ask: Ask, desk: FakeDesk) -> None:
    body = wire.answer(wav(0), kind="audio/wav")
    assert "without a sound" in refused(ask, Operation.SPEECH, body, input="Hi")


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
    said = refused(ask, Operation.SPEECH, *body, input="Hi")
    assert "picture" not in said
    assert "'p'" in said
