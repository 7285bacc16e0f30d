"""Sound, partial pictures and transcripts reach OpenAI's SDK while they are made."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from openai import OpenAI

from tests.acceptance.system.api import Api
from tests.acceptance.system.stack import Stack

#: Minutes of speech: the demo LLM takes many seconds to send it.
LONG = "This goes on and on. " * 190


@pytest.fixture
def client(stack: Stack) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key, max_retries=0) as client:
        yield client


def test_a_sound_is_heard_while_it_is_spoken_and_ends_when_nobody_listens(
    api: Api, client: OpenAI
) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="demo-speech", voice="alloy", input=LONG, response_format="wav"
    ) as spoken:
        assert spoken.headers["Content-Type"] == "audio/wav"
        assert next(spoken.iter_bytes(4)) == b"RIFF"
        job_id = int(spoken.headers["x-job-id"])
        state = api.get("/api/GetOpenAiChatStatus", params={"jobId": job_id}).json()["jobState"]
        assert state == "Started"
    assert api.until_ended(job_id)["jobState"] == "Cancelled"


@pytest.mark.parametrize("form", ["mp3", "opus", "aac", "flac", "wav", "pcm"])
def test_a_sound_is_streamed_into_a_file(
    client: OpenAI, api: Api, tmp_path: Path, form: str
) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="demo-speech",
        voice="alloy",
        input="One, two, three.",
        response_format=form,  # type: ignore[arg-type]
    ) as spoken:
        spoken.stream_to_file(tmp_path / "sound")
    heard = (tmp_path / "sound").read_bytes()
    found = api.get(f"/api/GetArtifactGenerationStatus?jobId={spoken.headers['x-job-id']}").json()
    kept = requests.get(found["results"][0]["url"], timeout=10).content
    assert heard == kept
    assert len(heard) > 1000


def test_a_sound_is_told_in_events(api: Api) -> None:
    body = {"model": "demo-speech", "voice": "a", "input": "One, two.", "stream_format": "sse"}
    told = events(api.post("/v1/audio/speech", json=body | {"response_format": "wav"}).text)
    assert {one["type"] for one in told[:-1]} == {"speech.audio.delta"}
    assert len(told) > 3
    assert told[-1]["type"] == "speech.audio.done"
    assert told[-1]["usage"]["total_tokens"] > 2
    assert b"".join(base64.b64decode(one["audio"]) for one in told[:-1])[:4] == b"RIFF"


def events(text: str) -> list[dict[str, object]]:
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


def test_partial_pictures_come_before_the_picture(stack: Stack, client: OpenAI) -> None:
    got = client.images.generate(
        model="demo-image", prompt="a cat", size="64x64", stream=True, partial_images=2
    )  # type: ignore[call-overload]
    told = list(got)
    kinds = ["image_generation.partial_image"] * 2 + ["image_generation.completed"]
    assert [one.type for one in told] == kinds
    assert [one.partial_image_index for one in told[:2]] == [0, 1]
    pictures = [base64.b64decode(one.b64_json) for one in told]
    assert all(one.startswith(b"\x89PNG") for one in pictures)
    assert len(set(pictures)) == 3
    for held in (stack.redis.xrange(key) for key in stack.redis.scan_iter("job:*:chunks")):
        for _, entry in held:
            assert b"b64_json" not in entry.get(b"chunks", b"")


def test_an_edit_is_streamed(client: OpenAI) -> None:
    made = client.images.generate(model="demo-image", prompt="a", size="64x64")
    assert made.data is not None
    picture = base64.b64decode(made.data[0].b64_json or "")
    told = list(
        client.images.edit(
            model="demo-image",
            image=[picture, picture],
            prompt="red",
            size="64x64",  # type: ignore[call-overload]
            stream=True,
            partial_images=1,
        )
    )
    assert [one.type for one in told] == ["image_edit.partial_image", "image_edit.completed"]


def test_a_transcript_is_told_word_by_word(client: OpenAI) -> None:
    recording = client.audio.speech.create(
        model="demo-speech", voice="alloy", input="One two three.", response_format="wav"
    ).read()
    told = list(
        client.audio.transcriptions.create(
            model="demo-transcribe", file=("a.wav", recording), stream=True, response_format="json"
        )
    )
    assert len(told) > 5
    assert {one.type for one in told[:-1]} == {"transcript.text.delta"}
    done = told[-1]
    assert done.type == "transcript.text.done"
    assert done.text == "".join(one.delta for one in told[:-1] if one.type[-5:] == "delta")


def test_the_same_ref_id_again_gives_the_same_sound(api: Api) -> None:
    body = {"model": "demo-speech", "voice": "a", "input": "Again.", "refId": "live-again"}
    first = api.post("/v1/audio/speech", json=body)
    again = api.post("/v1/audio/speech", json=body)
    assert first.headers["x-job-id"] == again.headers["x-job-id"]
    assert first.content == again.content
