"""Streams are as durable as jobs: resumed, read by several, and never cut or mixed in silence.

What breaks something has a stack of its own, whose leases run out sooner than usual.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import pytest
import requests

from tests.acceptance.llms.canned_streams import (
    CANNED_STREAMS,
    FLOOD,
    FLOOD_BYTES,
    ODD_EVENTS,
    TEXT,
    TOOL_CHUNKS,
)
from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.event_source import Event, all_events, events, text_of
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import CHAT, GATEWAY, REDIS, Stack

SYNC = "/v1/chat/completions"
_LEASE_S = 6


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A ReplyTo of its own, to kill parts of."""
    with Stack(
        tmp_path_factory.mktemp("streams"),
        demo_models=(),
        canned=CANNED_STREAMS,
        settings={"REPLYTO_LEASE_S": str(_LEASE_S), "REPLYTO_LEASE_RENEW_S": "1"},
    ) as stack:
        yield stack.open()


@pytest.fixture
def marker() -> str:
    return uuid.uuid4().hex


def begin(api: Api, model: str, marker: str, **fields: Any) -> requests.Response:
    """Ask for a stream; return the response when its first chunk is there."""
    response = api.post(SYNC, json=chat(model, marker, stream=True, **fields), stream=True)
    assert response.status_code == 200, response.text
    return response


def follow(api: Api, ref_id: str, last: Event | None = None) -> requests.Response:
    """Follow a job's stream, behind this event."""
    headers = {"Last-Event-ID": last.id} if last and last.id else {}
    where = {"RefId": ref_id}
    return api.get("/api/StreamOpenAiChat", params=where, headers=headers, stream=True)


def read_all(stack: Stack, ref_id: str, last: Event | None = None) -> list[Event]:
    with stack.api() as api:
        return list(events(follow(api, ref_id, last)))


def stored_text(api: Api, job_id: int) -> str:
    content: str = json.loads(api.job(job_id)["responseBody"])["choices"][0]["message"]["content"]
    return content


# --- what is relayed --------------------------------------------------------------------------


def test_chunks_are_those_of_the_llm_whatever_its_wire_looks_like(api: Api, marker: str) -> None:
    *chunks, done = events(begin(api, "sse-odd", marker))
    assert [event.json for event in chunks] == [json.loads(event) for event in ODD_EVENTS]
    # As written, too: a number keeps its form.
    assert [event.data for event in chunks[:2]] == [event.decode() for event in ODD_EVENTS[:2]]
    assert done.is_done
    assert len({event.id for event in chunks}) == len(chunks)


def test_chunks_come_while_the_llm_speaks(stack: Stack, api: Api, marker: str) -> None:
    response = begin(api, "sse-slow", marker)
    read = list(islice(events(response), 10))
    [call] = stack.canned_calls(marker)
    assert call.ended_at is None
    response.close()
    assert text_of(read) == TEXT[: len(text_of(read))]


