"""OpenAI's Python SDK on the Responses API: waited for, streamed, and in the background."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from tests.acceptance.llms.canned_wire import EVENTS, RESPONSE
from tests.acceptance.system.api import Api
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack

PENDING = ("queued", "in_progress")


@pytest.fixture
def client(stack: Stack) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key) as client:
        yield client


def ended(client: OpenAI, response_id: str) -> Any:
    """Return the response once it is neither queued nor in progress."""

    def look() -> Any:
        response = client.responses.retrieve(response_id)
        return None if response.status in PENDING else response

    return until(look, f"{response_id} has ended")


# --- waited for ---------------------------------------------------------------------------------


def test_response_is_returned(client: OpenAI) -> None:
    response = client.responses.create(model="demo-instant", input="Say hello")
    assert (response.object, response.status) == ("response", "completed")
    assert response.output_text.endswith("You said: Say hello")


def test_response_comes_back_byte_for_byte_and_can_be_asked_for_again(
    api: Api, client: OpenAI
) -> None:
    raw = client.responses.with_raw_response.create(model="odd-response", input="x")
    assert raw.content == RESPONSE
    assert client.responses.with_raw_response.retrieve("resp_theirs1").content == RESPONSE
    ours = f"resp_job_{raw.headers['x-job-id']}"
    again = client.responses.with_raw_response.retrieve(ours).content
    assert again == RESPONSE.replace(b'"resp_theirs1"', b'"%b"' % ours.encode()).replace(
        b'"background":false', b'"background":true'
    )
    job = api.job(int(raw.headers["x-job-id"]))
    assert job["responseBody"].encode() == RESPONSE
    assert job["request"] == "OpenAiResponse"


def test_failure_of_the_llm_raises_its_class(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError):
        client.responses.create(model="demo-fail-400", input="x")


# --- streamed -----------------------------------------------------------------------------------


def test_events_come_as_the_provider_wrote_them_with_their_names(api: Api) -> None:
    body = {"model": "response-sse", "input": "x", "stream": True}
    blocks = api.post("/v1/responses", json=body).content.split(b"\n\n")
    assert blocks.pop() == b""
    lines = [
        [line for line in block.split(b"\n") if not line.startswith(b"id: ")] for block in blocks
    ]
    names = [json.loads(event)["type"].encode() for event in EVENTS]
    assert lines == [
        [b"event: " + name, b"data: " + event] for name, event in zip(names, EVENTS, strict=True)
    ]


def test_result_of_a_stream_is_the_response_of_its_last_event(api: Api) -> None:
    body = {"model": "response-sse", "input": "x", "stream": True, "refId": uuid.uuid4().hex}
    assert api.post("/v1/responses", json=body).status_code == 200
    job = api.get("/api/WaitForOpenAiChat", params={"refId": body["refId"]}).json()["result"]
    assert job["responseBody"].encode() == RESPONSE


def test_stream_helper_ends_with_the_final_response(client: OpenAI) -> None:
    with client.responses.stream(model="demo", input="Say hello") as stream:
        events = list(stream)
        final = stream.get_final_response()
    said = "".join(e.delta for e in events if e.type == "response.output_text.delta")
    assert final.output_text == said
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[-1].type == "response.completed"


def test_async_client_streams(stack: Stack) -> None:
    async def run() -> tuple[str, Any]:
        async with (
            AsyncOpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key) as client,
            client.responses.stream(model="demo-instant", input="Hi") as stream,
        ):
            said = [e.delta async for e in stream if e.type == "response.output_text.delta"]
            return "".join(said), await stream.get_final_response()

    said, final = asyncio.run(run())
    assert final.output_text == said


def test_stream_without_its_last_event_broke_off(stack: Stack, client: OpenAI) -> None:
    marker = uuid.uuid4().hex
    stream = client.responses.create(model="response-sse-ended", input=marker, stream=True)
    assert [next(stream).type for _ in range(2)] == [
        "response.created",
        "response.output_text.delta",
    ]
    with pytest.raises(openai.APIError):
        next(stream)
    assert len(stack.canned_calls(marker)) == 1


def test_error_event_raises_api_error(client: OpenAI) -> None:
    stream = client.responses.create(model="response-sse-error", input="x", stream=True)
    with pytest.raises(openai.APIError) as raised:
        list(stream)
    assert (raised.value.message, raised.value.code) == ("Overloaded", "busy")


def test_response_that_failed_wordless_is_asked_again(stack: Stack, client: OpenAI) -> None:
    marker = uuid.uuid4().hex
    with pytest.raises(openai.InternalServerError, match=r"502 - It broke\.$") as raised:
        client.responses.create(model="response-sse-failed", input=marker, stream=True)
    assert (raised.value.code, len(stack.canned_calls(marker))) == ("server_error", 2)


# --- in the background --------------------------------------------------------------------------


def test_background_response_goes_from_queued_to_completed(stack: Stack, client: OpenAI) -> None:
    marker = uuid.uuid4().hex
    queued = client.responses.create(
        model="demo-slow-300ms", input=marker, background=True, metadata={"a": "b"}
    )
    assert queued.status in PENDING
    assert queued.background
    assert (queued.object, queued.output, queued.metadata) == ("response", [], {"a": "b"})
    done = ended(client, queued.id)
    assert (done.id, done.status, done.background) == (queued.id, "completed", True)
    assert marker in done.output_text
    [call] = stack.llm_calls(marker)
    assert "background" not in json.loads(call.body)


def test_background_response_that_fails_says_why(client: OpenAI) -> None:
    for model, code, why in (
        ("demo-fail-400", "invalid_prompt", "fails with 400"),
        ("response-sse-failed", "server_error", "It broke."),
    ):
        queued = client.responses.create(model=model, input="x", background=True)
        failed = ended(client, queued.id)
        assert (failed.id, failed.status, failed.error.code) == (queued.id, "failed", code)
        assert why in failed.error.message


def test_background_response_is_cancelled_while_it_runs(stack: Stack, client: OpenAI) -> None:
    marker = uuid.uuid4().hex
    queued = client.responses.create(model="demo-hang", input=marker, background=True)
    until(lambda: stack.llm_calls(marker), "the LLM was called")
    assert client.responses.retrieve(queued.id).status == "in_progress"
    cancelled = client.responses.cancel(queued.id)
    assert (cancelled.id, cancelled.status, cancelled.error) == (queued.id, "cancelled", None)
    assert client.responses.cancel(queued.id).status == "cancelled"
    until(lambda: stack.llm_calls_over(marker), "the call was closed")


def test_cancelling_what_has_ended_changes_nothing(client: OpenAI) -> None:
    done = ended(
        client, client.responses.create(model="demo-instant", input="x", background=True).id
    )
    assert client.responses.cancel(done.id) == done


def test_background_response_has_a_status_and_a_callback_like_any_job(
    stack: Stack, api: Api, client: OpenAI
) -> None:
    path, ref_id = f"/response/{uuid.uuid4().hex}", uuid.uuid4().hex
    extra = {"refId": ref_id, "replyTo": stack.receiver.url(path)}
    asked: dict[str, Any] = {"model": "odd-response", "input": "x", "background": True}
    queued = client.responses.create(**asked, extra_body=extra)
    [callback] = stack.receiver.wait_for(path)
    assert callback.body == RESPONSE
    status = api.get("/api/GetOpenAiChatStatus", params={"refId": ref_id})
    assert (status.json()["jobState"], queued.id) == (
        "Completed",
        f"resp_job_{status.json()['jobId']}",
    )
    assert b'"result":' + RESPONSE + b"}" in status.content
    # The same RefId is the same response again.
    assert client.responses.create(**asked, extra_body=extra).id == queued.id


def test_background_stream_is_resumed_behind_an_event(stack: Stack, client: OpenAI) -> None:
    marker = uuid.uuid4().hex
    stream = client.responses.create(
        model="response-sse-slow", input=marker, background=True, stream=True
    )
    created = next(stream)
    # The provider's own id: what it says is not changed.
    assert created.response.id == "resp_theirs2"
    stream.close()
    name, after = created.response.id, created.sequence_number
    rest = list(client.responses.retrieve(name, stream=True, starting_after=after))
    assert [event.to_dict() for event in rest] == [json.loads(event) for event in EVENTS[1:]]
    again = list(client.responses.retrieve(name, stream=True))
    assert [event.sequence_number for event in again] == [0, 1, 2, 3]
    assert list(client.responses.retrieve(name, stream=True, starting_after=3)) == []
    # Nobody listened for a while, and nobody asked the LLM twice.
    [call] = stack.canned_calls(marker)
    assert call.is_whole


def test_stream_helper_resumes_a_background_response(client: OpenAI) -> None:
    with client.responses.stream(model="demo-instant", input="Hi", background=True) as stream:
        first = next(stream)
    with client.responses.stream(
        response_id=first.response.id, starting_after=first.sequence_number
    ) as resumed:
        numbers = [event.sequence_number for event in resumed]
        final = resumed.get_final_response()
    assert numbers[0] == 1
    assert final.output_text.endswith("You said: Hi")


def test_background_stream_that_fails_before_its_first_event_ends_with_an_error(
    client: OpenAI,
) -> None:
    stream = client.responses.create(model="demo-fail-400", input="x", background=True, stream=True)
    with pytest.raises(openai.APIError) as raised:
        list(stream)
    assert "fails with 400" in raised.value.message


def test_response_that_was_made_without_a_stream_has_none(client: OpenAI) -> None:
    queued = client.responses.create(model="demo-instant", input="x", background=True)
    with pytest.raises(openai.BadRequestError) as raised:
        client.responses.retrieve(queued.id, stream=True)
    assert raised.value.param == "stream"


def test_response_of_somebody_else_is_not_found(stack: Stack, client: OpenAI) -> None:
    admin_secret = (stack.directory / "auth_secret").read_text("utf-8").strip()
    with OpenAI(base_url=f"{stack.url}/v1", api_key=admin_secret) as admin:
        theirs = admin.responses.create(model="demo-instant", input="x")
        queued = admin.responses.create(model="demo-instant", input="x", background=True)
        assert admin.responses.retrieve(theirs.id).id == theirs.id
    for response_id in (theirs.id, queued.id, "resp_job_999999", "resp_unknown"):
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(response_id)
        with pytest.raises(openai.NotFoundError):
            client.responses.cancel(response_id)


def test_job_that_is_no_response_is_not_found(api: Api) -> None:
    chat = {"model": "demo-instant", "messages": [{"role": "user", "content": "x"}]}
    job_id = api.post("/v1/chat/completions", json=chat).headers["x-job-id"]
    assert api.get(f"/v1/responses/resp_job_{job_id}").status_code == 404


# --- one after the other ------------------------------------------------------------------------


def previous_told(stack: Stack, marker: str) -> Any:
    [call] = stack.llm_calls(marker)
    return json.loads(call.body)["previous_response_id"]


def test_provider_hears_its_own_name_of_the_previous_response(
    stack: Stack, api: Api, client: OpenAI
) -> None:
    queued = client.responses.create(model="demo-instant", input="x", background=True)
    first = ended(client, queued.id)
    own = json.loads(api.job(int(first.id.removeprefix("resp_job_")))["responseBody"])["id"]
    for given, told in ((first.id, own), ("resp_elsewhere", "resp_elsewhere")):
        marker = uuid.uuid4().hex
        client.responses.create(model="demo-instant", input=marker, previous_response_id=given)
        assert previous_told(stack, marker) == told


def test_previous_response_without_an_answer_is_a_400(client: OpenAI) -> None:
    hanging = client.responses.create(model="demo-hang", input="x", background=True)
    for previous in (hanging.id, "resp_job_999999"):
        with pytest.raises(openai.BadRequestError) as raised:
            client.responses.create(model="demo-instant", input="x", previous_response_id=previous)
        assert raised.value.param == "previous_response_id"
    client.responses.cancel(hanging.id)
