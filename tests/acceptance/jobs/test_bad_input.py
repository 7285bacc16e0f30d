"""Requests that cannot be served: each a clear JSON error, and nothing of it is left behind."""

from __future__ import annotations

import gzip
import json
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from shared.jobs.epoch import FORGOTTEN
from shared.store import redis_keys
from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.polling import PATIENCE_S
from tests.acceptance.system.stack import GATEWAY, REDIS, Stack
from tests.support.factories import dump

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MB = 1024 * 1024
SYNC = "/v1/chat/completions"
QUEUE = "/api/QueueOpenAiChatCompletion"
JSON = {"Content-Type": "application/json"}
#: Within this a gateway without its ledger must have answered (seconds).
LEDGER_LIMIT_S = 5.0


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway as it is by default, and nobody who would touch what it left in the ledger."""
    settings = {"REPLYTO_CALLBACK_ALLOW_PRIVATE": "false"}
    with Stack(tmp_path_factory.mktemp("gateway"), settings=settings) as stack:
        stack.open(REDIS, GATEWAY)
        with stack.api() as api:
            api.queue(chat("demo-instant"), refId="first")
        yield stack


@pytest.fixture
def client(gateway: Stack) -> Iterator[Api]:
    """A session; what the test sends must leave the ledger as it was."""
    before = jobs_in(gateway)
    with gateway.api() as api:
        yield api
    assert jobs_in(gateway) == before


def jobs_in(stack: Stack) -> dict[bytes, Any]:
    """Return all that the ledger holds of jobs: what it knows of itself is no job."""
    held = dump(stack.redis)
    held.pop(redis_keys.COUNTERS.encode(), None)
    # What is counted comes a moment after what was done.
    held.pop(redis_keys.METRICS.encode(), None)
    # A server that starts anew is given a new epoch.
    held.pop(redis_keys.LEDGER.encode(), None)
    return held


def assert_error(response: requests.Response, status: int, code: str, field: str | None) -> None:
    """Check the one error body of both wires."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"]
    body = response.json()
    assert body["error"]["code"] == code
    assert body["error"]["param"] == field
    assert body["error"]["message"] == body["responseStatus"]["message"]
    assert body["responseStatus"]["errorCode"]
    rows = body["responseStatus"].get("errors", [])
    assert [row["fieldName"] for row in rows] == ([field] if field else [])
    assert "Traceback" not in response.text


def chat_with(**fields: Any) -> bytes:
    return json.dumps({**chat("demo-instant"), **fields}).encode()


def test_ledger_does_change_when_the_request_is_good(gateway: Stack) -> None:
    before = jobs_in(gateway)
    with gateway.api() as api:
        api.queue(chat("demo-instant"))
    assert jobs_in(gateway) != before


