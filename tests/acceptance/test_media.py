"""Pictures, sound and judgements with OpenAI's own SDK, against a whole ReplyTo."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator

import openai
import pytest
from openai import OpenAI

from tests.acceptance.api import Api
from tests.acceptance.stack import Stack

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
    assert url.startswith(f"{stack.url}/artifacts/")
    held = stack.redis.hget(f"job:{made_id(api, ref_id)}", "response")
    assert held is not None
    assert len(held) < 2000
    body = json.loads(stack.receiver.wait_for("/media")[0].body)
    assert body["refId"] == ref_id
    assert body["outputs"][0]["url"] == url


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
