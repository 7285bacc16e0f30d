"""Dates: what is taken can be shown and read again, and what no date can say is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from shared.codecs.half_characters import may_have_halves, whole
from shared.codecs.moments import EARLIEST_MS, LATEST_MS, iso_date, to_unix_ms
from shared.codecs.rows import rows_of
from shared.dtos.base import Dto
from shared.errors import ValidationFailed
from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, PROVIDERS, Gateway, build

MOMENTS = st.integers(EARLIEST_MS, LATEST_MS)


@given(MOMENTS)
def test_what_is_shown_can_be_read_again(moment_ms: int) -> None:
    assert to_unix_ms(iso_date(moment_ms)) == moment_ms
    assert to_unix_ms(f"/Date({moment_ms})/") == moment_ms
    assert datetime.fromisoformat(iso_date(moment_ms)).tzinfo is UTC


@given(st.one_of(st.integers(), st.datetimes(timezones=st.timezones()).map(str), st.text()))
def test_what_is_read_can_be_shown(sent: Any) -> None:
    for form in (sent, f"/Date({sent})/", f"/Date({sent}+0200)/"):
        try:
            moment_ms = to_unix_ms(form)
        except ValueError:
            continue
        assert moment_ms is None or to_unix_ms(iso_date(int(str(moment_ms)))) == moment_ms


@pytest.mark.parametrize(
    "sent",
    [
        "/Date(999999999999999)/",
        "/Date(-999999999999999)/",
        "999999999999999",
        "9999-12-31T23:59:59.999-00:01",
        "0001-01-01T00:00:00+00:01",
        pytest.param(f"2026-01-31T08:00:00.{'0' * 100}Z", id="more digits than a date has"),
    ],
)
def test_date_out_of_all_years_is_refused_and_leaves_nothing(gateway: Gateway, sent: str) -> None:
    body = {"name": "poison", "expiryDate": sent}
    answer = gateway.post("/api/CreateApiKey", body, key=ADMIN_SECRET)
    assert answer.status_code == 400
    assert answer.json["error"]["param"] == "expiryDate"
    keys = gateway.get("/api/QueryApiKeys", key=ADMIN_SECRET)
    assert (keys.status_code, keys.json["total"]) == (200, 0)


def test_moment_that_an_older_version_has_kept_is_shown_as_the_nearest() -> None:
    assert iso_date(999_999_999_999_999) == "9999-12-31T23:59:59.999Z"
    assert iso_date(-(10**18)) == "0001-01-01T00:00:00.000Z"


def test_list_survives_a_row_that_cannot_be_shown(caplog: pytest.LogCaptureFixture) -> None:
    assert rows_of([1, 0, 2], lambda number: 10 // number) == [10, 5]
    assert "cannot be shown" in caplog.text


@pytest.mark.parametrize(
    ("raw", "value", "expected"),
    [
        (rb'"\ud83d"', "\ud83d", "\ufffd"),
        (rb'"\uD83D\uDE00"', "\U0001f600", "\U0001f600"),
        (rb'{"\udc00": ["\udfff"]}', {"\udc00": ["\udfff"]}, {"\ufffd": ["\ufffd"]}),
        (rb'{"a": 1}', {"a": 1}, {"a": 1}),
    ],
)
def test_half_characters(raw: bytes, value: Any, expected: Any) -> None:
    assert whole(value) == expected
    assert may_have_halves(raw) is (b"\\u" in raw)


@pytest.mark.parametrize("number", [2**63, -(2**63), 10**400])
def test_number_that_nothing_can_keep_is_refused(number: int) -> None:
    class Asked(Dto):
        some_id: int

    assert Asked.bind({"someId": 2**63 - 1}).some_id == 2**63 - 1
    with pytest.raises(ValidationFailed) as told:
        Asked.bind({"someId": number})
    assert told.value.field == "someId"


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    gateway = build(fake_redis, new_settings(api_key=API_KEY, auth_secret=ADMIN_SECRET), PROVIDERS)
    gateway.services.providers.follower.look()
    return gateway


def test_conversation_with_half_an_emoji_is_saved(gateway: Gateway) -> None:
    text = rb'{"id": "c", "title": "a \ud83d", "content": {"messages": [{"content": "b \ude00"}]}}'
    assert gateway.post("/api/SaveConversation", text).status_code == 200
    found = gateway.get("/api/GetConversation?id=c").json["result"]
    assert found["title"] == "a \ufffd"
    assert found["content"]["messages"][0]["content"] == "b \ufffd"


def test_deep_nesting_at_sign_in_is_no_key(gateway: Gateway) -> None:
    answer = gateway.client.post("/session", data=b"[" * 2_000, content_type="application/json")
    assert answer.status_code == 401


def test_models_that_a_key_may_not_use_are_not_told(gateway: Gateway) -> None:
    made = gateway.post("/api/CreateApiKey", {"name": "k", "models": ["n"]}, key=ADMIN_SECRET)
    key = made.json["key"]
    models = gateway.get("/api/QueryAiModels", key=key).json["results"]
    assert [row["id"] for row in models] == ["n"]
    [provider] = gateway.get("/api/GetActiveProviders", key=key).json["results"]
    assert [row["model"] for row in provider["models"]] == ["n"]
    assert provider["selectedModels"] == ["n"]
    none = gateway.post("/api/CreateApiKey", {"name": "k", "models": ["z"]}, key=ADMIN_SECRET)
    assert gateway.get("/api/GetActiveProviders", key=none.json["key"]).json["results"] == []


def test_lists_of_keys_and_audit_survive_a_stored_row_that_cannot_be_read(gateway: Gateway) -> None:
    names = ("good", "poison")
    made = [gateway.post("/api/CreateApiKey", {"name": n}, key=ADMIN_SECRET).json for n in names]

    def poison(connection: Connection) -> None:
        row = {"id": made[1]["id"]}
        connection.execute(text("UPDATE api_keys SET limits = '{' WHERE id = :id"), row)
        connection.execute(text("UPDATE audit SET changes = '{'"))

    gateway.services.database.write(poison)
    keys = gateway.get("/api/QueryApiKeys", key=ADMIN_SECRET)
    assert (keys.status_code, [row["name"] for row in keys.json["results"]]) == (200, ["good"])
    assert gateway.get("/api/QueryAuditLog", key=ADMIN_SECRET).status_code == 200
    assert gateway.get("/api/QueryAiModels", key=made[0]["key"]).status_code == 200