def test_curl_reads_a_stream(stack: Stack, marker: str) -> None:
    body = json.dumps(chat("demo", marker, stream=True))
    done = subprocess.run(
        [
            *["curl", "--no-progress-meter", "--fail", "-N", "--max-time", "60"],
            *["-H", f"Authorization: Bearer {stack.api_key}", "--json", body, stack.url + SYNC],
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=70,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("data: ")]
    said = [json.loads(line[6:])["choices"][0]["delta"].get("content") for line in lines[:-1]]
    assert "".join(filter(None, said)).endswith(f"You said: {marker}")
    assert lines[-1] == "data: [DONE]"


def test_streamed_job_has_a_result_and_a_callback_as_any_other(
    stack: Stack, api: Api, marker: str
) -> None:
    target = stack.receiver.url(f"/{marker}")
    response = begin(api, "sse-tools", marker, replyTo=target)
    assert [event.json for event in list(events(response))[:-1]] == TOOL_CHUNKS
    job_id = int(response.headers["x-job-id"])
    assert api.until_ended(job_id)["jobState"] == "Completed"
    [callback] = stack.receiver.wait_for(f"/{marker}")
    answer = json.loads(callback.body)
    assert answer["object"] == "chat.completion"
    calls = answer["choices"][0]["message"]["tool_calls"]
    assert [json.loads(c["function"]["arguments"]) for c in calls] == [
        {"city": "Pärnu"},
        {"zone": "EET"},
    ]
    assert callback.body.decode() == api.job(job_id)["responseBody"]


def test_queued_job_is_followed_and_its_callback_carries_the_folded_completion(
    stack: Stack, api: Api, marker: str
) -> None:
    target = stack.receiver.url(f"/{marker}")
    queued = api.queue(chat("demo", marker, stream=True), replyTo=target, refId=marker)
    read = read_all(stack, marker)
    assert read[-1].is_done
    [callback] = stack.receiver.wait_for(f"/{marker}")
    answer = json.loads(callback.body)
    assert answer["choices"][0]["message"]["content"] == text_of(read)
    assert api.until_ended(queued["id"])["result"] == answer


def test_queued_job_that_fails_tells_its_stream(stack: Stack, api: Api, marker: str) -> None:
    api.queue(chat("demo-fail-400", marker, stream=True), refId=marker)
    [error] = read_all(stack, marker)
    assert error.json["error"]["type"] == "invalid_request_error"
    assert error.json["responseStatus"]["message"]


@pytest.mark.parametrize(
    ("model", "chunks", "reason"),
    [
        # The reason is told in a chunk of its own.
        pytest.param("sse-no-reason", 3, "stop", id="[DONE] without a finish_reason"),
        pytest.param("sse-no-done", 3, "length", id="a finish_reason without [DONE]"),
    ],
)
def test_either_word_of_the_end_makes_a_stream_whole(
    api: Api, marker: str, model: str, chunks: int, reason: str
) -> None:
    response = begin(api, model, marker)
    *said, done = events(response)
    assert (len(said), text_of(said), done.is_done) == (chunks, "half an answer", True)
    [choice] = api.until_ended(int(response.headers["x-job-id"]))["result"]["choices"]
    assert choice["message"]["content"] == "half an answer"
    assert choice["finish_reason"] == reason


# --- usage ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        pytest.param({}, {"include_usage": True}, id="it said nothing"),
        pytest.param(
            {"stream_options": {"include_usage": False}}, {"include_usage": True}, id="it said no"
        ),
    ],
)
def test_usage_is_kept_and_not_shown_when_the_client_did_not_ask(
    stack: Stack, api: Api, marker: str, options: Any, sent: Any
) -> None:
    response = begin(api, "demo-instant", marker, **options)
    *chunks, done = events(response)
    assert done.is_done
    assert all(c.json["choices"] and "usage" not in c.json for c in chunks)
    [call] = stack.llm_calls(marker)
    assert json.loads(call.body)["stream_options"] == sent
    job = api.until_ended(int(response.headers["x-job-id"]))
    assert job["result"]["usage"]["total_tokens"] > 0


def test_usage_is_shown_to_a_client_that_asked(stack: Stack, api: Api, marker: str) -> None:
    body = chat("demo-instant", marker, stream=True, stream_options={"include_usage": True})
    response = api.post(SYNC, json=body, stream=True)
    *_, usage, done = events(response)
    assert done.is_done
    assert usage.json["choices"] == []
    assert usage.json["usage"]["total_tokens"] > 0
    [call] = stack.llm_calls(marker)
    assert json.loads(call.body) == body


def test_provider_that_takes_no_options_streams_all_the_same(
    stack: Stack, api: Api, marker: str
) -> None:
    for _ in range(2):
        chunks = list(events(begin(api, "sse-no-options", marker)))[:-1]
        assert [event.json for event in chunks] == TOOL_CHUNKS
    asked = [b"stream_options" in call.body for call in stack.canned_calls(marker)]
    assert asked == [True, False, False]


# --- resuming ---------------------------------------------------------------------------------


def test_stream_is_read_by_several_from_where_each_of_them_is(
    stack: Stack, api: Api, marker: str
) -> None:
    first = begin(api, "sse-slow", marker, refId=marker)
    stream = events(first)
    head = list(islice(stream, 12))
    with ThreadPoolExecutor(5) as threads:
        whole = [threads.submit(read_all, stack, marker) for _ in range(3)]
        rest = [threads.submit(read_all, stack, marker, head[n]) for n in (0, 7)]
        own = head + list(stream)
        assert text_of(own) == TEXT
        assert [reader.result(120) for reader in whole] == [own] * 3
        assert [reader.result(120) for reader in rest] == [own[1:], own[8:]]
    assert len(stack.canned_calls(marker)) == 1


def test_ended_stream_is_told_again_from_every_place(stack: Stack, api: Api, marker: str) -> None:
    own = list(events(begin(api, "sse-tools", marker, refId=marker)))
    for number, event in enumerate(own[:-1], 1):
        assert read_all(stack, marker, event) == own[number:]
    assert read_all(stack, marker) == own


