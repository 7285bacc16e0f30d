"""What was heard, in each form of OpenAI's; and how engines are told what to do."""

from __future__ import annotations

import errno
import json

import pytest
from requests import Session

from shared.media.engines import ENGINES, installed
from shared.media.request import MediaRequest
from shared.operation import Operation
from shared.providers.provider import Provider
from tests.unit.workers.providers.test_text_transcripts import CALL
from workers.media import local
from workers.media.engines import hearing, speaking, transcripts
from workers.providers.base import ProviderError

HEARD = {
    "language": "en",
    "duration": 3.25,
    "segments": [
        {"id": 0, "start": 0.0, "end": 1.5, "text": " One two."},
        {"id": 1, "start": 3599.9996, "end": 3661.25, "text": " Three."},
    ],
    "words": [{"word": "One", "start": 0.0, "end": 0.4}],
}


def shaped(form: str, *times: str) -> dict[str, object]:
    return transcripts.shaped(HEARD, form, task="transcribe", times=times)


def test_subtitles_have_the_clocks_of_their_standards() -> None:
    assert shaped("srt")["$text"] == (
        "1\n00:00:00,000 --> 00:00:01,500\nOne two.\n\n2\n01:00:00,000 --> 01:01:01,250\nThree.\n\n"
    )
    assert str(shaped("vtt")["$text"]).startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nOne")
    assert shaped("text") == {"$text": "One two. Three.\n"}


def test_json_tells_the_text_and_more_if_that_is_asked() -> None:
    usage = {"type": "duration", "seconds": 4}
    assert shaped("json") == {"text": "One two. Three.", "usage": usage}
    whole = shaped("verbose_json", "segment")
    assert (whole["language"], whole["duration"], whole["usage"]) == ("english", 3.25, usage)
    assert "words" not in whole
    assert "segments" not in shaped("verbose_json", "word")
    assert {"words", "segments"} <= shaped("verbose_json", "word", "segment").keys()


@pytest.mark.parametrize("speed", ["fast", 0.1, 5, "nan"])
def test_a_speed_that_is_none_is_refused(speed: object) -> None:
    with pytest.raises(ProviderError, match="speed must be"):
        speaking._speed(MediaRequest({"speed": speed}))


@pytest.mark.parametrize("name", ["-v", "a/b", "..", "", "x" * 41])
def test_a_voice_is_a_name_and_nothing_else(name: str) -> None:
    with pytest.raises(ProviderError, match="voice must be"):
        speaking._voice(name)
    assert (speaking._voice("Nova"), speaking._voice("en-gb+f3")) == ("en-us+f2", "en-gb+f3")


def test_what_whisper_is_told_fits_into_a_command() -> None:
    asked = MediaRequest({"model": "w", "language": "en-US", "prompt": "x" * 10**6 + "Ü"})
    told = hearing._told(CALL, asked)
    assert (told["language"], told["prompt"][-2:]) == ("en", "xÜ")
    assert len(json.dumps(told)) < 100_000
    with pytest.raises(ProviderError, match="language must be"):
        hearing._told(CALL, MediaRequest({"language": "x" * 10**6}))


def test_a_disk_that_is_full_is_told_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(*_: object) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setitem(local._WORK, Operation.TRANSCRIPTION, write)
    with pytest.raises(ProviderError, match="No space left on device") as told:
        local.LocalDialect(1).ask(Session(), CALL)
    assert told.value.transient


def test_each_engine_does_something_and_says_how_it_is_installed() -> None:
    assert all(one.operations and one.cure for one in ENGINES.values())
    assert all(bool(one.programs) != bool(one.packages) for one in ENGINES.values())
    assert set(installed()) == {name for name, one in ENGINES.items() if not one.missing}


def test_a_model_can_be_asked_what_its_engine_does() -> None:
    values = {
        "name": "engines",
        "type": "local",
        "models": {"ears": "whisper-base", "o": "rapidocr"},
    }
    provider = Provider.model_validate(values)
    assert provider.can(Operation.TRANSLATION, "ears")
    assert not provider.can(Operation.SPEECH, "ears")
    assert provider.declares(Operation.IMAGE_TO_TEXT, "o")
    assert not provider.declares(Operation.TRANSFORM, "o")
