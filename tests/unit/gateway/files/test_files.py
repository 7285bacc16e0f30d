"""Files over OpenAI's and AI Server's wires: what is kept, what is refused, who sees what."""

from __future__ import annotations

import hashlib
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gateway.files import uploads
from shared.api_keys.scopes import DEFAULT
from shared.errors import StorageFull
from tests.support.foreign.jobs import issue
from tests.support.gateway_client import API_KEY, Gateway

JSONL = b'{"custom_id": "a"}\n'


def png(size: tuple[int, int] = (40, 20)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, "PNG")
    return out.getvalue()


def send(gateway: Gateway, path: str = "/v1/files", key: str = API_KEY, **fields: Any) -> Any:
    data = {"purpose": "user_data", "file": (io.BytesIO(JSONL), "in.jsonl"), **fields}
    kept = {name: value for name, value in data.items() if value is not None}
    headers = {"Authorization": f"Bearer {key}"}
    return gateway.client.post(path, data=kept, headers=headers, content_type="multipart/form-data")


def raw(gateway: Gateway, body: bytes, kind: str = "multipart/form-data; boundary=X") -> Any:
    headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": kind}
    return gateway.client.post("/v1/files", data=body, headers=headers)


def delete(gateway: Gateway, path: str) -> Any:
    return gateway.client.delete(path, headers={"Authorization": f"Bearer {API_KEY}"})


def visible(gateway: Gateway) -> list[str]:
    return [one["filename"] for one in gateway.get("/v1/files").json["data"]]


def on_disk(gateway: Gateway) -> list[Path]:
    gateway.services.artifacts.sweep()
    folder = Path(gateway.services.settings.artifacts)
    return [path for path in folder.rglob("*") if path.is_file()]


def test_file_goes_in_and_comes_out(gateway: Gateway) -> None:
    made = send(gateway, purpose="batch", **{"expires_after[seconds]": "3600"}).json
    assert {**made, "id": 1, "created_at": 2, "expires_at": 3} == {
        "id": 1,
        "object": "file",
        "bytes": len(JSONL),
        "created_at": 2,
        "expires_at": 3,
        "filename": "in.jsonl",
        "purpose": "batch",
        "status": "processed",
    }
    assert made["expires_at"] - made["created_at"] == pytest.approx(3600, abs=1)
    assert gateway.get(f"/v1/files/{made['id']}").json == made
    content = gateway.get(f"/v1/files/{made['id']}/content")
    assert content.data == JSONL
    assert content.headers["content-disposition"] == 'attachment; filename="in.jsonl"'
    assert delete(gateway, f"/v1/files/{made['id']}").json["deleted"] is True
    gone = gateway.get(f"/v1/files/{made['id']}")
    assert (gone.status_code, gone.json["error"]["param"]) == (404, "id")
    assert on_disk(gateway) == []


def test_lists_are_paged_and_chosen(gateway: Gateway) -> None:
    names = ["1", "2", "3"]
    for name in names:
        send(gateway, file=(io.BytesIO(b"x"), name))
    send(gateway, file=(io.BytesIO(b"x"), "b"), purpose="batch")
    first = gateway.get("/v1/files?limit=2&purpose=user_data").json
    assert ([one["filename"] for one in first["data"]], first["has_more"]) == (["3", "2"], True)
    rest = gateway.get(f"/v1/files?purpose=user_data&after={first['last_id']}").json
    assert ([one["filename"] for one in rest["data"]], rest["has_more"]) == (["1"], False)
    assert visible(gateway) == ["b", "3", "2", "1"]
    assert gateway.get("/v1/files?limit=0").status_code == 400


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"purpose": "nonsense"}, "purpose"),
        ({"purpose": None}, "purpose"),
        ({"file": None}, "file"),
        ({"file": "text, and no file"}, "file"),
        ({"expires_after[seconds]": "5"}, "expires_after[seconds]"),
        ({"expires_after[seconds]": "soon"}, "expires_after[seconds]"),
        ({"other": (io.BytesIO(b"x"), "second")}, "other"),
    ],
)
def test_bad_form_keeps_nothing(gateway: Gateway, fields: dict[str, Any], field: str) -> None:
    answer = send(gateway, **fields)
    assert (answer.status_code, answer.json["error"]["param"]) == (400, field)
    assert (visible(gateway), on_disk(gateway)) == ([], [])


