"""What the ledger holds of requests and answers with files, and what is shown of it."""

from __future__ import annotations

import json

import pytest

from shared.errors import ValidationFailed
from shared.jobs.job import Job, JobState
from shared.media import callback, request, result
from shared.media.request import FileRef
from shared.media.result import Kept, Made
from shared.operation import Operation
from shared.providers.prices import NANOS, Price
from shared.wire.usage import usage_of

FILE = FileRef("image[]", "file-1", "a.png", "image/png", 3, "ab")
KEPT = Kept("file-2", "b.png", "image/png", 3, "cd", "http://h/artifacts/b.png?signature=s")


def test_a_request_is_read_as_it_was_composed() -> None:
    stored = request.compose({"model": "m", "n": "2"}, [FILE], state="s", hints={"seed": 1})
    read = request.read(stored.encode())
    assert (read.model, read.number("n", 1), read.state) == ("m", 2, "s")
    assert read.files_in("image") == [FILE]
    assert json.loads(request.as_sent(stored.encode())) == {"model": "m", "n": "2"}
    assert request.shown(stored.encode())["files"] == [{"id": "file-1", "filename": "a.png"}]


def test_a_request_without_files_goes_on_byte_for_byte() -> None:
    assert request.as_sent(b'{"model" : "m", "x": 1.0}') == b'{"model" : "m", "x": 1.0}'


def test_names_of_ours_are_refused() -> None:
    with pytest.raises(ValidationFailed) as refused:
        request.compose({"$state": "x"})
    assert refused.value.field == "$state"


@pytest.mark.parametrize("answer", [b'{"text":"a","n":1.0}', b'{ "text" : "\\"$usage\\":{" }\n'])
def test_an_answer_comes_back_as_it_came(answer: bytes) -> None:
    stored = result.with_made(answer, Made(audio_ms=1500))
    assert json.loads(stored)["$usage"] == {"audio_ms": 1500}
    assert json.loads(result.as_came(stored)) == json.loads(answer)
    assert usage_of(stored).audio_ms == 1500


def test_an_answer_of_pictures_is_shown_with_links() -> None:
    stored = json.dumps(
        {"created": 1, "data": [{"$artifact": KEPT.to_json(), "revised_prompt": "r"}, {"url": "u"}]}
    ).encode()
    shown = json.loads(result.shown(result.with_made(stored, Made(images=2))))
    assert shown == {
        "created": 1,
        "data": [{"url": KEPT.url, "revised_prompt": "r"}, {"url": "u"}],
    }
    assert result.artifacts(stored) == [KEPT]


@pytest.mark.parametrize(("url", "links"), [("https://h/x.png", True), (None, False), ("", False)])
def test_an_answer_came_as_links_if_it_names_one(url: str | None, *, links: bool) -> None:
    assert result.came_as_links({"data": [{"$artifact": KEPT.to_json(), "url": url}]}) is links


def test_a_callback_says_what_ai_server_says() -> None:
    answer = {"text": "hi", "segments": [{"id": 0, "start": 0, "end": 1, "text": "hi"}]}
    job = Job(
        id=1,
        ref_id="r",
        owner="o",
        model="m",
        state=JobState.COMPLETED,
        operation=Operation.TRANSCRIPTION,
        request=request.compose({"model": "m"}, state="mine").encode(),
        response=json.dumps(answer).encode(),
    )
    told = json.loads(callback.body(job))
    assert (told["state"], told["refId"], told["textOutputs"][0]) == ("mine", "r", {"text": "hi"})
    parts = json.loads(told["textOutputs"][1]["text"])
    assert parts == [{"start": 0, "end": 1, "text": "hi"}]


def test_pictures_characters_and_minutes_have_prices() -> None:
    made = Made(images=3, characters=2000, audio_ms=90_000)
    usage = usage_of(result.with_made(b"{}", made))
    price = Price(image=0.04, characters=15, audio_minute=0.006)
    assert price.cost_nanos(usage) == round((0.12 + 0.03 + 0.009) * NANOS)
