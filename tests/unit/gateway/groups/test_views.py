"""Groups over the wire: a field, an array, a batch; seen and changed by their owner alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from pydantic import SecretStr

from gateway.groups import views
from shared.api_keys.scopes import Scope
from shared.batches.batch import Batch, Status
from shared.batches.parts import Part, PartStore
from shared.batches.store import BatchStore, Line, Outcome
from shared.jobs.failures import INTERNAL_ERROR
from shared.jobs.moves import Result
from shared.operation import Operation
from shared.store import redis_keys as keys
from tests.support.factories import new_settings
from tests.support.foreign.jobs import issue, new_gateway
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, CHAT, Gateway, build

QUEUE = "/api/QueueOpenAiChatCompletion[]"


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    return new_gateway(fake_redis)


def group(gateway: Gateway, name: str, **more: Any) -> dict[str, Any]:
    answer = gateway.get("/api/GetGroup", query_string={"id": name, **more})
    assert answer.status_code == 200, answer.data
    return dict(answer.json)


def test_queued_calls_join_a_group(gateway: Gateway) -> None:
    first = gateway.queue(groupId="g")
    second = gateway.queue(GroupId="g")
    assert (first["groupId"], second["groupId"]) == ("g", "g")
    found = group(gateway, "g")
    assert (found["groupState"], found["total"], found["queued"]) == ("Open", 2, 2)
    assert (found["progress"], found.get("etaSecs"), found.get("cost")) == (0, None, None)
    gateway.run(first["id"], Result.response(b"{}"))
    gateway.run(second["id"], Result.failure(INTERNAL_ERROR))
    found = group(gateway, "g")
    assert (found["completed"], found["failed"], found["progress"]) == (1, 1, 1)
    assert found["failedJobs"] == [second["id"]]
    again = gateway.post("/api/RetryGroup", {"id": "g"}).json
    assert again == {"id": "g", "matched": 1, "retried": 1}
    assert group(gateway, "g")["queued"] == 1
    assert gateway.get(f"/api/GetOpenAiChat?id={first['id']}").json["result"]["groupId"] == "g"


def test_jobs_that_can_not_be_retried_hide_none_behind_them(gateway: Gateway) -> None:
    for number in range(4):
        job = gateway.queue(groupId="g")["id"]
        gateway.run(job, Result.failure(INTERNAL_ERROR))
        if number < 2:
            gateway.redis.delete(keys.job(job))
    answers = [gateway.post("/api/RetryGroup", {"id": "g", "take": 1}).json for _ in range(3)]
    assert [(one["matched"], one["retried"]) for one in answers] == [(3, 1), (3, 1), (2, 0)]
    assert group(gateway, "g")["queued"] == 2


def test_group_is_part_of_what_a_ref_id_stands_for(gateway: Gateway) -> None:
    one = gateway.queue(refId="r", groupId="g")
    assert gateway.queue(refId="r", groupId="g")["id"] == one["id"]
    answer = gateway.post(
        "/api/QueueOpenAiChatCompletion", {"refId": "r", "groupId": "h", "request": CHAT}
    )
    assert answer.json["error"]["code"] == "ref_id_conflict"
    assert gateway.get("/api/GetGroup?id=h").status_code == 404


@pytest.mark.parametrize("name", ["x" * 129, "batch_1", "a\nb", 7])
def test_name_that_is_none_is_refused(gateway: Gateway, name: object) -> None:
    answer = gateway.post("/api/QueueOpenAiChatCompletion", {"groupId": name, "request": CHAT})
    assert answer.status_code == 400
    assert answer.json["error"]["param"] == "groupId"


def test_array_is_a_group_by_itself(gateway: Gateway) -> None:
    answer = gateway.post(QUEUE, [{"refId": one, "request": CHAT} for one in "ab"])
    name = answer.headers["X-AutoBatch-Group"]
    assert [one["groupId"] for one in answer.json] == [name, name]
    found = group(gateway, name)
    assert (found["groupState"], found["total"]) == ("Closed", 2)
    again = gateway.post(QUEUE, [{"refId": one, "request": CHAT} for one in "ab"])
    assert again.headers["X-AutoBatch-Group"] == name
    assert again.json == answer.json
    more = gateway.post(QUEUE, [{"refId": one, "request": CHAT} for one in "abc"])
    other = more.headers["X-AutoBatch-Group"]
    assert [one.get("groupId") for one in more.json] == [None, None, other]
    assert group(gateway, other)["total"] == 1


def test_arrays_join_the_group_that_they_name(gateway: Gateway) -> None:
    for _ in range(2):
        answer = gateway.post(f"{QUEUE}?groupId=g", [{"request": CHAT}] * 2)
        assert answer.headers["X-AutoBatch-Group"] == "g"
    own = gateway.post(f"{QUEUE}?groupid=g", [{"request": CHAT, "groupId": "mine"}])
    assert own.json[0]["groupId"] == "mine"
    assert (group(gateway, "g")["total"], group(gateway, "g")["groupState"]) == (4, "Open")


def test_array_of_other_queued_calls_is_a_group_too(gateway: Gateway) -> None:
    asked = {"model": "m", "input": "hi"}
    answer = gateway.post("/api/QueueTextToSpeech[]", [asked, asked])
    assert answer.status_code == 200, answer.data
    assert group(gateway, answer.headers["X-AutoBatch-Group"])["total"] == 2
    ended = gateway.post("/api/CancelJob[]", [{"id": answer.json[0]["jobId"]}])
    assert ended.status_code == 200, ended.data
    assert "X-AutoBatch-Group" not in ended.headers


def test_group_is_made_closed_and_cancelled(gateway: Gateway) -> None:
    made = gateway.post("/api/CreateGroup", {"replyTo": "https://app.example.com/x", "jobs": 9})
    name = made.json["id"]
    assert (made.json["groupState"], made.json["total"]) == ("Open", 0)
    failed = gateway.queue(groupId=name)
    gateway.queue(groupId=name)
    gateway.run(failed["id"], Result.failure(INTERNAL_ERROR))
    assert gateway.post("/api/CloseGroup", {"id": name}).json["groupState"] == "Closed"
    late = gateway.post("/api/QueueOpenAiChatCompletion", {"groupId": name, "request": CHAT})
    assert (late.status_code, late.json["error"]["code"]) == (409, "group_closed")
    assert gateway.post("/api/CancelGroup", {"id": name}).json["groupState"] == "Cancelling"
    assert gateway.post("/api/RetryGroup", {"id": name}).status_code == 400
    again = gateway.post("/api/RetryJob", {"id": failed["id"]})
    assert again.status_code == 422
    assert "group is being cancelled" in again.json["error"]["message"]
    assert gateway.post("/api/CreateGroup", {"id": name}).status_code == 409
    refused = gateway.post("/api/CreateGroup", {"replyTo": "ftp://app.example.com"})
    assert refused.status_code == 422


def test_groups_are_their_owners_alone(fake_redis: redis.Redis) -> None:
    gateway = new_gateway(fake_redis)
    stranger = issue(gateway, [Scope.CHAT, Scope.READ])
    gateway.queue(groupId="g")
    for name in ("GetGroup", "CloseGroup", "CancelGroup", "RetryGroup"):
        for asked in ({"id": "g"}, {"id": "g", "createdBy": group(gateway, "g")["createdBy"]}):
            answer = gateway.post(f"/api/{name}", asked, key=stranger)
            assert (answer.status_code, answer.json["error"]["code"]) == (404, "group_not_found")
    assert gateway.post("/api/QueryGroups", {}, key=stranger).json["total"] == 0
    assert gateway.post("/api/QueryGroups", {}).json["results"][0]["id"] == "g"
    assert gateway.post("/api/QueryGroups", {}, key=ADMIN_SECRET).json["total"] == 1
    whose = {"id": "g", "createdBy": group(gateway, "g")["createdBy"]}
    assert gateway.post("/api/CancelGroup", whose, key=ADMIN_SECRET).status_code == 200
    assert group(gateway, "g")["groupState"] == "Cancelling"


@pytest.fixture
def with_files(fake_redis: redis.Redis, tmp_path: Path) -> Gateway:
    settings = new_settings(
        api_key=SecretStr(API_KEY), artifacts=str(tmp_path), storage_free_bytes=0
    )
    return build(fake_redis, settings)


def _line(number: int) -> bytes:
    call = {"custom_id": f"c{number}", "method": "POST", "url": "/v1/embeddings", "body": {}}
    return json.dumps(call).encode() + b"\n"


def _failure(number: int, code: str | None) -> bytes:
    return (
        json.dumps({"custom_id": f"c{number}", "error": code and {"code": code}}).encode() + b"\n"
    )


def _batch_of(owner: str, input_file_id: str) -> Batch:
    """Return somebody's batch of this input, under way."""
    return Batch(
        id="batch_7",
        owner=owner,
        status=Status.IN_PROGRESS,
        created=1_700_000_000.0,
        endpoint="/v1/embeddings",
        input_file_id=input_file_id,
        expires_at=1_800_000_000,
    )