def test_too_large_file_keeps_nothing(gateway: Gateway) -> None:
    answer = send(gateway, file=(io.BytesIO(b"x" * 300_001), "big"))
    assert (answer.status_code, answer.json["error"]["code"]) == (413, "file_too_large")
    assert (visible(gateway), on_disk(gateway)) == ([], [])
    assert send(gateway, file=(io.BytesIO(b"x" * 300_000), "fits")).status_code == 200


PART = b'--X\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 400),
        (b"", "multipart/form-data; boundary=X", 400),
        (PART + b"x", "multipart/form-data", 400),
        (PART + b"x", "multipart/form-data; boundary=" + "y" * 201, 400),
        (PART + b"it breaks off", "multipart/form-data; boundary=X", 400),
        (PART + b"x" * 200_000, "multipart/form-data; boundary=X", 400),
        (b"--X\r\nNo-Disposition: x\r\n\r\nx\r\n--X--\r\n", "multipart/form-data; boundary=X", 400),
        (b"--X\r\n\xff\xfe: x\r\n\r\nx\r\n--X--\r\n", "multipart/form-data; boundary=X", 400),
        (b"--X\r\nA: " + b"h" * 400_000, "multipart/form-data; boundary=X", 413),
        (b"p" * 400_000, "multipart/form-data; boundary=X", 413),
        (
            b'--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 1100,
            "multipart/form-data; boundary=X",
            413,
        ),
        (
            b'--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"v" * 1_100_000,
            "multipart/form-data; boundary=X",
            400,
        ),
    ],
)
def test_malformed_body_is_refused(gateway: Gateway, body: bytes, kind: str, status: int) -> None:
    assert raw(gateway, body, kind).status_code == status
    assert (visible(gateway), on_disk(gateway)) == ([], [])


def test_a_name_that_is_not_utf_8_is_told_as_that(gateway: Gateway) -> None:
    head = b'--X\r\nContent-Disposition: form-data; name="file"; filename="gr\xf6\xdfe.txt"'
    refused = raw(gateway, head + b"\r\n\r\nx\r\n--X--\r\n")
    assert (refused.status_code, "UTF-8" in refused.json["error"]["message"]) == (400, True)


def test_boundaries_and_line_ends_inside_a_file_are_its_own(gateway: Gateway) -> None:
    content = (b"\r\n--XY\r\n--X \r\r\n\n" * 5000) + bytes(range(256)) * 300
    fields = b'\r\n--X\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nevals\r\n--X--\r\n'
    content = content.replace(b"\r\n--X \r", b"")
    made = raw(gateway, PART + content + fields).json
    assert gateway.get(f"/v1/files/{made['id']}/content").data == content
    assert made["purpose"] == "evals"


def test_full_store_is_503_and_keeps_nothing(gateway: Gateway, monkeypatch: Any) -> None:
    def full() -> None:
        raise StorageFull(retry_after_s=60)

    monkeypatch.setattr(gateway.services.artifacts._blobs, "check_room", full)
    answer = send(gateway)
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "storage_full")
    assert answer.headers["retry-after"] == "60"


def test_others_do_not_see_it(gateway: Gateway) -> None:
    file_id = send(gateway).json["id"]
    other = issue(gateway, DEFAULT)
    for call in (f"/v1/files/{file_id}", f"/v1/files/{file_id}/content"):
        assert gateway.get(call, key=other).status_code == 404
    assert gateway.get("/v1/files", key=other).json["data"] == []
    assert gateway.get(f"/v1/files/{file_id}", key=None).status_code == 401


def test_upload_in_parts(gateway: Gateway) -> None:
    wanted = {"filename": "a.jsonl", "purpose": "batch", "bytes": 6, "mime_type": "text/plain"}
    upload = gateway.post("/v1/uploads", wanted).json
    assert (upload["status"], upload["expires_at"]) == ("pending", upload["created_at"] + 3600)
    place = f"/v1/uploads/{upload['id']}"
    sent = [
        send(gateway, f"{place}/parts", file=None, data=(io.BytesIO(data), "p")).json
        for data in (b"def", b"abc", b"xyz")
    ]
    assert all("id" in one for one in sent), sent
    parts = [one["id"] for one in sent]
    assert visible(gateway) == []
    digest = hashlib.md5(b"abcdef", usedforsecurity=False).hexdigest()
    for wrong in (
        {"part_ids": [parts[0]]},
        {"part_ids": [parts[0], "part_of_another"]},
        {"part_ids": parts[:2], "md5": digest},
        {},
    ):
        assert gateway.post(f"{place}/complete", wrong).status_code == 400
    done = gateway.post(f"{place}/complete", {"part_ids": [parts[1], parts[0]], "md5": digest})
    assert done.json["status"] == "completed"
    file = done.json["file"]
    assert (file["filename"], file["purpose"], file["bytes"]) == ("a.jsonl", "batch", 6)
    assert gateway.get(f"/v1/files/{file['id']}/content").data == b"abcdef"
    assert gateway.post(f"{place}/complete", {"part_ids": parts[:2]}).status_code == 400
    assert gateway.post(f"{place}/cancel", b"").status_code == 400
    # The file, and the upload itself, which is empty.
    assert len(on_disk(gateway)) == 2


