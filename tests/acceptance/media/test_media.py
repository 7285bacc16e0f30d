"""Pictures, sound and judgements with OpenAI's own SDK, against a whole ReplyTo."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest
import requests
from openai import OpenAI

from tests.acceptance.system.api import Api
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import CHAT, Stack

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def client(stack: Stack) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key, max_retries=0) as client:
        yield client


def test_a_text_is_judged(client: OpenAI) -> None:
    judged = client.moderations.create(model="demo-instant", input=["be kind", "I kill you"])
    assert [one.flagged for one in judged.results] == [False, True]
    assert judged.results[1].categories.violence


def test_pictures_come_in_base64(client: OpenAI) -> None:
    made = client.images.generate(model="demo-image", prompt="a cat", n=2, size="64x48")
    assert made.data is not None
    pictures = [base64.b64decode(one.b64_json or "") for one in made.data]
    assert [picture[:8] for picture in pictures] == [PNG, PNG]
    assert pictures[0] != pictures[1]


def test_a_picture_by_link_is_the_one_that_the_ledger_refers_to(
    stack: Stack, api: Api, client: OpenAI
) -> None:
    ref_id = uuid.uuid4().hex
    made = client.images.generate(
        model="demo-image",
        prompt="a dog",
        size="64x64",
        response_format="url",
        extra_body={"refId": ref_id, "replyTo": stack.receiver.url("/media"), "tag": "t"},
    )
    assert made.data is not None
    url = made.data[0].url or ""
    picture = requests.get(url, timeout=10)
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/png")
    held = stack.redis.hget(f"job:{made_id(api, ref_id)}", "response")
    assert held is not None
    assert len(held) < 2000
    body = json.loads(stack.receiver.wait_for("/media")[0].body)
    assert body["refId"] == ref_id
    assert requests.get(body["outputs"][0]["url"], timeout=10).content == picture.content


def made_id(api: Api, ref_id: str) -> int:
    found = api.get("/api/GetOpenAiChatStatus", params={"refId": ref_id}).json()
    assert found["result"]["data"][0]["url"].startswith("http")
    return int(found["jobId"])


def test_a_text_is_spoken(client: OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="demo-speech", voice="alloy", input="Hello there.", response_format="wav"
    ) as spoken:
        assert spoken.headers["Content-Type"] == "audio/wav"
        sound = spoken.read()
    assert sound[:4] == b"RIFF"
    assert len(sound) > 10_000


def test_a_model_is_not_asked_for_what_it_is_not_for(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="does not support the operation 'chat'"):
        client.chat.completions.create(
            model="demo-image", messages=[{"role": "user", "content": "hi"}]
        )
    with pytest.raises(openai.BadRequestError, match="does not support the operation 'image'"):
        client.images.generate(model="demo-speech", prompt="x")


def test_a_field_that_is_ours_is_refused(api: Api) -> None:
    body = {"model": "demo-image", "prompt": "x", "$files": []}
    refused = api.post("/v1/images/generations", json=body)
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "$files"


def test_what_a_provider_refuses_comes_as_it_says_it(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="such as 1024x1024"):
        client.images.generate(model="demo-image", prompt="x", size="7x7")  # type: ignore[call-overload]


def wav(client: OpenAI) -> bytes:
    return client.audio.speech.create(
        model="demo-speech", voice="alloy", input="One two three.", response_format="wav"
    ).read()


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
def test_a_recording_is_written_down_in_every_form(client: OpenAI) -> None:
    recording = wav(client)

    def heard(form: str) -> Any:
        return client.audio.transcriptions.create(  # type: ignore[call-overload]
            model="demo-transcribe",
            file=("said.wav", recording),
            response_format=form,
            timestamp_granularities=["segment", "word"],
        )

    assert "demo transcription" in heard("json").text
    whole = heard("verbose_json")
    assert whole.segments[0].end == pytest.approx(whole.duration)
    assert heard("text").startswith("This is ReplyTo")
    assert heard("srt").startswith("1\n00:00:00,000 --> 00:00:0")
    assert heard("vtt").startswith("WEBVTT\n\n00:00:00.000")
    translated = client.audio.translations.create(model="demo-transcribe", file=recording)
    assert "demo transcription" in translated.text


def test_the_form_reaches_the_provider_as_it_was_sent(stack: Stack, client: OpenAI) -> None:
    name = f"{uuid.uuid4().hex} 'ä\".wav"
    client.audio.transcriptions.create(
        model="demo-transcribe",
        file=(name, wav(client)),
        language="en",
        include=["logprobs"],
        extra_body={"x_own": "value", "refId": uuid.uuid4().hex},
    )
    sent = next(one.body for one in reversed(stack.llm.requests) if name[:32].encode() in one.body)
    for part in (b'name="language"', b'name="include[]"', b'name="x_own"', b'name="model"'):
        assert part in sent
    assert b"refId" not in sent


def test_pictures_are_changed(client: OpenAI) -> None:
    made = client.images.generate(model="demo-image", prompt="a", size="64x64")
    assert made.data is not None
    picture = base64.b64decode(made.data[0].b64_json or "")
    changed = client.images.edit(
        model="demo-image", image=[picture, picture], mask=picture, prompt="red", size="64x64"
    )
    with pytest.warns(DeprecationWarning, match="deprecated"):
        varied = client.images.create_variation(model="demo-image", image=picture)
    for one in (changed, varied):
        assert one.data is not None
        assert base64.b64decode(one.data[0].b64_json or "").startswith(PNG)


def test_the_same_file_again_under_a_ref_id_is_the_same_job(api: Api, client: OpenAI) -> None:
    recording, ref_id = wav(client), uuid.uuid4().hex

    def ask(content: bytes) -> requests.Response:
        files = {"file": ("a.wav", content, "audio/wav")}
        form = {"model": "demo-transcribe", "refId": ref_id}
        return api.post("/v1/audio/transcriptions", data=form, files=files)

    first, again, other = ask(recording), ask(recording), ask(recording + b"0000")
    assert first.headers["x-job-id"] == again.headers["x-job-id"]
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("path", "form", "files", "field"),
    [
        pytest.param("audio/transcriptions", {"model": "demo-transcribe"}, (), "file", id="file"),
        pytest.param("audio/transcriptions", {}, ("file",), "model", id="model"),
        pytest.param("images/edits", {"model": "demo-image"}, ("image",), "prompt", id="prompt"),
        pytest.param("images/variations", {"model": "demo-image"}, (), "image", id="picture"),
        *(
            pytest.param(
                "images/edits",
                {"model": "demo-image", "prompt": "a", "n": number},
                ("image",),
                "n",
                id=f"{number!r} pictures",
            )
            for number in ("0", "100", "x", "1.5", "-1", "٣")
        ),
    ],
)
def test_what_is_missing_or_wrong_in_a_form_is_named(
    api: Api, path: str, form: dict[str, str], files: tuple[str, ...], field: str
) -> None:
    sent = dict.fromkeys(files, ("a.png", PNG, "image/png"))
    refused = api.post(f"/v1/{path}", data=form, files=sent or {"other": b"x"})
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == field


def test_what_was_made_is_counted_whatever_its_form(api: Api, client: OpenAI) -> None:
    tag, recording = uuid.uuid4().hex, wav(client)
    seconds = len(recording) / 48_000
    extra = {"extra_body": {"tag": tag}}
    client.images.generate(model="demo-image", prompt="x", n=2, size="64x64", **extra)  # type: ignore[arg-type]
    client.audio.speech.create(model="demo-speech", voice="alloy", input="x" * 40, **extra)  # type: ignore[arg-type]
    for form in ("text", "srt"):
        client.audio.transcriptions.create(  # type: ignore[call-overload]
            model="demo-transcribe", file=("a.wav", recording), response_format=form, **extra
        )

    def usage() -> dict[str, Any]:
        rows = api.get("/api/GetUsage", params={"groupBy": "tag"}).json()["results"]
        return next((one for one in rows if one["name"] == tag), {})

    until(lambda: usage().get("total") == 4, "all four are in the history")
    sums, jobs = usage(), api.get("/api/QueryJobs", params={"tag": tag}).json()["results"]
    srt, text, spoken, drawn = jobs
    assert drawn["images"] == 2
    assert spoken["characters"] == 40
    for heard in (srt, text):
        assert heard["audioSeconds"] == pytest.approx(seconds, rel=0.1)
    assert (sums["images"], sums["characters"]) == (2, 40)
    assert sums["audioSeconds"] == pytest.approx(2 * seconds, rel=0.1)


def test_an_edit_in_json_names_files_that_are_held_for_its_job(api: Api, client: OpenAI) -> None:
    made = client.images.generate(model="demo-image", prompt="a", size="64x64")
    assert made.data is not None
    picture = base64.b64decode(made.data[0].b64_json or "")
    file = client.files.create(file=("a.png", picture, "image/png"), purpose="vision")
    named = {"file_id": file.id}
    body = {"model": "demo-image", "prompt": "red", "images": [named, named], "mask": named}
    edited = api.post("/v1/images/edits", json={**body, "refId": uuid.uuid4().hex})
    assert edited.status_code == 200, edited.text
    assert base64.b64decode(edited.json()["data"][0]["b64_json"]).startswith(PNG)
    client.files.delete(file.id)
    gone = api.post("/v1/images/edits", json=body)
    assert (gone.status_code, gone.json()["error"]["param"]) == (400, "images.0.file_id")
    mixed = {**body, "images": [named, {"image_url": "http://127.0.0.1/a.png"}]}
    assert api.post("/v1/images/edits", json=mixed).status_code == 400


def test_a_file_that_is_deleted_while_its_job_waits_is_read_all_the_same(
    stack: Stack, api: Api, client: OpenAI
) -> None:
    made = client.images.generate(model="demo-image", prompt="a", size="64x64")
    assert made.data is not None
    picture = base64.b64decode(made.data[0].b64_json or "")
    file = client.files.create(file=("a.png", picture, "image/png"), purpose="vision")
    body = {"model": "demo-image", "prompt": "red", "images": [{"file_id": file.id}]}
    ref_id = uuid.uuid4().hex
    with ThreadPoolExecutor(1) as other:
        stack.pause(CHAT)
        try:
            edited = other.submit(api.post, "/v1/images/edits", json={**body, "refId": ref_id})
            until(
                lambda: api.get("/api/GetOpenAiChatStatus", params={"refId": ref_id}).ok,
                "the job waits",
            )
            assert client.files.delete(file.id).deleted
        finally:
            stack.resume(CHAT)
        assert edited.result().status_code == 200, edited.result().text
