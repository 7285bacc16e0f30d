"""Files as clients of all kinds ask for them again: conditions, names, tables."""

from __future__ import annotations

import io
from typing import Any

import pytest

from tests.support.gateway_client import API_KEY, Gateway

CONTENT = bytes(range(256))
OLD, LATER = "Wed, 21 Oct 2015 07:28:00 GMT", "Fri, 31 Dec 2100 23:59:59 GMT"
#: What stands for the file's own values.
ETAG, KEPT = "ETAG", "KEPT"


def kept(gateway: Gateway, name: str = "a.bin", purpose: str = "user_data") -> str:
    artifacts = gateway.services.artifacts
    made = artifacts.receive([CONTENT], owner="bootstrap", name=name, purpose=purpose)
    return f"/v1/files/{made.id}/content"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 200),
        ({"If-None-Match": ETAG}, 304),
        ({"If-None-Match": f"W/{ETAG}"}, 304),
        ({"If-None-Match": f'"other", {ETAG}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-Modified-Since": KEPT}, 304),
        ({"If-Modified-Since": LATER}, 304),
        ({"If-Modified-Since": OLD}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": KEPT}, 200),
        ({"If-Match": ETAG}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": '"other"'}, 412),
        ({"If-Unmodified-Since": KEPT}, 200),
        ({"If-Unmodified-Since": OLD}, 412),
        ({"If-Match": ETAG, "If-Unmodified-Since": OLD}, 200),
        ({"Range": "bytes=0-1", "If-Range": ETAG}, 206),
        ({"Range": "bytes=0-1", "If-Range": f"W/{ETAG}"}, 200),
        ({"Range": "bytes=0-1", "If-Range": '"other"'}, 200),
        ({"Range": "bytes=0-1", "If-Range": KEPT}, 206),
        ({"Range": "bytes=0-1", "If-Range": OLD}, 200),
        ({"Range": "bytes=0-1", "If-None-Match": ETAG}, 304),
        ({"If-None-Match": f'"a,b", W/"c" ,, {ETAG},'}, 304),
        ({"If-None-Match": '"W/ETAG_BARE"'}, 200),
        ({"If-None-Match": '"a, ETAG_BARE, b"'}, 200),
        ({"If-None-Match": f'"a" {ETAG}'}, 200),
        ({"If-None-Match": f"w/{ETAG}"}, 200),
        ({"If-None-Match": "ETAG_BARE"}, 200),
        ({"If-None-Match": f"*, {ETAG}"}, 200),
        ({"If-None-Match": " * "}, 304),
        ({"If-Match": f'"a,b", {ETAG}'}, 200),
        ({"If-Match": f"W/{ETAG}"}, 412),
        ({"If-Match": f'W/{ETAG}, "a,{ETAG}'}, 412),
        ({"If-Match": "ETAG_BARE"}, 412),
        ({"If-Match": f"{ETAG}{ETAG}"}, 412),
        ({"Range": "bytes=0-1", "If-Range": "ETAG_BARE"}, 200),
        ({"Range": "bytes=0-1", "If-Range": f'"a", {ETAG}'}, 200),
        ({"Range": "bytes=0-1", "If-Range": "*"}, 200),
    ],
)
def test_conditions_are_kept(gateway: Gateway, asked: dict[str, str], status: int) -> None:
    path = kept(gateway)
    first = gateway.get(path)
    etag, date = first.headers["etag"], first.headers["last-modified"]
    asked = {name: value.replace("ETAG_BARE", etag[1:-1]) for name, value in asked.items()}
    headers = {name: value.replace(ETAG, etag).replace(KEPT, date) for name, value in asked.items()}
    answer = gateway.client.get(path, headers={"Authorization": f"Bearer {API_KEY}", **headers})
    assert answer.status_code == status
    assert answer.data == {200: CONTENT, 206: CONTENT[:2]}.get(status, b"")


def test_file_that_no_batch_made_is_no_table(gateway: Gateway) -> None:
    """Who accepts CSV may have sent it himself."""
    path = kept(gateway, "mine.csv")
    headers = {"Authorization": f"Bearer {API_KEY}", "Accept": "text/csv"}
    assert gateway.client.get(path, headers=headers).data == CONTENT
    refused = gateway.get(f"{path}?format=csv")
    assert (refused.status_code, refused.json["error"]["param"]) == (400, "format")


@pytest.mark.parametrize("name", ["..", ".", "a/..", "...", " . "])
def test_dots_alone_are_no_name(gateway: Gateway, name: str) -> None:
    data: dict[str, Any] = {"purpose": "user_data", "file": (io.BytesIO(b"x"), name)}
    headers = {"Authorization": f"Bearer {API_KEY}"}
    made = gateway.client.post("/v1/files", data=data, headers=headers)
    assert made.json["filename"] == "file"
