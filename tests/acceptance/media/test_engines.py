"""Our own engines speak, hear and read for real: what one says another one writes down.

What needs wheels of a hundred megabytes is asked for by `make test-media`.
"""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from openai import BadRequestError, InternalServerError, OpenAI
from PIL import Image, ImageDraw, ImageFont

from shared.media.engines import ENGINES, installed
from shared.operation import Operation
from tests.acceptance.system.api import Api
from tests.acceptance.system.stack import Stack

SPEAK, HEAR, READ = (
    [name for name, one in ENGINES.items() if operation in one.operations]
    for operation in (Operation.SPEECH, Operation.TRANSCRIPTION, Operation.IMAGE_TO_TEXT)
)
TEXT = "The quick brown fox ran over the lazy dog. Your order number forty two has been shipped."
WORDS = [
    "the",
    "quick",
    "brown",
    "fox",
    "ran",
    "over",
    "the",
    "lazy",
    "dog",
    "your",
    "order",
    "number",
    "42",
    "has",
    "been",
    "shipped",
]
#: One in so many words may be heard wrong.
ONE_IN = 8

asked_for = pytest.mark.skipif(
    not os.environ.get("REPLYTO_TEST_MEDIA"), reason="make test-media runs it"
)
needs_espeak = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="no espeak-ng here")
needs_tesseract = pytest.mark.skipif(not shutil.which("tesseract"), reason="no tesseract here")


@pytest.fixture(scope="module")
def engines(stack: Stack) -> Iterator[str]:
    """Add a provider with all engines, also those that are not here."""
    secret = (stack.directory / "auth_secret").read_text("utf-8").strip()
    admin = {"Authorization": f"Bearer {secret}"}
    asked = {
        "name": "engines",
        "aiTypeId": "local",
        "selectedModels": list(ENGINES),
        "priority": -10,
    }
    made = requests.post(f"{stack.url}/api/CreateAiProvider", json=asked, headers=admin, timeout=10)
    assert made.status_code == 200, made.text
    yield "engines"
    gone = {"name": "engines"}
    requests.post(f"{stack.url}/api/DeleteAiProvider", json=gone, headers=admin, timeout=10)


@pytest.fixture
def client(stack: Stack, engines: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key, max_retries=0) as client:
        yield client


def spoken(client: OpenAI, engine: str, form: Any = "mp3", **more: Any) -> bytes:
    more.setdefault("input", TEXT)
    more.setdefault("voice", "alloy")
    return client.audio.speech.create(model=engine, response_format=form, **more).read()


def is_what_was_said(heard: str) -> bool:
    words = re.findall(r"[a-z0-9]+", heard.lower().replace("forty two", "42"))
    missed = [one for one in WORDS if one not in words]
    return len(missed) <= len(WORDS) // ONE_IN and "42" in words


@asked_for
@pytest.mark.parametrize("voice", SPEAK)
@pytest.mark.parametrize("ear", HEAR)
def test_what_is_spoken_is_written_down_again(client: OpenAI, voice: str, ear: str) -> None:
    if ear == "whisper-base" and ear not in installed():
        pytest.skip("its wheels are not here: 133 MB more")
    recording = spoken(client, voice)
    heard = client.audio.transcriptions.create(model=ear, file=("said.mp3", recording))
    assert is_what_was_said(heard.text), heard.text


@asked_for
def test_a_transcript_comes_in_every_form(client: OpenAI) -> None:
    recording = spoken(client, "hibari", "opus")

    def heard(form: str) -> Any:
        return client.audio.transcriptions.create(  # type: ignore[call-overload]
            model="whisper-tiny.en",
            file=("said.ogg", recording),
            response_format=form,
            timestamp_granularities=["word", "segment"],
        )

    whole = heard("verbose_json")
    assert (whole.language, whole.duration) == ("english", pytest.approx(5.5, abs=1.5))
    words = [one.word.strip(".,").lower() for one in whole.words]
    assert words[:4] == ["the", "quick", "brown", "fox"]
    assert [one.start for one in whole.words] == sorted(one.start for one in whole.words)
    assert whole.segments[-1].end <= whole.duration + 1
    assert is_what_was_said(heard("text"))
    assert re.match(r"1\n00:00:0\d,\d{3} --> 00:00:0\d,\d{3}\nThe quick", heard("srt"))
    assert re.match(r"WEBVTT\n\n00:00:0\d\.\d{3} --> 00:00:0\d\.\d{3}\nThe quick", heard("vtt"))