def test_batch_is_a_group_and_its_failed_lines_make_another(with_files: Gateway) -> None:
    gateway = with_files
    gateway.queue(groupId="mine")
    owner = group(gateway, "mine")["createdBy"]
    artifacts, store = gateway.services.artifacts, BatchStore(gateway.database)
    source = artifacts.receive(map(_line, range(4)), owner=owner, name="in", purpose="batch")
    lines = (_failure(1, None), _failure(2, "batch_cancelled"))
    errors = artifacts.receive(lines, owner=owner, name="e", purpose="batch_output")
    batch = replace(_batch_of(owner, source.id), total=4, completed=1)
    store.create(batch)
    assert gateway.post("/api/RetryGroup", {"id": "batch_7"}).status_code == 400
    assert group(gateway, "batch_7")["groupState"] == "Closed"
    ended = replace(batch, completed=2, failed=2, error_file_id=errors.id)
    store.save(ended.at(Status.COMPLETED, 1_700_000_100))
    found = group(gateway, "batch_7")
    assert (found["groupState"], found["total"], found["failed"]) == ("Ended", 4, 2)
    again = gateway.post("/api/RetryGroup", {"id": "batch_7"}).json
    assert (again["matched"], again["retried"]) == (1, 1)
    other = store.find(again["id"], owner)
    assert other is not None
    file = artifacts.find(other.input_file_id)
    assert file is not None
    assert b"".join(artifacts.read(file)) == _line(1)
    # It has not begun: nothing is to be waited for.
    assert gateway.post("/api/CancelGroup", {"id": again["id"]}).json["groupState"] == "Ended"
    assert gateway.get("/api/GetGroup?id=batch_8").json["error"]["code"] == "batch_not_found"


