"""Bodies that come compressed: decoded within the limit, or refused by what is wrong with them."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import encode_multipart

from gateway.http.content_coding import decoded
from shared.errors import BodyTooLarge, ContentCodingNotSupported, MalformedBody
from tests.support.factories import new_settings
from tests.support.gateway_client import API_KEY, CHAT, Gateway, build

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LIMIT = 1_000_000


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "raw deflate": raw_deflate,
    "zstd": zstd.compress,
}
SKIPPABLE = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"


@pytest.mark.parametrize("coding", PACKERS)
@given(body=st.binary(max_size=300_000))
def test_body_comes_out_as_it_went_in(coding: str, body: bytes) -> None:
    assert decoded(PACKERS[coding](body), coding.removeprefix("raw "), LIMIT) == body


@pytest.mark.parametrize(
    ("sent", "codings"),
    [
        pytest.param(
            gzip.compress(b"a", mtime=0) + gzip.compress(b"b", mtime=0), "gzip", id="two members"
        ),
        pytest.param(zstd.compress(b"a") + zstd.compress(b"b"), "zstd", id="two frames"),
        pytest.param(
            zstd.compress(b"a") + SKIPPABLE + zstd.compress(b"b"), "zstd", id="a skippable frame"
        ),
        pytest.param(gzip.compress(b"ab", mtime=0), "GZip", id="in any casing"),
        pytest.param(gzip.compress(b"ab", mtime=0), "x-gzip", id="its old name"),
        pytest.param(
            gzip.compress(b"ab", mtime=0), " , gzip ,identity", id="with nothing beside it"
        ),
        pytest.param(b"ab", "identity", id="none"),
        pytest.param(b"ab", "", id="nothing said"),
        pytest.param(
            zstd.compress(gzip.compress(b"ab", mtime=0)), "gzip, zstd", id="one on the other"
        ),
        pytest.param(
            gzip.compress(gzip.compress(b"ab", mtime=0), mtime=0), "gzip, gzip", id="one twice"
        ),
    ],
)
def test_forms_of_codings(sent: bytes, codings: str) -> None:
    assert decoded(sent, codings, LIMIT) == b"ab"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
def test_no_body_has_no_coding(coding: str) -> None:
    assert decoded(b"", coding, LIMIT) == b""


@pytest.mark.parametrize("coding", PACKERS)
def test_body_that_is_whole_and_as_large_as_may_be(coding: str) -> None:
    body = bytes(range(256)) * 400
    name = coding.removeprefix("raw ")
    assert decoded(PACKERS[coding](body), name, len(body)) == body
    with pytest.raises(BodyTooLarge, match="102399"):
        decoded(PACKERS[coding](body), name, len(body) - 1)


@pytest.mark.parametrize("coding", PACKERS)
def test_body_that_is_not_whole_or_goes_on(coding: str) -> None:
    name, packed = coding.removeprefix("raw "), PACKERS[coding](b"hello" * 1000)
    for sent in (packed[:-1], packed[: len(packed) // 2], packed[:1], packed + b"garbage"):
        with pytest.raises(MalformedBody, match=name):
            decoded(sent, name, LIMIT)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
@given(body=st.binary(min_size=1, max_size=300))
def test_junk_is_refused_in_order(coding: str, body: bytes) -> None:
    try:
        decoded(body, coding, LIMIT)
    except MalformedBody:
        pass
    else:
        # It happens to be one.
        assert coding == "deflate"


@pytest.mark.parametrize("name", ["br", "compress", "gzip2", "aws-chunked", "gzip, br"])
def test_other_codings_are_refused_and_those_taken_are_named(name: str) -> None:
    with pytest.raises(ContentCodingNotSupported, match="gzip, deflate, zstd"):
        decoded(b"x", name, LIMIT)


@pytest.mark.parametrize(
    ("sent", "codings"),
    [
        pytest.param(gzip.compress(b"", mtime=0) * 2000, "gzip", id="members without end"),
        pytest.param(SKIPPABLE * 2000, "zstd", id="frames without end"),
        # A window of 2 GiB: windowLog 31, no content.
        pytest.param(b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", "zstd", id="a window too large"),
    ],
)
def test_what_costs_more_than_its_bytes_is_refused(sent: bytes, codings: str) -> None:
    with pytest.raises(MalformedBody):
        decoded(sent, codings, LIMIT)


def test_coding_that_is_told_twice_and_was_put_on_once_is_refused() -> None:
    with pytest.raises(MalformedBody, match="not gzip, as its Content-Encoding says"):
        decoded(gzip.compress(b'{"model": "m"}'), "gzip, gzip", LIMIT)


def test_bomb_in_a_bomb_is_given_up_at_the_limit() -> None:
    inner = gzip.compress(bytes(LIMIT + 1))
    with pytest.raises(BodyTooLarge):
        decoded(gzip.compress(inner), "gzip, gzip", LIMIT)


def test_layers_without_end_are_refused() -> None:
    with pytest.raises(ContentCodingNotSupported, match="3"):
        decoded(b"x", ",".join(["gzip"] * 4), LIMIT)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
def test_bomb_is_given_up_at_the_limit(coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[float] = []
    monkeypatch.setattr("gateway.http.content_coding.time.sleep", turns.append)
    bomb = PACKERS[coding](b" " * 300_000_000)
    with pytest.raises(BodyTooLarge):
        decoded(bomb, coding, LIMIT)
    # Pieces of 64 KiB: others get their turn between them, and no more is decoded than may be.
    assert 10 < len(turns) < 20


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    gateway = build(fake_redis, new_settings(api_key=API_KEY, max_body_bytes=LIMIT))
    gateway.services.providers.follower.look()
    return gateway


def _post(gateway: Gateway, path: str, body: bytes, coding: str, **options: Any) -> Any:
    headers = {"Authorization": f"Bearer {API_KEY}", "Content-Encoding": coding}
    return gateway.client.post(
        path, data=body, headers=headers, **{"content_type": "application/json", **options}
    )


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/QueueOpenAiChatCompletion", {"request": CHAT}),
        ("/v1/responses", {"model": "m", "input": "hi", "background": True}),
        ("/api/SavePrompt", {"id": "p", "name": "n", "value": "v"}),
        ("/api/CancelJob", {"refId": "none"}),
        ("/session", {"key": API_KEY}),
    ],
)
def test_every_route_takes_compressed_bodies(
    gateway: Gateway, path: str, body: Any, coding: str
) -> None:
    plain = _post(gateway, path, json.dumps(body).encode(), "identity")
    packed = _post(gateway, path, PACKERS[coding](json.dumps(body).encode()), coding)
    assert packed.status_code == plain.status_code
    assert packed.status_code in (200, 404)
    assert packed.json.keys() == plain.json.keys()


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_forms_may_be_compressed_too(gateway: Gateway, kind: str) -> None:
    fields = {"id": "p", "name": "from a form", "value": "v"}
    if kind.startswith("multipart"):
        boundary, body = encode_multipart(fields)
        kind = f"{kind}; boundary={boundary}"
    else:
        body = urlencode(fields).encode()
    answer = _post(
        gateway, "/api/SavePrompt", gzip.compress(body, mtime=0), "gzip", content_type=kind
    )
    assert answer.status_code == 200, answer.text
    assert "from a form" in gateway.get("/api/QueryPrompts").text


def test_queued_request_is_kept_as_it_was_before_it_was_compressed(gateway: Gateway) -> None:
    text = b'{"request": {"temperature": 1.0,  %s}' % json.dumps(CHAT).encode()[1:]
    answer = _post(gateway, "/api/QueueOpenAiChatCompletion", zstd.compress(text), "zstd")
    job = gateway.jobs.get(answer.json["id"])
    assert job is not None
    assert b'{"temperature": 1.0,  "model"' in job.request


@pytest.mark.parametrize(
    ("body", "coding", "status", "code"),
    [
        (gzip.compress(b" " * (LIMIT + 1), mtime=0), "gzip", 413, "body_too_large"),
        (gzip.compress(b"{}", mtime=0)[:-2], "gzip", 400, "invalid_content_encoding"),
        (b"{}", "zstd", 400, "invalid_content_encoding"),
        (b"{}", "br", 415, "unsupported_content_encoding"),
        (gzip.compress(b"{}", mtime=0), "br, gzip", 415, "unsupported_content_encoding"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/CreateApiKey", "/session"])
def test_what_is_wrong_with_a_coding_is_told(
    fake_redis: redis.Redis, path: str, body: bytes, coding: str, status: int, code: str
) -> None:
    settings = new_settings(api_key=API_KEY, auth_secret=API_KEY, max_body_bytes=LIMIT)
    answer = _post(build(fake_redis, settings), path, body, coding)
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    assert answer.headers.get("Accept-Encoding") == (
        "gzip, deflate, zstd" if status == 415 else None
    )


def test_body_without_a_key_is_not_decoded(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise AssertionError("decoded for nobody")

    monkeypatch.setattr("gateway.http.request.decoded", fail)
    answer = gateway.client.post(
        "/v1/chat/completions",
        data=gzip.compress(b"{}", mtime=0),
        headers={"Content-Encoding": "gzip"},
    )
    assert answer.status_code == 401