BAD_BODIES = [
    pytest.param(b"", "invalid_json", None, id="empty"),
    pytest.param(b"{", "invalid_json", None, id="cut off"),
    pytest.param(b"hello", "invalid_json", None, id="no JSON"),
    pytest.param(b'{"model":"demo-instant",}', "invalid_json", None, id="comma too many"),
    pytest.param(chat_with()[:-1] + b',"x":NaN}', "invalid_json", None, id="NaN"),
    pytest.param(chat_with()[:-1] + b',"x":-Infinity}', "invalid_json", None, id="Infinity"),
    pytest.param(chat_with() + b"{}", "invalid_json", None, id="two documents"),
    pytest.param(b'{"model":"\xff\xfe","messages":[]}', "invalid_json", None, id="no UTF-8"),
    pytest.param(
        chat_with().decode().encode("utf-16"), "invalid_json", None, id="UTF-16"
    ),
    pytest.param(b"\xef\xbb\xbf" + chat_with(), "invalid_json", None, id="byte order mark"),
    pytest.param(b"[" * 100_000, "invalid_json", None, id="deep and cut off"),
    pytest.param(
        chat_with()[:-1] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "invalid_json", None, id="deep",
    ),
    pytest.param(b"[]", "invalid_value", None, id="a list"),
    pytest.param(b'"text"', "invalid_value", None, id="a text"),
    pytest.param(b"null", "invalid_value", None, id="null"),
    pytest.param(b"17", "invalid_value", None, id="a number"),
    pytest.param(b'{"messages":[{"role":"user","content":"x"}]}', "invalid_value", "model",
                 id="no model"),
    pytest.param(chat_with(model=""), "invalid_value", "model", id="empty model"),
    pytest.param(chat_with(model=None), "invalid_value", "model", id="model null"),
    pytest.param(chat_with(model=["demo"]), "invalid_value", "model", id="model a list"),
    pytest.param(chat_with(model="x" * 300), "invalid_value", "model", id="model too long"),
    pytest.param(b'{"model":"demo-instant"}', "invalid_value", "messages", id="no messages"),
    pytest.param(chat_with(messages=[]), "invalid_value", "messages", id="empty messages"),
    pytest.param(chat_with(messages="hi"), "invalid_value", "messages", id="messages a text"),
    pytest.param(chat_with(messages={}), "invalid_value", "messages", id="messages an object"),
    pytest.param(chat_with(messages=["hi"]), "invalid_value", "messages[0]", id="message a text"),
    pytest.param(chat_with(messages=[{"content": "x"}]), "invalid_value", "messages[0].role",
                 id="no role"),
    pytest.param(chat_with(messages=[{"role": "user", "content": 7}]), "invalid_value",
                 "messages[0].content", id="content a number"),
    pytest.param(chat_with(temperature="hot"), "invalid_value", "temperature",
                 id="temperature a text"),
    pytest.param(chat_with(max_tokens="5"), "invalid_value", "max_tokens", id="max_tokens a text"),
    pytest.param(chat_with(maxTokens=1.5), "invalid_value", "max_tokens", id="maxTokens 1.5"),
    pytest.param(chat_with(stop=7), "invalid_value", "stop", id="stop a number"),
    pytest.param(chat_with(tools={}), "invalid_value", "tools", id="tools an object"),
    pytest.param(chat_with(refId=7), "invalid_value", "refId", id="RefId a number"),
    pytest.param(chat_with(refId="x" * 257), "invalid_value", "refId", id="RefId too long"),
    pytest.param(chat_with(tag="a\nb"), "invalid_value", "tag", id="line break in the tag"),
    pytest.param(chat_with(model="demo-instant", Model="demo"), "invalid_value", "model",
                 id="model given twice"),
    pytest.param(chat_with(model="a\ud800"), "invalid_value", "model", id="surrogate in model"),
    pytest.param(chat_with(refId="a\ud800"), "invalid_value", "refId", id="surrogate in RefId"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "code", "field"), BAD_BODIES)
@pytest.mark.parametrize("path", [SYNC, "/api/OpenAiChatCompletion"])
def test_bad_body_of_a_sync_call_is_refused(
    client: Api, path: str, body: bytes, code: str, field: str | None
) -> None:
    assert_error(client.post(path, data=body, headers=JSON), 400, code, field)


@pytest.mark.parametrize(("body", "code", "field"), BAD_BODIES)
def test_bad_request_in_the_envelope_is_refused(
    client: Api, body: bytes, code: str, field: str | None
) -> None:
    response = client.post(QUEUE, data=b'{"request":' + body + b"}", headers=JSON)
    if field is None and code == "invalid_value":
        field = "request"
    inner = field if field in (None, "request") else f"request.{field}"
    # A surrogate or a stream is found where the request stands by itself.
    shown = response.json()["error"]["param"]
    assert shown in (inner, field)
    assert_error(response, 400, code, shown)


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        pytest.param(b"{}", "invalid_value", "request", id="no request"),
        pytest.param(b'{"request":null}', "invalid_value", "request", id="request null"),
        pytest.param(b"[]", "invalid_value", None, id="a list"),
        pytest.param(b'{"replyTo":7,"request":' + chat_with() + b"}", "invalid_value", "replyTo",
                     id="ReplyTo a number"),
    ],
)  # fmt: skip
def test_bad_envelope_is_refused(client: Api, body: bytes, code: str, field: str | None) -> None:
    assert_error(client.post(QUEUE, data=body, headers=JSON), 400, code, field)