def test_batch_that_is_retried_twice_makes_one_while_that_is_under_way(with_files: Gateway) -> None:
    gateway = with_files
    gateway.queue(groupId="mine")
    owner = group(gateway, "mine")["createdBy"]
    artifacts, store = gateway.services.artifacts, BatchStore(gateway.database)
    source = artifacts.receive([_line(1)], owner=owner, name="in", purpose="batch")
    errors = artifacts.receive([_failure(1, None)], owner=owner, name="e", purpose="batch_output")
    batch = replace(_batch_of(owner, source.id), status=Status.COMPLETED, error_file_id=errors.id)
    store.create(batch)
    once, twice = (gateway.post("/api/RetryGroup", {"id": "batch_7"}).json for _ in range(2))
    assert (once["retried"], twice) == (1, {**once, "retried": 0})
    again = store.find(once["id"], owner)
    assert again is not None
    store.save(again.at(Status.CANCELLED, 1_700_000_200))
    third = gateway.post("/api/RetryGroup", {"id": "batch_7"}).json
    assert third["retried"] == 1
    assert third["id"] not in {once["id"], "batch_7"}


def test_lines_that_a_provider_has_are_under_way(gateway: Gateway) -> None:
    gateway.queue(groupId="mine")
    store = BatchStore(gateway.database)
    batch = replace(
        _batch_of(group(gateway, "mine")["createdBy"], "file-1"), status=Status.VALIDATING
    )
    store.create(batch)
    begun = replace(batch, total=4).at(Status.IN_PROGRESS, 1_700_000_001)
    store.begin(begun, [Line(n, n, 1, f"c{n}") for n in range(4)])
    part = Part("batch_7", 0, "p", "m", Operation.EMBEDDING, 1.0, first_job=1, count=3, nonce="n")
    PartStore(gateway.database).plan(part, [0, 1, 2])
    store.note_outcomes("batch_7", [Outcome(3, is_answer=True, answer=b"{}")])
    found = group(gateway, "batch_7")
    assert (found["started"], found["completed"], found["cancelled"]) == (3, 1, 0)
    assert found["progress"] == 0.25
    assert found["etaSecs"] > 0


def test_files_of_batches_are_tables_for_who_wants_one(with_files: Gateway) -> None:
    gateway = with_files
    gateway.queue(groupId="mine")
    owner = group(gateway, "mine")["createdBy"]
    body = {"choices": [{"message": {"content": "=1"}}]}
    row = {"custom_id": "c1", "response": {"status_code": 200, "body": body}, "error": None}
    lines = [json.dumps(row).encode() + b"\n"]
    file = gateway.services.artifacts.receive(lines, owner=owner, name="o", purpose="batch_output")
    path = f"/v1/files/{file.id}/content"
    for answer in (
        gateway.get(f"{path}?format=csv"),
        gateway.client.get(
            path, headers={"Authorization": f"Bearer {API_KEY}", "Accept": "text/csv"}
        ),
    ):
        assert answer.mimetype == "text/csv"
        assert b"c1,200,,'=1," in answer.data
    assert gateway.get(path).data == lines[0]
    assert gateway.get(f"{path}?format=xml").status_code == 400
    batches = gateway.get("/api/QueryBatches").json
    assert (batches["total"], batches["results"]) == (0, [])


def test_key_makes_no_more_groups_than_it_may_have(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_MOST", 2)
    made = [gateway.post("/api/CreateGroup", {"id": name}) for name in ("a", "b", "c", "a")]
    assert [answer.status_code for answer in made] == [200, 200, 422, 200]
    assert made[2].json["error"]["code"] == "too_many_groups"
    # What there is of jobs has its own bounds.
    assert gateway.queue(groupId="d")["groupId"] == "d"
