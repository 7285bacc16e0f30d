"""Pictures and sound as the field has them: known by their bytes, whatever is said of them."""

from __future__ import annotations

import base64
import io
import json
from typing import Any, cast

import pytest
import requests
from urllib3 import HTTPResponse

from shared.media.request import MediaRequest
from shared.media.result import ARTIFACT
from shared.operation import Operation
from shared.providers.provider import Provider
from tests.support.drawing import FakeDesk
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.media import answers, picture_answers

END = b"IEND\xaeB`\x82"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 30 + END
MP3 = b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\x00" * 400
ASKED = MediaRequest({"input": "Hello"})


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


def call_with(desk: FakeDesk, operation: Operation) -> ProviderCall:
    about = {"name": "p", "base_url": "http://127.0.0.1:1", "models": {"m": "m"}}
    provider = Provider.model_validate(about)
    return ProviderCall(provider, b"{}", None, 1, 1, operation=operation, desk=cast("Any", desk))


def pictures(desk: FakeDesk, body: bytes) -> Any:
    return json.loads(picture_answers.pictures(call_with(desk, Operation.IMAGE), body))


def of(*items: dict[str, Any]) -> bytes:
    return json.dumps({"created": 1, "data": items}).encode()


@pytest.mark.parametrize("content", [PNG, *(PNG[:size] + END for size in (7000, 7001, 40, 41))])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("padding", ["=", ""])
def test_picture_in_any_base64_is_kept(
    desk: FakeDesk, content: bytes, encode: Any, padding: str
) -> None:
    text = encode(content).decode().rstrip("=" if not padding else "")
    pictures(desk, of({"b64_json": text}))
    assert desk.kept == [content]


def test_picture_that_is_all_of_the_answer_is_kept(desk: FakeDesk) -> None:
    told = pictures(desk, PNG)
    assert desk.kept == [PNG]
    assert told["data"][0][ARTIFACT]["media_type"] == "image/png"
    assert isinstance(told["created"], int)


@pytest.mark.parametrize(
    "item",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"b64_json": None, "url": None}, id="null"),
        pytest.param({"b64_json": "", "url": ""}, id="blank"),
        pytest.param({"b64_json": 5}, id="a number"),
        pytest.param({"b64_json": "@@@@"}, id="no base64 at all"),
        pytest.param({"b64_json": base64.b64encode(b"out of memory").decode()}, id="words"),
        pytest.param({"b64_json": base64.b64encode(b"<html>no</html>").decode()}, id="a page"),
        pytest.param({"content_filter_results": {"sexual": {"filtered": True}}}, id="filtered"),
    ],
)
def test_item_without_a_picture_is_none(desk: FakeDesk, item: dict[str, Any]) -> None:
    with pytest.raises(ProviderError) as error:
        pictures(desk, of(item))
    assert error.value.transient


def test_pictures_that_were_not_filtered_are_kept(desk: FakeDesk) -> None:
    filtered = {"content_filter_results": {"sexual": {"filtered": True}}}
    told = pictures(desk, of(filtered, {"b64_json": base64.b64encode(PNG).decode()}))
    assert [ARTIFACT in one for one in told["data"]] == [True]


def speech(desk: FakeDesk, body: bytes, kind: str) -> bytes:
    response = requests.Response()
    response.status_code = 200
    response.headers["Content-Type"] = kind
    response.raw = HTTPResponse(io.BytesIO(body), headers={}, preload_content=False)
    answers.speech(call_with(desk, Operation.SPEECH), ASKED, response)
    return desk.kept[-1]


@pytest.mark.parametrize(
    "kind",
    ["audio/mpeg", "application/octet-stream", "application/json", "text/plain; charset=utf-8", ""],
)
def test_sound_is_known_whatever_is_said_of_it(desk: FakeDesk, kind: str) -> None:
    assert speech(desk, MP3, kind) == MP3


@pytest.mark.parametrize("kind", ["audio/mpeg", "audio/wav", "application/octet-stream"])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": {"message": "No voice"}}', "No voice"),
        (b' {"detail": "No voice"}', "No voice"),
        (b"<!doctype html><html><title>Oops</title></html>", "a page: Oops"),
    ],
)
def test_words_in_the_place_of_a_sound_are_none(
    desk: FakeDesk, body: bytes, said: str, kind: str
) -> None:
    with pytest.raises(ProviderError, match=said):
        speech(desk, body, kind)
    assert desk.kept == []


def test_sound_without_a_signature_is_what_it_is_said_to_be(desk: FakeDesk) -> None:
    pcm = bytes([123, 0, 60, 1]) * 100
    assert speech(desk, pcm, "audio/pcm") == pcm
