"""ServiceStack's Python client with hand-written DTOs, as AI Server's applications use it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest
from servicestack import BackgroundJobState, JsonServiceClient, WebServiceException

from tests.acceptance.clients import servicestack_dtos as dtos
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack

HELLO = [dtos.Message(role="user", content="Say hello")]


@pytest.fixture
def client(stack: Stack) -> Iterator[JsonServiceClient]:
    client = JsonServiceClient(stack.url).set_bearer_token(stack.api_key)
    yield client
    client._session.close()


def queued(client: JsonServiceClient, model: str, ref_id: str | None = None) -> dtos.QueueResponse:
    request = dtos.ChatRequest(model=model, messages=HELLO)
    answer: dtos.QueueResponse = client.send(
        dtos.QueueOpenAiChatCompletion(request=request, ref_id=ref_id, tag="tests")
    )
    return answer


def status_when(
    client: JsonServiceClient, query: dtos.GetOpenAiChatStatus, *states: BackgroundJobState
) -> dtos.StatusResponse:
    def look() -> dtos.StatusResponse | None:
        status: dtos.StatusResponse = client.send(query)
        return status if status.job_state in states else None

    return until(look, f"a job is {states}")


def test_sync_call_returns_the_completion(client: JsonServiceClient) -> None:
    request = dtos.OpenAiChatCompletion(model="demo-instant", messages=HELLO, max_tokens=50)
    answer: dtos.ChatResponse = client.send(request)
    assert answer.choices[0].message.content.endswith("You said: Say hello")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.created > 0
    assert answer.usage.total_tokens > 0
    assert answer.response_status is None


@pytest.mark.parametrize("by", ["ref_id", "job_id"])
def test_queued_job_is_polled_to_completed(client: JsonServiceClient, by: str) -> None:
    ref_id = f"order-{uuid.uuid4().hex}"
    answer = queued(client, "demo-slow-3s", ref_id)
    assert answer.ref_id == ref_id
    assert answer.status_url.endswith(f"/api/GetOpenAiChatStatus?RefId={ref_id}")
    query = dtos.GetOpenAiChatStatus(**{by: getattr(answer, {"job_id": "id"}.get(by, by))})
    assert client.send(query).job_state in (BackgroundJobState.QUEUED, BackgroundJobState.STARTED)
    status = status_when(client, query, BackgroundJobState.COMPLETED)
    assert (status.job_id, status.ref_id) == (answer.id, ref_id)
    assert status.result.choices[0].message.content.endswith("Say hello")


def test_ref_id_is_generated_when_absent_and_status_url_works(client: JsonServiceClient) -> None:
    answer = queued(client, "demo-instant")
    assert len(answer.ref_id) == 32
    status = client.get_url(answer.status_url, dtos.StatusResponse)
    assert status.job_id == answer.id


def test_get_chat_shows_the_whole_job(client: JsonServiceClient) -> None:
    answer = queued(client, "demo-instant")
    query = dtos.GetOpenAiChatStatus(job_id=answer.id)
    status_when(client, query, BackgroundJobState.COMPLETED)
    job = client.send(dtos.GetOpenAiChat(ref_id=answer.ref_id)).result
    assert (job.id, job.tag, job.state) == (answer.id, "tests", BackgroundJobState.COMPLETED)
    assert '"Say hello"' in job.request_body
    assert "demo LLM" in job.response_body
    assert job.created_date <= job.started_date <= job.completed_date
    assert (job.attempts, job.progress, job.error) == (1, 1.0, None)


@pytest.mark.parametrize(
    ("model", "state"),
    [
        ("demo-slow-300ms", BackgroundJobState.COMPLETED),
        ("demo-fail-400", BackgroundJobState.FAILED),
    ],
)
def test_wait_returns_when_the_job_ended_however(
    client: JsonServiceClient, model: str, state: BackgroundJobState
) -> None:
    job = client.send(dtos.WaitForOpenAiChat(id=queued(client, model).id)).result
    assert job.state == state
    assert (job.error is None) is (state == BackgroundJobState.COMPLETED)


def test_cancel_ends_a_running_job(client: JsonServiceClient) -> None:
    answer = queued(client, "demo-hang")
    query = dtos.GetOpenAiChatStatus(job_id=answer.id)
    status_when(client, query, BackgroundJobState.STARTED)
    assert client.send(dtos.CancelJob(id=answer.id)).status == "aborting"
    status = status_when(client, query, BackgroundJobState.CANCELLED)
    assert status.response_status.error_code == "Cancelled"


def test_active_models_are_listed_sorted(client: JsonServiceClient) -> None:
    names = client.send(dtos.ActiveAiModels()).results
    assert names == sorted(names)
    assert {"demo-instant", "public-name"} <= set(names)
    of_one = client.send(dtos.ActiveAiModels(provider="renamed")).results
    assert of_one == ["public-name", "public/with/slashes"]


@pytest.mark.parametrize(
    ("call", "status", "error_code", "field"),
    [
        pytest.param(
            lambda client: queued(client, "no-such-model"),
            404,
            "NotFound",
            "model",
            id="unknown model, queued",
        ),
        pytest.param(
            lambda client: client.send(dtos.OpenAiChatCompletion(model="nope", messages=HELLO)),
            404,
            "NotFound",
            "model",
            id="unknown model, sync",
        ),
        pytest.param(
            lambda client: client.send(dtos.GetOpenAiChatStatus(job_id=2**50)),
            404,
            "NotFound",
            "id",
            id="missing job by id",
        ),
        pytest.param(
            lambda client: client.send(dtos.GetOpenAiChat(ref_id="never-sent")),
            404,
            "NotFound",
            "refId",
            id="missing job by RefId",
        ),
        pytest.param(
            lambda client: client.send(dtos.GetOpenAiChatStatus()),
            400,
            "ArgumentException",
            "refId",
            id="no job named",
        ),
        pytest.param(
            lambda client: client.send(dtos.OpenAiChatCompletion(model="demo-instant")),
            400,
            "ArgumentException",
            "messages",
            id="no messages",
        ),
        pytest.param(
            lambda client: client.set_bearer_token("ak-wrong").send(dtos.ActiveAiModels()),
            401,
            "Unauthorized",
            None,
            id="wrong key",
        ),
        pytest.param(
            lambda client: client.send(
                dtos.OpenAiChatCompletion(model="demo-fail-400", messages=HELLO)
            ),
            400,
            "BadRequest",
            None,
            id="refused by the LLM",
        ),
    ],
)
def test_errors_raise_with_response_status(
    client: JsonServiceClient,
    call: Callable[[JsonServiceClient], object],
    status: int,
    error_code: str,
    field: str | None,
) -> None:
    with pytest.raises(WebServiceException) as raised:
        call(client)
    assert raised.value.status_code == status
    assert raised.value.response_status.error_code == error_code
    assert raised.value.response_status.message
    fields = [error.field_name for error in raised.value.response_status.errors or []]
    assert fields == ([field] if field else [])