@asked_for
@pytest.mark.parametrize("engine", READ)
def test_each_engine_reads_a_picture(api: Api, engines: str, engine: str) -> None:
    answer = api.post(
        "/api/ImageToText", data={"model": engine}, files={"image": ("a.webp", written("WEBP"))}
    )
    assert "Invoice 4711" in answer.json()["results"][0]["text"]


@asked_for
def test_speech_to_text_of_ai_server_tells_the_parts(api: Api, client: OpenAI) -> None:
    files = {"audio": ("a.wav", spoken(client, "espeak-ng", "wav"))}
    told = api.post("/api/SpeechToText", data={"model": "whisper-tiny.en"}, files=files).json()
    assert is_what_was_said(told["results"][0]["text"])
    assert '"start"' in told["results"][1]["text"]


def written(form: str) -> bytes:
    picture = Image.new("RGB", (500, 120), "white")
    font = ImageFont.load_default(size=32)
    ImageDraw.Draw(picture).text((20, 20), "Invoice 4711\nTotal: 42.50 EUR", "black", font=font)
    kept = io.BytesIO()
    picture.save(kept, form)
    return kept.getvalue()


@needs_espeak
def test_speech_comes_in_every_format_and_speed(client: OpenAI) -> None:
    begins = {"mp3": (b"ID3", b"\xff\xf3"), "opus": (b"OggS",), "wav": (b"RIFF",)}
    begins |= {"flac": (b"fLaC",), "aac": (b"\xff\xf1",), "pcm": (b"",)}
    sizes = {}
    for form, known in begins.items():
        sound = spoken(client, "espeak-ng", form, input="One two three.", speed=2)
        assert sound.startswith(known), form
        sizes[form] = len(sound)
    slow = spoken(client, "espeak-ng", "pcm", input="One two three.", speed=0.5)
    assert len(slow) > 1.5 * sizes["pcm"] > 10_000
    german = spoken(client, "espeak-ng", "pcm", input="One two three.", speed=2, voice="de")
    assert german != spoken(client, "espeak-ng", "pcm", input="One two three.", speed=2)


@needs_espeak
def test_what_cannot_be_spoken_is_said(client: OpenAI) -> None:
    for more, named in (
        ({"voice": "../../etc/passwd"}, "voice must be"),
        ({"voice": "xx-none"}, "voice"),
        ({"input": "  "}, "input must have"),
    ):
        with pytest.raises(BadRequestError, match=named):
            spoken(client, "espeak-ng", **more)


@needs_tesseract
def test_what_is_written_in_a_picture_is_read(api: Api, engines: str) -> None:
    answer = api.post(
        "/api/ImageToText", data={"model": "tesseract"}, files={"image": ("a.jpg", written("JPEG"))}
    )
    assert answer.json()["results"] == [{"text": "Invoice 4711\nTotal: 42.50 EUR"}]
    bad = api.post("/api/ImageToText", data={"model": "tesseract"}, files={"image": b"<svg/>"})
    assert (bad.status_code, bad.json()["error"]["code"]) == (400, "media_refused")


def test_an_engine_that_is_not_here_is_named_with_its_cure(client: OpenAI) -> None:
    away = [name for name, one in ENGINES.items() if one.missing and "speech" not in one.operations]
    if not away:
        pytest.skip("all engines are here")
    with pytest.raises(InternalServerError, match="is not on the machine of this worker"):
        client.audio.transcriptions.create(model=away[0], file=("a.wav", b"RIFF"))
