"""Forms with files as clients of several languages send them, and requests that cannot be."""

from __future__ import annotations

import base64
import uuid
from typing import Any

import pytest

from tests.acceptance.system.api import Api
from tests.acceptance.system.stack import Stack

WAV = ("a.wav", b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav")
HEARD: dict[str, Any] = {"data": {"model": "demo-transcribe"}, "files": {"file": WAV}}
CHANGED: dict[str, Any] = {"model": "demo-image", "prompt": "a"}


@pytest.mark.parametrize(
    ("path", "sent", "field"),
    [
        pytest.param(
            "audio/transcriptions", HEARD | {"files": {"file": ("a.wav", b"")}}, "file", id="empty"
        ),
        pytest.param(
            "audio/translations", HEARD | {"files": {"file": (None, "a")}}, "file", id="a text"
        ),
        pytest.param(
            "audio/transcriptions", HEARD | {"files": [("file", WAV)] * 2}, "file", id="two files"
        ),
        pytest.param(
            "audio/transcriptions", HEARD | {"data": {"model": ["a", "b"]}}, "model", id="models"
        ),
        pytest.param(
            "audio/transcriptions", {"data": b"RIFF", "headers": {"Content-Type": "audio/wav"}},
            None, id="no form",
        ),
        pytest.param(
            "images/edits", {"data": CHANGED, "files": [("mask", WAV)] * 2 + [("image", WAV)]},
            "mask", id="two masks",
        ),
        pytest.param(
            "images/edits", {"data": CHANGED, "files": [("image[]", WAV)] * 17}, "image", id="17"
        ),
        pytest.param(
            "images/edits", {"data": CHANGED | {"response_format": "gif"}, "files": {"image": WAV}},
            "response_format", id="form of a picture",
        ),
        pytest.param("images/generations", {"json": CHANGED | {"n": 0}}, "n", id="none"),
        pytest.param("images/generations", {"json": CHANGED | {"n": 10**9}}, "n", id="very many"),
        pytest.param(
            "images/generations", {"json": CHANGED | {"response_format": "x"}}, "response_format",
            id="unknown form",
        ),
        pytest.param("images/generations", {"json": CHANGED | {"stream": "y"}}, "stream", id="y"),
        pytest.param(
            "audio/speech", {"json": {"model": "demo-speech", "input": ""}}, "input", id="silence"
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_its_name(
    api: Api, path: str, sent: dict[str, Any], field: str | None
) -> None:
    refused = api.post(f"/v1/{path}", **sent)
    assert refused.status_code == 400, refused.text
    assert refused.json()["error"]["param"] == field
    assert refused.json()["error"]["message"]


def spoken(api: Api) -> bytes:
    asked = {"model": "demo-speech", "input": "One.", "voice": "alloy", "response_format": "wav"}
    return api.post("/v1/audio/speech", json=asked).content


def test_lists_come_in_one_spelling_and_a_query_is_no_field(stack: Stack, api: Api) -> None:
    """As PHP and axios write lists, and as Azure's clients write their version."""
    name = uuid.uuid4().hex
    form = {"Model": "demo-transcribe", "timestamp_granularities[0]": "word", "include[0]": "a"}
    form["timestamp_granularities[1]"] = "segment"
    heard = api.post(
        "/v1/audio/transcriptions?api-version=2024-10-21&tag=x",
        data=form,
        files={"file": (name, spoken(api))},
    )
    assert heard.status_code == 200, heard.text
    [sent] = [one.body for one in stack.llm.requests if name.encode() in one.body]
    assert sent.count(b'name="timestamp_granularities[]"') == 2
    assert b'name="include[]"' in sent
    assert b"api-version" not in sent


def test_pictures_of_an_edit_may_be_counted(stack: Stack, api: Api) -> None:
    name, asked = f"{uuid.uuid4().hex}.png", CHANGED | {"size": "64x64"}
    drawn = api.post("/v1/images/generations", json=asked).json()["data"][0]["b64_json"]
    picture = (name, base64.b64decode(drawn))
    files = [("image[0]", picture), ("image[1]", picture), ("Mask", picture)]
    changed = api.post("/v1/images/edits", data=asked, files=files)
    assert changed.status_code == 200, changed.text
    [sent] = [one.body for one in stack.llm.requests if name.encode() in one.body]
    assert sent.count(b'name="image[]"') == 2
    assert sent.count(b'name="mask"') == 1