def test_lone_surrogate_in_a_message_does_no_harm(gateway: Stack) -> None:
    """JSON allows it, and the LLM may judge it: it stays as it was written."""
    body = chat_with(messages=[{"role": "user", "content": "a\ud800"}])
    with gateway.api() as api:
        response = api.post(QUEUE, data=b'{"request":' + body + b"}", headers=JSON)
        assert response.status_code in (200, 400)
        if response.status_code == 200:
            assert json.loads(api.job(response.json()["id"])["requestBody"]) == json.loads(body)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8400/x",
        "http://localhost/x",
        "http://10.0.0.1/x",
        "http://192.168.1.1/x",
        "http://169.254.169.254/latest",
        "http://[::1]/x",
        "http://[::ffff:127.0.0.1]/x",
        "http://0x7f000001/x",
        "http://127.1/x",
        "http://user:pass@example.com/x",
        "ftp://example.com/x",
        "example.com/x",
        "http://",
    ],
)
def test_callback_target_that_is_not_allowed_is_refused(client: Api, url: str) -> None:
    response = client.post(QUEUE, json={"request": chat("demo-instant"), "replyTo": url})
    assert_error(response, 422, "callback_target_refused", "replyTo")


@pytest.mark.parametrize("path", [SYNC, "/api/OpenAiChatCompletion", QUEUE])
def test_unknown_model_and_provider_are_not_found(client: Api, path: str) -> None:
    def send(model: str, **ours: str) -> requests.Response:
        body = {"request": chat(model), **ours} if path == QUEUE else chat(model, **ours)
        return client.post(path, json=body)

    assert_error(send("gpt-nope"), 404, "model_not_found", "model")
    assert_error(send("demo-instant", provider="nobody"), 404, "provider_not_found", "provider")


@pytest.mark.parametrize("key", [None, "", "wrong", "ak-ü", "\tx"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", SYNC),
        ("POST", "/api/OpenAiChatCompletion"),
        ("POST", QUEUE),
        ("POST", "/api/CancelJob"),
        ("GET", "/api/GetOpenAiChatStatus?refId=first"),
        ("GET", "/api/GetOpenAiChat?refId=first"),
        ("GET", "/api/WaitForOpenAiChat?refId=first"),
        ("GET", "/api/ActiveAiModels"),
        ("GET", "/v1/models"),
        ("GET", "/v1/models/demo-instant"),
    ],
)
def test_without_a_right_key_nothing_is_told(
    client: Api, method: str, path: str, key: str | None
) -> None:
    headers = {} if key is None else {"Authorization": f"Bearer {key}".encode("latin-1")}
    client.headers.pop("Authorization")
    body = {"request": chat("demo-instant"), **chat("demo-instant")} if method == "POST" else None
    response = client.request(method, path, json=body, headers=headers)
    missing = key is None or not key.strip()
    assert_error(response, 401, "missing_api_key" if missing else "invalid_api_key", None)
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "unknown_url"),
        ("POST", "/api/NoSuchDto", 404, "unknown_url"),
        ("GET", "/nothing", 404, "unknown_url"),
        ("GET", "/v1/%00%ff/../../x//", 404, "unknown_url"),
        ("GET", SYNC, 405, "method_not_allowed"),
        ("PATCH", QUEUE, 405, "method_not_allowed"),
        ("DELETE", "/v1/models", 405, "method_not_allowed"),
        ("GET", "/api/CancelJob", 405, "method_not_allowed"),
    ],
)
def test_unknown_route_or_method_is_a_json_error(
    client: Api, method: str, path: str, status: int, code: str
) -> None:
    response = client.request(method, path)
    assert_error(response, status, code, None)
    assert ("allow" in response.headers) is (status == 405)


