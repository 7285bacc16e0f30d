"""ServiceStack's Python client on AI Server's calls for pictures and sound."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator

import pytest
import requests
from PIL import Image
from servicestack import JsonServiceClient, UploadFile

from tests.acceptance.clients import servicestack_media_dtos as dtos
from tests.acceptance.system.api import Api
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack


@pytest.fixture
def client(stack: Stack) -> Iterator[JsonServiceClient]:
    client = JsonServiceClient(stack.url).set_bearer_token(stack.api_key)
    yield client
    client._session.close()


def png() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(written, "PNG")
    return written.getvalue()


def upload(name: str, content: bytes, kind: str, field: str | None = None) -> UploadFile:
    return UploadFile(
        field_name=field, file_name=name, content_type=kind, stream=io.BytesIO(content)
    )


def test_pictures_are_made_of_a_text(client: JsonServiceClient) -> None:
    made: dtos.ArtifactGenerationResponse = client.send(
        dtos.TextToImage(positive_prompt="a cat", width=64, height=64, batch_size=2, seed=7)
    )
    assert [one.file_name.endswith(".png") for one in made.results] == [True, True]
    assert made.results[0].provider == "demo"
    assert made.duration.total_seconds() > 0


def test_what_is_said_is_written_down_twice(client: JsonServiceClient) -> None:
    sound = client.send(dtos.TextToSpeech(input="Hello you.", model="demo-speech:nova"))
    assert sound.results[0].file_name.endswith(".mp3")
    recording = b"RIFF" + b"\0" * 40
    with pytest.raises(requests.HTTPError, match="400"):
        client.post_file_with_request(
            request=dtos.SpeechToText(), file=upload("a.wav", recording, "audio/wav", "audio")
        )


def test_a_recording_is_sent_as_a_part(client: JsonServiceClient, stack: Stack, api: Api) -> None:
    spoken = api.post(
        "/v1/audio/speech", json={"model": "demo-speech", "input": "One.", "voice": "alloy"}
    )
    heard: dtos.TextGenerationResponse = client.post_file_with_request(
        request=dtos.SpeechToText(tag="t"),
        file=upload("a.mp3", spoken.content, "audio/mpeg", "audio"),
    )
    plain, parts = heard.results
    assert "demo transcription" in plain.text
    assert json.loads(parts.text)[0]["text"] == plain.text


def test_a_queued_picture_is_called_back_as_ai_server_does(
    client: JsonServiceClient, stack: Stack
) -> None:
    ref_id, path = uuid.uuid4().hex, f"/{uuid.uuid4().hex}"
    # A client that names no field is understood.
    queued: dtos.QueueGenerationResponse = client.post_file_with_request(
        request=dtos.QueueImageToImage(
            positive_prompt="blue",
            denoise=0.5,
            ref_id=ref_id,
            reply_to=stack.receiver.url(path),
            state="mine",
        ),
        file=upload("in.png", png(), "image/png"),
    )
    assert queued.ref_id == ref_id
    assert queued.status_url.endswith(f"/api/GetArtifactGenerationStatus?RefId={ref_id}")
    body = json.loads(stack.receiver.wait_for(path)[0].body)
    assert (body["state"], body["refId"]) == ("mine", ref_id)
    assert body["outputs"][0]["url"].startswith(f"{stack.url}/artifacts/")

    def look() -> dtos.StatusResponse | None:
        status: dtos.StatusResponse = client.send(dtos.GetArtifactGenerationStatus(ref_id=ref_id))
        return status if status.job_state == "Completed" else None

    assert until(look, "the job is Completed").results[0].url == body["outputs"][0]["url"]


def test_a_job_that_failed_says_so_in_its_status_and_callback(stack: Stack, api: Api) -> None:
    path = f"/{uuid.uuid4().hex}"
    sent = {"replyTo": stack.receiver.url(path), "state": "s"}
    queued = api.post("/api/QueueSpeechToText", data=sent, files={"audio": b"no sound"}).json()
    body = json.loads(stack.receiver.wait_for(path)[0].body)
    assert (body["state"], "outputs" in body) == ("s", False)
    assert "can be read" in body["responseStatus"]["message"]
    status = api.get("/api/GetTextGenerationStatus", params={"jobId": queued["jobId"]})
    assert status.status_code == 200
    assert status.json()["jobState"] == "Failed"
    assert "can be read" in status.json()["responseStatus"]["message"]


@pytest.mark.parametrize(
    ("name", "form", "field"),
    [
        pytest.param("TextToImage", {}, "positivePrompt", id="no prompt"),
        pytest.param("TextToImage", {"positivePrompt": "x", "width": "9"}, "width", id="width"),
        pytest.param("TextToImage", {"positivePrompt": "x", "model": "none"}, "model", id="model"),
        pytest.param("ImageToImage", {"positivePrompt": "x"}, "image", id="no file"),
        pytest.param("TextToSpeech", {"input": " "}, "input", id="nothing to say"),
        pytest.param("ImageUpscale", {"image": "$$"}, "image", id="no base64"),
    ],
)
def test_what_is_wrong_is_named(api: Api, name: str, form: dict[str, str], field: str) -> None:
    refused = api.post(f"/api/{name}", json=form)
    assert refused.status_code in {400, 404}
    assert refused.json()["error"]["param"] == field


def test_models_and_voices_are_listed(api: Api) -> None:
    assert api.get("/api/ActiveMediaModels").json()["results"][0]["key"] == "demo-image"
    rows = {one["id"]: one for one in api.get("/api/QueryMediaModels").json()["results"]}
    assert rows["demo-speech"]["supportedTasks"] == {"openai": ["TextToSpeech"]}
    voices = api.get("/api/QueryTextToSpeechVoices").json()["results"]
    assert {"id": "Nova", "model": "demo-speech:nova"} in voices


def test_ai_servers_own_generation_is_queued_and_read(api: Api) -> None:
    made = api.post(
        "/api/CreateGeneration",
        json={"request": {"positivePrompt": "a", "taskType": 1, "width": 64}, "state": "s"},
    ).json()
    api.until_ended(made["id"])
    shown = api.get("/api/GetGeneration", params={"id": made["id"]}).json()
    assert shown["outputs"][0]["fileName"].endswith(".png")
    refused = api.post("/api/CreateGeneration", json={"request": {"taskType": 2}})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "request")
