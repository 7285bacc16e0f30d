"""What operators see of everybody's files."""

from __future__ import annotations

import io
from typing import Any

from shared.api_keys.scopes import DEFAULT, Scope
from tests.support.foreign.jobs import issue
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, Gateway


def send(gateway: Gateway, content: bytes, key: str = API_KEY) -> Any:
    data = {"purpose": "user_data", "file": (io.BytesIO(content), "in.jsonl")}
    headers = {"Authorization": f"Bearer {key}"}
    answer = gateway.client.post(
        "/v1/files", data=data, headers=headers, content_type="multipart/form-data"
    )
    return answer.json["id"]


def test_operators_see_what_is_stored_and_others_nothing_of_it(gateway: Gateway) -> None:
    other = issue(gateway, DEFAULT)
    looks = issue(gateway, (Scope.ADMIN_READ,))
    mine = send(gateway, b"{}\n")
    theirs = send(gateway, b"{}\n" * 9, other)
    gone = send(gateway, b"{ }\n")
    bearer = {"Authorization": f"Bearer {API_KEY}"}
    assert gateway.client.delete(f"/v1/files/{gone}", headers=bearer).status_code == 200

    whole = gateway.get("/api/GetStorage", key=ADMIN_SECRET).json
    assert whole["bytes"] == sum(one["bytes"] for one in whole["results"]) > 0
    assert len({one["owner"] for one in whole["results"]}) == 2
    rows = gateway.get("/api/QueryArtifacts", key=ADMIN_SECRET).json["results"]
    assert [(one["id"], one["size"]) for one in rows] == [(theirs, 27), (mine, 3)]
    asked = f"/api/QueryArtifacts?owner={rows[0]['owner']}"
    assert [one["id"] for one in gateway.get(asked, key=ADMIN_SECRET).json["results"]] == [theirs]
    page = gateway.get("/api/QueryArtifacts?skip=1&take=1", key=ADMIN_SECRET).json
    assert [one["id"] for one in page["results"]] == [mine]

    assert gateway.get("/api/GetStorage", key=other).status_code == 403
    seen = gateway.get("/api/QueryArtifacts", key=looks).json["results"]
    assert [one["name"] for one in seen] == [theirs, mine], "names are what owners say"