@pytest.mark.parametrize(
    ("query", "status", "code", "field"),
    [
        ("", 400, "invalid_value", "refId"),
        ("?jobId=0", 400, "invalid_value", "refId"),
        ("?jobId=abc", 400, "invalid_value", "jobId"),
        ("?jobId=-1", 400, "invalid_value", "jobId"),
        ("?jobId=1e400", 400, "invalid_value", "jobId"),
        ("?jobId=99999999999999999999999", 400, "invalid_value", "jobId"),
        ("?jobId=12345", 404, "job_not_found", "id"),
        ("?refId=unknown", 404, "job_not_found", "refId"),
        ("?jobId=1&refId=unknown", 404, "job_not_found", "refId"),
        ("?refId=%ff%00", 404, "job_not_found", "refId"),
    ],
)
def test_query_for_no_job_is_refused(
    client: Api, query: str, status: int, code: str, field: str
) -> None:
    assert_error(client.get(f"/api/GetOpenAiChatStatus{query}"), status, code, field)


@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
@pytest.mark.parametrize("path", [SYNC, QUEUE])
def test_body_of_25_mb_is_too_large(client: Api, path: str, chunked: bool) -> None:
    body = chat_with(user="x" * 25 * MB)
    pieces = (body[at : at + MB] for at in range(0, len(body), MB))
    response = client.post(path, data=pieces if chunked else body, headers=JSON)
    assert_error(response, 413, "body_too_large", None)


def test_huge_headers_are_refused_and_the_next_client_is_served(
    gateway: Stack, client: Api
) -> None:
    with connection(gateway) as slow:
        slow.sendall(b"GET /up HTTP/1.1\r\nHost: x\r\nX-Large: " + b"x" * 100_000 + b"\r\n\r\n")
        answer = slow.recv(4096)
    assert answer.split()[1] in (b"400", b"431")
    assert client.get("/up").status_code == 200


def test_clients_that_hang_in_the_middle_keep_nobody_else_waiting(
    gateway: Stack, client: Api
) -> None:
    head = f"POST {SYNC} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.api_key}\r\n"
    beginnings = [
        b"",
        b"POST / HT",
        head.encode(),
        head.encode() + b"Content-Length: 1000\r\n\r\n",
        head.encode() + b'Content-Length: 1000\r\n\r\n{"model":',
        head.encode() + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    ]
    hanging = [connection(gateway) for _ in range(20) for _ in beginnings]
    try:
        for number, link in enumerate(hanging):
            link.sendall(beginnings[number % len(beginnings)])
        assert client.get("/up").status_code == 200
        assert client.get("/v1/models").status_code == 200
    finally:
        for link in hanging:
            link.close()


def test_body_that_ends_early_is_refused(gateway: Stack, client: Api) -> None:
    head = f"POST {SYNC} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {gateway.api_key}\r\n"
    with connection(gateway) as link:
        link.sendall(head.encode() + b'Content-Length: 1000\r\n\r\n{"model":')
        link.shutdown(socket.SHUT_WR)
        link.settimeout(PATIENCE_S)
        answer = link.recv(4096)
    assert answer == b"" or answer.split()[1] == b"400"


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        pytest.param(
            "Content-Length: 4\r\nTransfer-Encoding: chunked", b"0\r\n\r\n", id="two framings"
        ),
        pytest.param("Content-Length: 0\r\nContent-Length: 9", b"", id="two lengths"),
        pytest.param("Transfer-Encoding: gzip, chunked", b"0\r\n\r\n", id="two codings"),
        pytest.param("Transfer-Encoding: chunked", b"5\r\n{", id="malformed chunks"),
    ],
)
def test_what_follows_an_ambiguous_request_is_nobodys(
    gateway: Stack, client: Api, framing: str, body: bytes
) -> None:
    """Behind a proxy it could be another client's: see RFC 9112, section 11.2."""
    head = f"POST {SYNC} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {gateway.api_key}\r\n{framing}\r\n\r\n"
    smuggled = b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n"
    with connection(gateway) as link:
        link.sendall(head.encode() + body + smuggled)
        said = b"".join(iter(lambda: link.recv(65536), b""))
    assert said.startswith(b"HTTP/1.1 400 ")
    assert said.count(b"HTTP/1.1 ") == 1