def test_same_ref_id_is_the_same_stream(stack: Stack, api: Api, marker: str) -> None:
    own = list(events(begin(api, "sse-tools", marker, refId=marker)))
    assert list(events(begin(api, "sse-tools", marker, refId=marker))) == own
    assert len(stack.canned_calls(marker)) == 1


def test_bad_last_event_id_is_a_400(api: Api, marker: str) -> None:
    list(events(begin(api, "sse-tools", marker, refId=marker)))
    answer = follow(api, marker, Event("1-1", ""))
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "lastEventId"


# --- jobs that wait ---------------------------------------------------------------------------


def test_follower_of_a_waiting_job_hears_its_place_then_its_stream(
    fragile: Stack, marker: str
) -> None:
    fragile.stop(CHAT)
    with fragile.api() as api:
        for number in range(3):
            api.queue(chat("sse-tools", marker, stream=True), refId=f"{marker}-{number}")
        stream = all_events(follow(api, f"{marker}-2"))
        first = next(stream)
        fragile.start(CHAT)
        heard = [first, *stream]
    assert (first.name, first.id, first.json["queuePosition"]) == ("queued", None, 2)
    assert first.json["status"] == "Queued, 2 jobs before it"
    names = [event.name for event in heard]
    assert set(names[: names.index(None)]) <= {"queued", "started"}
    said = heard[names.index(None) :]
    assert [event.name for event in said] == [None] * len(said)
    assert [event.json for event in said[:-1]] == TOOL_CHUNKS
    assert said[-1].is_done
    assert read_all(fragile, f"{marker}-2") == said


def test_follower_hears_that_the_job_runs(api: Api, marker: str) -> None:
    api.queue(chat("sse-late", marker, stream=True), refId=marker)
    names = [event.name for event in all_events(follow(api, marker))]
    assert "started" in names
    assert names[-3:] == [None] * 3


# --- clients that do not read -----------------------------------------------------------------


def test_clients_that_do_not_read_cost_no_memory_and_find_all_when_they_do(
    stack: Stack, api: Api, marker: str
) -> None:
    # What a process needs for the first stream of this size, it keeps.
    api.queue(chat("sse-flood", f"{marker}-1", stream=True), refId=f"{marker}-1")
    assert list(events(follow(api, f"{marker}-1")))[-1].is_done
    before = stack.memory_bytes(GATEWAY)
    api.queue(chat("sse-flood", f"{marker}-2", stream=True), refId=marker)
    slow = [follow(api, marker) for _ in range(4)]
    # Its status is not asked for: that would bring the whole answer.
    until(lambda: [c for c in stack.canned_calls(f"{marker}-2") if c.ended_at], "all was said")
    time.sleep(1)  # what is on its way to them has come
    grown = stack.memory_bytes(GATEWAY) - before
    assert grown < FLOOD * FLOOD_BYTES / 2, f"{grown / 2**20:.0f} MiB"
    for response in slow:
        read = list(events(response))
        assert len(text_of(read)) == FLOOD * FLOOD_BYTES
        assert read[-1].is_done


# --- clients that leave -----------------------------------------------------------------------


def leave_while_waiting(
    stack: Stack, body: dict[str, Any], until_called: Callable[[], Any]
) -> None:
    """Send a request and hang up when the LLM has been called."""
    data = json.dumps(body).encode()
    head = (
        f"POST {SYNC} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {stack.api_key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    port = int(stack.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head.encode() + data)
        until(until_called, "the LLM is called")


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "sync"])
def test_client_that_leaves_before_the_answer_cancels_the_llms_call(
    stack: Stack, marker: str, stream: bool
) -> None:
    body = chat("demo-hang", marker, stream=stream)
    leave_while_waiting(stack, body, lambda: stack.llm_calls(marker))
    until(lambda: stack.llm_calls_over(marker), "the LLM's connection is closed")


def test_client_that_leaves_a_stream_cancels_the_llms_call(
    stack: Stack, api: Api, marker: str
) -> None:
    response = begin(api, "sse-slow", marker)
    list(islice(events(response), 3))
    [call] = stack.canned_calls(marker)
    assert call.ended_at is None
    response.close()
    until(lambda: call.ended_at, "the LLM's connection is closed")
    assert not call.is_whole
    job_id = int(response.headers["x-job-id"])
    assert api.until_ended(job_id)["jobState"] == "Cancelled"


