"""A transcript that is a text is told from a page by how it begins, not by what it is called."""

from __future__ import annotations

import json

import pytest

from shared.media import result
from shared.media.request import MediaRequest
from shared.operation import Operation
from shared.providers.provider import Provider
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