def connection(stack: Stack) -> socket.socket:
    port = int(stack.url.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def timed(stack: Stack, method: str, path: str, body: Any) -> tuple[requests.Response, float]:
    with stack.api() as api:
        began = time.monotonic()
        return api.request(method, path, json=body), time.monotonic() - began


@pytest.mark.parametrize(
    "broken",
    [pytest.param("kill", id="Redis is gone"), pytest.param("pause", id="Redis is frozen")],
)
def test_without_its_ledger_the_gateway_answers_503_soon_and_accepts_nothing(
    gateway: Stack, broken: str
) -> None:
    before = jobs_in(gateway)
    calls: list[tuple[str, str, Any]] = [
        ("POST", SYNC, chat("demo-instant")),
        ("POST", QUEUE, {"request": chat("demo-instant"), "refId": f"lost-{broken}"}),
        ("GET", "/api/GetOpenAiChatStatus?refId=first", None),
        ("GET", "/up", None),
    ]
    getattr(gateway, broken)(REDIS)
    try:
        with ThreadPoolExecutor(len(calls)) as callers:
            answers = list(callers.map(lambda call: timed(gateway, *call), calls))
    finally:
        gateway.start(REDIS) if broken == "kill" else gateway.resume(REDIS)
    for response, _ in answers:
        assert_error(response, 503, "store_unavailable", None)
        assert int(response.headers["retry-after"]) <= 120
    # The fastest: a busy machine may hold up the others.
    assert min(took_s for _, took_s in answers) < LEDGER_LIMIT_S
    if broken == "kill":
        assert jobs_in(gateway) == before
    # A frozen Redis may have taken in what nobody could see it accept: a RefId makes that harmless.
    with gateway.api() as api:
        again = {api.post(QUEUE, json=calls[1][2]).json()["id"] for _ in range(2)}
    assert len(again) == 1
    # A server that starts anew may have forgotten ids: they go on far above.
    began = int(before[b"jobs:id"]) + (FORGOTTEN if broken == "kill" else 0)
    assert int(gateway.redis.get("jobs:id")) <= began + 2


_UNKNOWN = json.dumps(chat("no-such-model")).encode()


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize(
    ("packed", "coding", "status", "code"),
    [
        pytest.param(gzip.compress(_UNKNOWN), "gzip", 404, "model_not_found", id="gzip"),
        pytest.param(zstd.compress(_UNKNOWN), "zstd", 404, "model_not_found", id="zstd"),
        pytest.param(gzip.compress(b" " * 100 * MB, 1), "gzip", 413, "body_too_large", id="bomb"),
        pytest.param(b"{}", "br", 415, "unsupported_content_encoding", id="another coding"),
        pytest.param(b"{}", "gzip", 400, "invalid_content_encoding", id="none"),
    ],
)
def test_compressed_request_is_decoded_or_refused(
    client: Api, packed: bytes, coding: str, status: int, code: str, is_chunked: bool
) -> None:
    body = iter([packed[:5], packed[5:]]) if is_chunked else packed
    answer = client.post(SYNC, data=body, headers={**JSON, "Content-Encoding": coding})
    assert_error(answer, status, code, "model" if status == 404 else None)
