"""A transcript that is a text is told from a page by how it begins, not by what it is called."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from shared.media import result
from shared.media.request import MediaRequest
from shared.operation import Operation
from shared.providers.provider import Provider
from workers.providers import openai_media
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.media import answers

CALL = ProviderCall(
    Provider.model_validate({"name": "p", "base_url": "http://127.0.0.1:1", "models": ["m"]}),
    b"{}",
    None,
    1,
    1,
    operation=Operation.TRANSCRIPTION,
)
ASKED = MediaRequest({"response_format": "text"})
HTML = "text/html; charset=utf-8"


def test_text_that_is_called_html_is_a_transcript() -> None:
    """As whisper.cpp's server answers."""
    told = json.loads(answers.transcript(CALL, ASKED, b" One <two>.\n", HTML))
    assert told[result.TEXT] == " One <two>.\n"


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><p>Sign in", b"\n<html><body>Bad gateway"])
def test_page_is_no_transcript(page: bytes) -> None:
    with pytest.raises(ProviderError, match="no transcript"):
        answers.transcript(CALL, ASKED, page, HTML)


SRT = b"1\r\n00:00:00,000 --> 00:00:01,500\r\nOne\r\ntwo.\r\n\r\n2\r\n"
SRT += b"00:00:01,500 --> 01:00:02,250\r\n<v Ann>Three.\r\n"
PARTS = [(0.0, 1.5, "One two."), (1.5, 3602.25, "Three.")]


@pytest.mark.parametrize(
    ("body", "kind", "text", "parts"),
    [
        pytest.param(SRT, "text/plain", "One two. Three.", PARTS, id="srt"),
        pytest.param(
            b"WEBVTT\n\n00:00.000 --> 00:01.500 align:left\nOne\ntwo.\n",
            "text/vtt; charset=utf-8",
            "One two.",
            PARTS[:1],
            id="vtt",
        ),
        pytest.param(b" One --> two.\n", "text/plain", "One --> two.", [], id="a text"),
        pytest.param(b'"One.\\nTwo."', "application/json", "One.\nTwo.", [], id="a text in JSON"),
        pytest.param(b' {"text": "One."}', "text/plain", "One.", [], id="JSON called a text"),
    ],
)
def test_text_in_the_place_of_json_becomes_json(
    body: bytes, kind: str, text: str, parts: list[tuple[float, float, str]]
) -> None:
    asked = MediaRequest({"response_format": "verbose_json"})
    told = json.loads(answers.transcript(CALL, asked, body, kind))
    assert told["text"] == text
    found = [(one["start"], one["end"], one["text"]) for one in told.get("segments", [])]
    assert found == parts


@pytest.mark.parametrize(
    ("body", "kind"), [(b"", "text/plain"), (b"One", "application/json"), (b"One", "")]
)
def test_what_says_nothing_in_the_place_of_json_is_no_transcript(body: bytes, kind: str) -> None:
    with pytest.raises(ProviderError, match="no JSON object"):
        answers.transcript(CALL, MediaRequest({}), body, kind)


@pytest.mark.parametrize(("model", "form"), [("gpt-4o-transcribe", "json"), ("w", "verbose_json")])
def test_parts_are_asked_of_models_that_tell_them(model: str, form: str) -> None:
    asked = MediaRequest({"model": model, "response_format": "verbose_json"})
    assert openai_media._askable(asked) is asked
    wished = replace(asked, hints={"parts": True})
    assert openai_media._askable(wished).text("response_format") == form