def test_cancelled_upload_takes_nothing_more(gateway: Gateway) -> None:
    wanted = {"filename": "a", "purpose": "batch", "bytes": 3, "mime_type": ""}
    upload = gateway.post("/v1/uploads", wanted).json
    place = f"/v1/uploads/{upload['id']}"
    send(gateway, f"{place}/parts", file=None, data=(io.BytesIO(b"abc"), "p"))
    assert gateway.post(f"{place}/cancel", b"").json["status"] == "cancelled"
    late = send(gateway, f"{place}/parts", file=None, data=(io.BytesIO(b"abc"), "p"))
    assert late.status_code == 400
    assert gateway.services.artifacts.used_bytes("bootstrap") == 3
    gateway.services.artifacts.sweep()
    assert gateway.services.artifacts.used_bytes("bootstrap") == 0
    assert gateway.post("/v1/uploads/upload_none/cancel", b"").status_code == 404


def test_parts_that_are_never_completed_count_and_go(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {"filename": "a", "purpose": "batch", "bytes": 9, "mime_type": ""}
    upload = gateway.post("/v1/uploads", wanted).json
    place, used = f"/v1/uploads/{upload['id']}", gateway.services.artifacts.used_bytes
    monkeypatch.setattr(uploads, "_PART_S", 0.001)
    send(gateway, f"{place}/parts", file=None, data=(io.BytesIO(b"abc"), "p"))
    assert used("bootstrap") == 3
    time.sleep(0.01)
    gateway.services.artifacts.sweep()
    assert used("bootstrap") == 0


def stored(gateway: Gateway, content: bytes, name: str = "pic.png") -> Any:
    artifacts = gateway.services.artifacts
    made = artifacts.receive([content], owner="bootstrap", name=name, purpose="user_data")
    return made, artifacts.link(made, 60)


@pytest.mark.parametrize(
    ("said", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=5-", 206, 5, None),
        ("bytes=-4", 206, -4, None),
        ("bytes=-999999", 206, 0, None),
        ("bytes=0-999999", 206, 0, None),
        ("bytes=999999-", 416, 0, 0),
        ("bytes=0-1,5-6", 200, 0, None),
        ("lines=1-2", 200, 0, None),
        ("bytes=9-1", 200, 0, None),
        ("bytes=-0", 416, 0, 0),
        ("Bytes= -00 ,", 416, 0, 0),
        ("bytes=-0,0-1", 200, 0, None),
        ("bytes=,0-9", 206, 0, 10),
        ("bytes= 0-9 ,, ", 206, 0, 10),
        ("BYTES=0-9", 206, 0, 10),
        ("bytes=0-99999999999999999999", 206, 0, None),
        ("bytes=99999999999999999999-", 416, 0, 0),
        ("bytes=-", 200, 0, None),
        ("bytes=--1", 200, 0, None),
        ("bytes=+1-2", 200, 0, None),
        ("bytes=1_0-2", 200, 0, None),
        ("bytes=5", 200, 0, None),
        ("bytes=0-1-2", 200, 0, None),
        ("bytes", 200, 0, None),
    ],
)
def test_ranges(gateway: Gateway, said: str, status: int, start: int, end: int | None) -> None:
    picture = png()
    _, link = stored(gateway, picture)
    answer = gateway.client.get(link, headers={"Range": said})
    assert (answer.status_code, answer.data) == (status, picture[start:end])
    if status == 206:
        assert answer.headers["content-length"] == str(len(answer.data))
    if status == 416:
        assert answer.headers["content-range"] == f"bytes */{len(picture)}"


def test_link_needs_no_key_and_nothing_else_opens_it(gateway: Gateway) -> None:
    made, link = stored(gateway, png())
    answer = gateway.client.get(link)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("inline")
    etag = answer.headers["etag"]
    assert gateway.client.get(link, headers={"If-None-Match": etag}).status_code == 304
    changed = {"If-Range": '"other"', "Range": "bytes=0-1"}
    assert gateway.client.get(link, headers=changed).status_code == 200
    assert gateway.client.head(link).headers["content-length"] == str(made.size)
    saved = gateway.client.get(f"{link}&download=true")
    assert saved.headers["content-disposition"].startswith("attachment")
    path, _, query = link.partition("?")
    assert gateway.client.get(path).status_code == 401
    assert gateway.get(path).status_code == 200
    assert gateway.get(path, key=issue(gateway, DEFAULT)).status_code == 404
    assert gateway.client.get(f"{path}?{query}x").status_code == 403
    assert gateway.client.get(f"{path}?expires=1&signature=x").status_code == 403
    assert gateway.client.get(f"{path[:-4]}.gif?{query}").status_code == 404
    old = gateway.services.artifacts.link(made, -5)
    assert gateway.client.get(old).status_code == 410
    gateway.services.artifacts.delete(made.id)
    assert gateway.client.get(link).status_code == 404


@pytest.mark.parametrize("content", [b"<html><script>x</script>", b"<svg onload='x'></svg>"])
def test_what_could_run_is_never_shown(gateway: Gateway, content: bytes) -> None:
    _, link = stored(gateway, content, 'a"b\u00fc.svg')
    answer = gateway.client.get(link)
    assert answer.headers["content-disposition"].startswith('attachment; filename="a_b_.svg"')
    assert answer.mimetype in ("text/plain", "application/octet-stream")
    assert "sandbox" in answer.headers["content-security-policy"]


def test_variants_are_made_once(gateway: Gateway) -> None:
    made, link = stored(gateway, png((400, 200)))
    place = link.replace("/artifacts/", "/variants/width=100/artifacts/")
    for _ in range(2):
        answer = gateway.client.get(place)
        assert (answer.status_code, answer.mimetype) == (200, "image/webp")
        assert Image.open(io.BytesIO(answer.data)).size == (100, 50)
    both = gateway.client.get(link.replace("/artifacts/", "/variants/height=30,width=20/"))
    assert Image.open(io.BytesIO(both.data)).size == (20, 30)
    for wrong in ("width=0", "width=9999", "depth=3", "width=5,x=1", "width=1;height=2"):
        refused = gateway.client.get(link.replace("/artifacts/", f"/variants/{wrong}/"))
        assert refused.status_code == 400
    assert visible(gateway) == ["pic.png"]
    assert gateway.get(f"/v1/files/{made.id}.100x").status_code == 404


def bomb() -> bytes:
    out = io.BytesIO()
    Image.new("1", (12_000, 9_000)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("content", [b"text", png()[:60], b"\x89PNG\r\n\x1a\n" + b"?" * 99, bomb()])
def test_what_is_no_picture_has_no_variants(gateway: Gateway, content: bytes) -> None:
    _, link = stored(gateway, content)
    assert gateway.client.get(link.replace("/artifacts/", "/variants/width=9/")).status_code == 400


def test_ai_servers_uploads(gateway: Gateway) -> None:
    def both(place: str) -> list[str]:
        files = {"a": (io.BytesIO(b"1"), "a.txt"), "b": (io.BytesIO(b"2"), "b.txt")}
        answer = send(gateway, f"/uploads/{place}", purpose=None, file=None, **files)
        return list(answer.json["results"])

    (public, _), (secure, other) = both("pub"), both("secure")
    assert gateway.client.get(public).data == b"1"
    assert gateway.client.get(public.replace("/pub/", "/secure/")).status_code == 401
    assert gateway.client.get(secure).status_code == 401
    assert gateway.client.get(secure.replace("/secure/", "/pub/")).status_code == 404
    assert gateway.get(f"{secure}?attachment=true").data == b"1"
    headers = {"Authorization": f"Bearer {API_KEY}"}
    form = {"x": (io.BytesIO(b"3"), "c.txt")}
    put = gateway.client.put(secure, data=form, headers=headers, content_type="multipart/form-data")
    assert gateway.get(put.json["result"]).data == b"3"
    assert gateway.get(secure).status_code == 404
    assert delete(gateway, other).json == {"result": True}
    assert send(gateway, "/uploads/elsewhere").status_code == 404


def test_ai_servers_deleting(gateway: Gateway) -> None:
    (_, link), (two, _) = stored(gateway, png()), stored(gateway, b"2")
    answer = gateway.post("/api/DeleteFiles", {"paths": [link, two.id, "no/such"]}).json
    assert answer == {"deleted": [link, two.id], "missing": ["no/such"], "failed": []}
    assert delete(gateway, f"/files/{link.split('?')[0].removeprefix('/')}").status_code == 404
    assert json.dumps(visible(gateway)) == "[]"
