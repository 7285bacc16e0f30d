"""OpenAI's Batch API with its SDK: on real processes, over any model, and told by callback."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from tests.acceptance.system.stack import Stack


@pytest.fixture
def client(stack: Stack) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key, max_retries=0) as client:
        yield client


def line(custom_id: str, model: str = "demo-instant", **more: Any) -> dict[str, Any]:
    body = {"model": model, "messages": [{"role": "user", "content": f"Say {custom_id}"}]}
    call = {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions"}
    return {**call, "body": body, **more}


def start(client: OpenAI, *lines: Any, endpoint: str = "/v1/chat/completions", **more: Any) -> Any:
    text = "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in lines)
    file = client.files.create(file=("in.jsonl", text.encode()), purpose="batch")
    return client.batches.create(
        input_file_id=file.id, endpoint=endpoint, completion_window="24h", **more
    )


def ended(client: OpenAI, batch: Any) -> Any:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        batch = client.batches.retrieve(batch.id)
        if batch.status in ("completed", "failed", "expired", "cancelled"):
            return batch
        time.sleep(0.2)
    raise AssertionError(batch)


def rows(client: OpenAI, file_id: str) -> list[dict[str, Any]]:
    return [json.loads(text) for text in client.files.content(file_id).text.splitlines()]


def test_batch_of_the_sdk(client: OpenAI, stack: Stack) -> None:
    path = "/batch-ended"
    batch = start(
        client,
        *(line(f"q{n}") for n in range(30)),
        line("other", model="public-name"),
        line("no such model", model="nonsense"),
        line("bad", body={"model": "demo-instant", "messages": "text"}),
        line("refused", model="demo-fail-400"),
        metadata={"project": "x", "reply_to": stack.receiver.url(path)},
    )
    assert (batch.status, batch.metadata["project"]) == ("validating", "x")
    assert batch.expires_at == batch.created_at + 86_400
    done = ended(client, batch)
    assert done.status == "completed", done
    assert (done.request_counts.total, done.request_counts.completed) == (34, 31)
    assert done.request_counts.failed == 3
    answers = rows(client, done.output_file_id)
    assert [one["custom_id"] for one in answers] == [*(f"q{n}" for n in range(30)), "other"]
    total = sum(one["response"]["body"]["usage"]["total_tokens"] for one in answers)
    assert done.usage.total_tokens == total > 0
    for one in answers[:-1]:
        assert one["error"] is None
        assert one["response"]["status_code"] == 200
        said = one["response"]["body"]["choices"][0]["message"]["content"]
        assert said.endswith(f"You said: Say {one['custom_id']}")
    failures = {one["custom_id"]: one["response"] for one in rows(client, done.error_file_id)}
    assert failures["no such model"]["status_code"] == 404
    assert failures["no such model"]["body"]["error"]["code"] == "model_not_found"
    assert failures["bad"]["status_code"] == 400
    assert failures["refused"]["status_code"] == 400
    assert client.files.retrieve(done.output_file_id).purpose == "batch_output"
    assert done.created_at <= done.in_progress_at <= done.finalizing_at <= done.completed_at
    assert done.id in [one.id for one in client.batches.list(limit=1)]
    told = stack.receiver.wait_for(path, 1)[0]
    event = json.loads(told.body)
    assert (event["type"], event["data"]) == ("batch.completed", {"id": done.id})
    assert told.headers["x-event"] == "batch.completed"


def test_embeddings_of_a_batch(client: OpenAI) -> None:
    body = {"model": "demo-instant", "input": ["a", "b"]}
    call = {"custom_id": "e", "method": "POST", "url": "/v1/embeddings", "body": body}
    done = ended(client, start(client, call, endpoint="/v1/embeddings"))
    assert done.status == "completed"
    (answer,) = rows(client, done.output_file_id)
    assert len(answer["response"]["body"]["data"]) == 2
    assert done.error_file_id is None


def test_wrong_input_fails_with_the_numbers_of_its_lines(client: OpenAI) -> None:
    batch = start(
        client,
        line("a"),
        "no json",
        "",
        line("a"),
        line("b", url="/v1/embeddings"),
        line("c", method="GET"),
        line("d", body=[]),
        line("e", body={"model": "m", "stream": True}),
        "[1]",
    )
    failed = ended(client, batch)
    assert failed.status == "failed"
    assert failed.failed_at is not None
    assert [(one.line, one.code) for one in failed.errors.data] == [
        (2, "invalid_json_line"),
        (4, "duplicate_custom_id"),
        (5, "invalid_url"),
        (6, "invalid_method"),
        (7, "missing_required_parameter"),
        (8, "invalid_request"),
        (9, "invalid_json_line"),
    ]
    empty = ended(client, start(client, "", ""))
    assert [one.code for one in empty.errors.data] == ["empty_file"]


def test_cancelled_batch_keeps_what_was_answered(client: OpenAI) -> None:
    batch = start(client, line("quick"), *(line(f"slow{n}", model="demo-hang") for n in range(3)))
    while client.batches.retrieve(batch.id).request_counts.completed < 1:
        time.sleep(0.1)
    assert client.batches.cancel(batch.id).status == "cancelling"
    done = ended(client, batch)
    assert (done.status, done.request_counts.completed) == ("cancelled", 1)
    assert [one["custom_id"] for one in rows(client, done.output_file_id)] == ["quick"]
    errors = rows(client, done.error_file_id)
    assert {one["error"]["code"] for one in errors} == {"batch_cancelled"}
    assert len(errors) == 3
    with pytest.raises(BadRequestError, match="cannot be cancelled"):
        client.batches.cancel(batch.id)


def test_what_is_no_batch_is_refused(client: OpenAI) -> None:
    file = client.files.create(file=("x", b"{}"), purpose="user_data")
    wrong: list[dict[str, Any]] = [
        {"input_file_id": file.id},
        {"input_file_id": file.id, "endpoint": "/v1/images/variations"},
        {"input_file_id": file.id, "completion_window": "soon"},
    ]
    for one in wrong:
        given = {"endpoint": "/v1/embeddings", "completion_window": "24h", **one}
        with pytest.raises(BadRequestError):
            client.batches.create(**given)
    with pytest.raises(NotFoundError):
        client.batches.create(
            input_file_id="file-none", endpoint="/v1/embeddings", completion_window="24h"
        )
    with pytest.raises(NotFoundError, match="No such Batch"):
        client.batches.retrieve("batch_none")