def test_client_that_leaves_a_stream_with_a_ref_id_finds_it_whole(
    stack: Stack, api: Api, marker: str
) -> None:
    response = begin(api, "sse-slow", marker, refId=marker)
    head = list(islice(events(response), 3))
    response.close()
    assert text_of(head + read_all(stack, marker, head[-1])) == TEXT
    assert stored_text(api, int(response.headers["x-job-id"])) == TEXT
    [call] = stack.canned_calls(marker)
    assert call.is_whole


def test_client_that_leaves_a_sync_call_with_a_ref_id_finds_its_answer(
    stack: Stack, api: Api, marker: str
) -> None:
    body = chat("demo-slow-3s", marker, refId=marker)
    leave_while_waiting(stack, body, lambda: stack.llm_calls(marker))
    answer = api.get("/api/WaitForOpenAiChat", params={"refId": marker}).json()
    assert answer["result"]["state"] in ("Executed", "Completed")


def test_follower_that_leaves_changes_nothing(stack: Stack, api: Api, marker: str) -> None:
    queued = api.queue(chat("sse-slow", marker, stream=True), refId=marker)
    response = follow(api, marker)
    list(islice(events(response), 3))
    response.close()
    assert api.until_ended(queued["id"])["jobState"] == "Completed"
    assert stored_text(api, queued["id"]) == TEXT


# --- what breaks ------------------------------------------------------------------------------


def read_until_broken(stream: Iterator[Event], into: list[Event]) -> None:
    try:
        into.extend(iter(lambda: next(stream), None))
    except (StopIteration, requests.RequestException):
        return


def test_gateway_killed_in_mid_stream_loses_nothing(fragile: Stack, marker: str) -> None:
    with fragile.api() as api:
        stream = events(begin(api, "sse-slow", marker, refId=marker))
        read = list(islice(stream, 10))
        fragile.kill(GATEWAY)
        read_until_broken(stream, read)
    assert not read[-1].is_done
    time.sleep(1)  # the LLM speaks on while nobody listens
    fragile.start(GATEWAY)
    fragile.wait_ready()
    read += read_all(fragile, marker, read[-1])
    assert text_of(read) == TEXT
    assert read[-1].is_done
    assert len({event.id for event in read}) == len(read)
    assert len(fragile.canned_calls(marker)) == 1


def test_redis_killed_in_mid_stream_loses_nothing(fragile: Stack, marker: str) -> None:
    with fragile.api() as api:
        stream = events(begin(api, "sse-slow", marker, refId=marker))
        read = list(islice(stream, 10))
        fragile.restart(REDIS)
        read += stream
    assert text_of(read) == TEXT
    assert read[-1].is_done
    assert len(fragile.canned_calls(marker)) == 1


def test_worker_killed_in_mid_stream_ends_it_with_an_error(fragile: Stack, marker: str) -> None:
    target = fragile.receiver.url(f"/{marker}")
    with fragile.api() as api:
        response = begin(api, "sse-slow", marker, refId=marker, replyTo=target)
        stream = events(response)
        read = list(islice(stream, 10))
        fragile.restart(CHAT)
        read += stream
        status = api.until_ended(int(response.headers["x-job-id"]))
    *chunks, last = read
    assert text_of(chunks) == TEXT[: len(text_of(chunks))]
    assert last.json["error"]["code"] == "stream_broken"
    assert status["jobState"] == "Failed"
    [callback] = fragile.receiver.wait_for(f"/{marker}")
    assert callback.headers["x-job-state"] == "Failed"
    fragile.wait_ready()
    time.sleep(2)  # a second attempt or callback would come now
    assert len(fragile.receiver.received(f"/{marker}")) == 1
    assert len(fragile.canned_calls(marker)) == 1
    assert read_all(fragile, marker) == read


def test_worker_killed_before_the_first_chunk_is_followed_by_another_attempt(
    fragile: Stack, marker: str
) -> None:
    def ask() -> list[Event]:
        with fragile.api() as api:
            return list(events(begin(api, "sse-late", marker, refId=marker)))

    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(ask)
        until(lambda: fragile.canned_calls(marker), "the LLM is called")
        fragile.restart(CHAT)
        read = answer.result(120)
    assert text_of(read) == "late"
    assert read[-1].is_done
    assert [call.is_whole for call in fragile.canned_calls(marker)] == [False, True]
