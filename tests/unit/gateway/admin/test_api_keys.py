"""API keys at the gateway: issuing, what they may do, and what they may not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from pydantic import SecretStr
from sqlalchemy import text

from gateway.admin.audit import record
from gateway.auth import issued_keys
from gateway.http.routes import Call
from shared.api_keys.principal import Principal
from shared.api_keys.scopes import Scope
from shared.dtos import catalog
from shared.errors import DatabaseUnavailable
from shared.jobs.moves import Result
from shared.store import redis_keys
from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, CHAT, Gateway, build

QUEUE = "/api/QueueOpenAiChatCompletion"


@pytest.fixture
def gateway(fake_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    # Changes reach other processes in their time; the tests of `IssuedKeys` are about that.
    monkeypatch.setattr(issued_keys, "HELD_S", 0.0)
    settings = new_settings(
        api_key=SecretStr(API_KEY), auth_secret=SecretStr(ADMIN_SECRET), sync_timeout_s=0.2
    )
    return build(fake_redis, settings)


def call(gateway: Gateway, dto: str, caller: str = ADMIN_SECRET, /, **fields: Any) -> Any:
    return gateway.post(f"/api/{dto}", fields, key=caller)


def issued(gateway: Gateway, **fields: Any) -> dict[str, Any]:
    answer = call(gateway, "CreateApiKey", **{"name": "test", **fields})
    assert answer.status_code == 200, answer.data
    return dict(answer.json)


def status(gateway: Gateway, key: str) -> int:
    return int(gateway.get("/v1/models", key=key).status_code)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["error"]["code"]


def test_limit_under_another_name_makes_no_key_without_it(gateway: Gateway) -> None:
    answer = call(gateway, "CreateApiKey", name="few", limits={"requestsPerMinute": 5})
    assert (answer.status_code, answer.json["error"]["param"]) == (400, "limits")
    assert call(gateway, "QueryApiKeys", name="few").json["total"] == 0
    key = issued(gateway, name="few")
    answer = call(gateway, "UpdateApiKey", id=key["id"], requestPerMinute=5)
    assert "did you mean requestsPerMinute?" in answer.json["error"]["message"]


# --- issuing --------------------------------------------------------------------------------------


def test_create_answers_with_the_key_once_and_it_works(gateway: Gateway) -> None:
    key = issued(gateway, name="billing", userName="Anna", notes="for invoices", refId=42)
    assert key["key"].startswith("ak-")
    assert key["visibleKey"] == key["key"][:8] + "…"
    assert key["scopes"] == ["chat", "read"]
    assert (key["userName"], key["notes"], key["refId"]) == ("Anna", "for invoices", "42")
    assert status(gateway, key["key"]) == 200

    listed = gateway.get("/api/QueryApiKeys", key=ADMIN_SECRET).json
    assert listed["total"] == 1
    assert listed["results"] == [{n: v for n, v in key.items() if n != "key"}]


def test_create_takes_a_form_and_names_in_any_casing(gateway: Gateway) -> None:
    answer = gateway.client.post(
        "/api/CreateApiKey",
        data={"Name": "form", "Scopes": "Read,chat", "requests_per_minute": "5", "Models": "m"},
        headers={"authsecret": ADMIN_SECRET},
    )
    assert answer.status_code == 200, answer.data
    assert answer.json["scopes"] == ["chat", "read"]
    assert answer.json["requestsPerMinute"] == 5
    assert answer.json["models"] == ["m"]


def test_create_takes_a_key_that_is_brought_along_but_only_once(gateway: Gateway) -> None:
    secret = "0123456789abcdef0123456789abcdef"
    assert issued(gateway, key=secret)["key"] == secret
    assert status(gateway, secret) == 200
    again = call(gateway, "CreateApiKey", name="again", key=secret)
    assert code(again) == (400, "invalid_value")
    assert again.json["error"]["param"] == "key"
    assert secret not in again.get_data(as_text=True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("name", "", id="no name"),
        pytest.param("name", "a\nb", id="control characters"),
        pytest.param("userId", "a\x1fb", id="the separator of Redis keys"),
        pytest.param("scopes", ["chat", "fly"], id="no such scope"),
        pytest.param("requestsPerMinute", -1, id="negative"),
        pytest.param("requestsPerMinute", 10**9, id="too many to count"),
        pytest.param("monthlyCost", "much", id="no number"),
        pytest.param("expiryDate", "tomorrow", id="no date"),
        pytest.param("expiryDate", "2020-01-01", id="a date in the past"),
        pytest.param("key", "ak-short-secret", id="a weak key"),
        pytest.param("models", [""], id="an empty model"),
    ],
)
def test_create_names_the_wrong_field_and_changes_nothing(
    gateway: Gateway, field: str, value: Any
) -> None:
    answer = call(gateway, "CreateApiKey", **{"name": "test", field: value})
    assert code(answer) == (400, "invalid_value")
    assert answer.json["error"]["param"] == field
    assert "ak-short-secret" not in answer.get_data(as_text=True)
    assert gateway.get("/api/QueryApiKeys", key=ADMIN_SECRET).json["total"] == 0
    assert gateway.get("/api/QueryAuditLog", key=ADMIN_SECRET).json["total"] == 0


# --- its life -------------------------------------------------------------------------------------


def test_revoked_key_is_refused_for_good_and_may_be_revoked_again(gateway: Gateway) -> None:
    key = issued(gateway)
    for _ in range(2):
        answer = call(gateway, "RevokeApiKey", id=key["id"])
        assert answer.json["result"]["cancelledDate"]
        assert code(gateway.get("/v1/models", key=key["key"])) == (401, "invalid_api_key")
    assert code(call(gateway, "RotateApiKey", id=key["id"])) == (400, "invalid_value")
    assert gateway.get("/api/QueryApiKeys", key=ADMIN_SECRET).json["total"] == 0
    kept = gateway.get("/api/QueryApiKeys?includeCancelled=true", key=ADMIN_SECRET).json
    assert [row["id"] for row in kept["results"]] == [key["id"]]


def test_rotated_key_has_another_secret_and_the_same_jobs(gateway: Gateway) -> None:
    key = issued(gateway)
    gateway.post(QUEUE, {"refId": "r", "request": CHAT}, key=key["key"])
    turned = call(gateway, "RotateApiKey", id=key["id"]).json
    assert turned["key"] != key["key"]
    assert (turned["id"], turned["owner"]) == (key["id"], key["owner"])
    assert status(gateway, key["key"]) == 401
    assert gateway.get("/api/GetOpenAiChatStatus?refId=r", key=turned["key"]).status_code == 200


def test_rotated_key_keeps_its_old_secret_for_the_grace(gateway: Gateway) -> None:
    key = issued(gateway)
    turned = call(gateway, "RotateApiKey", id=key["id"], graceSecs=3600).json
    assert [status(gateway, secret) for secret in (key["key"], turned["key"])] == [200, 200]
    # A later rotation without grace ends all of them.
    last = call(gateway, "RotateApiKey", id=key["id"]).json
    secrets = (key["key"], turned["key"], last["key"])
    assert [status(gateway, secret) for secret in secrets] == [401, 401, 200]


def test_expired_key_is_refused(gateway: Gateway) -> None:
    moment = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    key = issued(gateway)
    call(gateway, "UpdateApiKey", id=key["id"], expiryDate=moment)
    assert status(gateway, key["key"]) == 401
    call(gateway, "UpdateApiKey", id=key["id"], reset=["expiryDate"])
    assert status(gateway, key["key"]) == 200


def test_update_changes_what_is_said_and_takes_away_what_is_reset(gateway: Gateway) -> None:
    key = issued(gateway, requestsPerMinute=5, tokensPerMinute=100, models=["m"], notes="old")
    answer = call(
        gateway,
        "UpdateApiKey",
        id=key["id"],
        name="new",
        tokensPerMinute=200,
        monthlyCost=1.5,
        reset=["requests_per_minute", "Models"],
    )
    row = answer.json["result"]
    assert row["name"] == "new"
    assert row["notes"] == "old"
    assert (row["tokensPerMinute"], row["monthlyCost"]) == (200, 1.5)
    assert "requestsPerMinute" not in row
    assert "models" not in row
    wrong = call(gateway, "UpdateApiKey", id=key["id"], reset=["owner"])
    assert wrong.json["error"]["param"] == "reset"


@pytest.mark.parametrize("dto", ["UpdateApiKey", "RevokeApiKey", "RotateApiKey"])
def test_change_of_a_key_that_is_not_there_is_404(gateway: Gateway, dto: str) -> None:
    assert code(call(gateway, dto, id=4711)) == (404, "api_key_not_found")


# --- what it may do -------------------------------------------------------------------------------


def test_scopes_say_what_a_key_may_do(gateway: Gateway) -> None:
    reader = issued(gateway, scopes=["read"])["key"]
    caller = issued(gateway, scopes=["chat"])["key"]
    answer = gateway.post(QUEUE, {"request": CHAT}, key=reader)
    assert code(answer) == (403, "forbidden")
    assert "'chat'" in answer.json["error"]["message"]
    assert gateway.post(QUEUE, {"request": CHAT}, key=caller).status_code == 200
    assert code(gateway.get("/v1/models", key=caller)) == (403, "forbidden")
    # A query that comes as a POST is still a query.
    asked = gateway.post("/api/ActiveAiModels", {}, key=reader)
    assert asked.status_code == 200


def test_admin_endpoints_want_their_scope(gateway: Gateway) -> None:
    plain = issued(gateway)["key"]
    viewer = issued(gateway, scopes=["admin:read"])["key"]
    keeper = issued(gateway, scopes=["admin:keys"])["key"]
    for key in (plain, viewer, API_KEY):
        assert code(call(gateway, "CreateApiKey", key, name="x")) == (403, "forbidden")
    assert call(gateway, "CreateApiKey", keeper, name="x").status_code == 200
    for key in (viewer, keeper):
        assert gateway.get("/api/QueryApiKeys", key=key).status_code == 200
    assert gateway.get("/api/QueryApiKeys", key=plain).status_code == 403


def test_keeper_of_keys_gets_no_more_power_than_it_has(gateway: Gateway) -> None:
    keeper = issued(gateway, scopes=["admin:keys"])["key"]
    admin = issued(gateway, scopes=["admin"])
    for answer in (
        call(gateway, "CreateApiKey", keeper, name="x", scopes=["admin"]),
        call(gateway, "CreateApiKey", keeper, name="x", scopes=["admin:providers"]),
        call(gateway, "UpdateApiKey", keeper, id=admin["id"], scopes=["chat"]),
        call(gateway, "RotateApiKey", keeper, id=admin["id"]),
        call(gateway, "RevokeApiKey", keeper, id=admin["id"]),
    ):
        assert code(answer) == (403, "forbidden")
    assert status(gateway, admin["key"]) == 200


def test_key_with_the_admin_scope_is_an_admin(gateway: Gateway) -> None:
    admin = issued(gateway, scopes=[Scope.ADMIN])["key"]
    job_id = gateway.queue()["id"]
    assert gateway.get(f"/api/GetOpenAiChatStatus?jobId={job_id}", key=admin).status_code == 200


def test_model_that_a_key_may_not_use_does_not_exist_for_it(gateway: Gateway) -> None:
    key = issued(gateway, models=["n*"])["key"]
    models = gateway.get("/v1/models", key=key).json["data"]
    assert [model["id"] for model in models] == ["n"]
    assert gateway.get("/api/ActiveAiModels", key=key).json["results"] == ["n"]
    assert code(gateway.get("/v1/models/m", key=key)) == (404, "model_not_found")
    refused = gateway.post(QUEUE, {"request": CHAT}, key=key)
    unknown = gateway.post(QUEUE, {"request": {**CHAT, "model": "zzz"}}, key=key)
    assert code(refused) == code(unknown) == (404, "model_not_found")
    shown = [answer.json["error"]["message"].replace("zzz", "m") for answer in (refused, unknown)]
    assert shown[0] == shown[1]


def test_keys_of_a_user_share_their_jobs_and_no_others(gateway: Gateway) -> None:
    first, second = (issued(gateway, userId="anna")["key"] for _ in range(2))
    other, alone = issued(gateway, userId="bert")["key"], issued(gateway)["key"]
    job_id = gateway.post(QUEUE, {"request": CHAT}, key=first).json["id"]
    answers = {
        key: gateway.get(f"/api/GetOpenAiChatStatus?jobId={job_id}", key=key).status_code
        for key in (first, second, other, alone, API_KEY)
    }
    assert list(answers.values()) == [200, 200, 404, 404, 404]


# --- limits ---------------------------------------------------------------------------------------


def test_limited_key_is_told_where_it_stands_with_every_answer(gateway: Gateway) -> None:
    key = issued(gateway, requestsPerMinute=2, tokensPerMinute=1000)["key"]
    first = gateway.post(QUEUE, {"request": CHAT}, key=key)
    assert first.headers["x-ratelimit-remaining-requests"] == "1"
    gateway.post(QUEUE, {"request": CHAT}, key=key)
    refused = gateway.post(QUEUE, {"request": CHAT}, key=key)
    assert code(refused) == (429, "rate_limit_exceeded")
    assert refused.json["error"]["type"] == "requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    looked = gateway.get("/v1/models", key=key)
    for answer in (refused, looked):
        assert answer.headers["x-ratelimit-limit-requests"] == "2"
        assert answer.headers["x-ratelimit-remaining-requests"] == "0"
        assert answer.headers["x-ratelimit-reset-requests"] in {"1m", "59s", "58s"}
        assert 0 < int(answer.headers["x-ratelimit-remaining-tokens"]) < 1000


def test_unlimited_key_is_told_of_no_limits(gateway: Gateway) -> None:
    for key in (issued(gateway)["key"], API_KEY):
        answer = gateway.post(QUEUE, {"request": CHAT}, key=key)
        assert [name for name, _ in answer.headers if name.startswith("x-ratelimit")] == []


def test_key_whose_budget_is_used_up_is_told_not_to_come_again(gateway: Gateway) -> None:
    key = issued(gateway, monthlyTokens=1)["key"]
    job_id = gateway.post(QUEUE, {"request": CHAT}, key=key).json["id"]
    gateway.run(job_id, Result.response(b'{"usage":{"total_tokens":5}}'))
    gateway.redis.hset(redis_keys.month_of(_key_id(gateway), _this_month()), "tokens", 5)
    refused = gateway.post(QUEUE, {"request": CHAT}, key=key)
    assert code(refused) == (429, "insufficient_quota")
    assert refused.headers["x-should-retry"] == "false"
    assert "Retry-After" not in refused.headers


def _key_id(gateway: Gateway) -> str:
    return f"key_{gateway.get('/api/QueryApiKeys', key=ADMIN_SECRET).json['results'][0]['id']}"


def _this_month() -> str:
    return datetime.now(UTC).strftime("%Y-%m")


# --- what goes away -------------------------------------------------------------------------------


def test_issued_key_works_on_while_the_database_is_away_but_cannot_be_changed(
    gateway: Gateway,
) -> None:
    key = issued(gateway)
    gateway.break_database()
    assert status(gateway, key["key"]) == 200
    for dto in ("RevokeApiKey", "RotateApiKey", "UpdateApiKey"):
        assert code(call(gateway, dto, id=key["id"])) == (503, "database_unavailable")
    assert code(call(gateway, "CreateApiKey", name="x")) == (503, "database_unavailable")
    assert status(gateway, key["key"]) == 200
    # Who it is cannot be told now; that is no reason to say that the key is wrong.
    gateway.redis.delete(redis_keys.KEY_RECORDS)
    assert code(gateway.get("/v1/models", key=key["key"])) == (503, "database_unavailable")
    assert status(gateway, API_KEY) == 200


def test_keys_come_back_from_the_database_when_redis_was_emptied(gateway: Gateway) -> None:
    key, ended = issued(gateway), issued(gateway)
    call(gateway, "RevokeApiKey", id=ended["id"])
    gateway.redis.flushall()
    assert [status(gateway, row["key"]) for row in (key, ended)] == [200, 401]


def test_action_that_cannot_be_written_down_is_not_done(gateway: Gateway) -> None:
    key = issued(gateway)
    gateway.database.write(lambda c: c.execute(text("ALTER TABLE audit RENAME TO gone")))
    answer = call(gateway, "RevokeApiKey", id=key["id"])
    assert code(answer) == (503, "database_unavailable")
    row = gateway.get("/api/QueryApiKeys", key=ADMIN_SECRET).json["results"][0]
    assert "cancelledDate" not in row
    assert status(gateway, key["key"]) == 200


# --- the audit log --------------------------------------------------------------------------------


def test_audit_log_tells_who_did_what_without_secrets(gateway: Gateway) -> None:
    keeper = issued(gateway, name="keeper", scopes=["admin:keys"])
    secret = "brought-along-0123456789abcdef0123456789"
    made = gateway.post(
        "/api/CreateApiKey",
        {"name": "made", "key": secret, "notes": "was ak-0123456789abcdef before"},
        key=keeper["key"],
        headers={"x-request-id": "deploy-7"},
    ).json
    call(gateway, "RevokeApiKey", id=made["id"])

    answer = gateway.get("/api/QueryAuditLog", key=ADMIN_SECRET)
    rows = answer.json["results"]
    assert [(row["actor"], row["action"], row["target"]) for row in rows] == [
        ("admin", "RevokeApiKey", f"key_{made['id']}"),
        (f"key_{keeper['id']}", "CreateApiKey", f"key_{made['id']}"),
        ("admin", "CreateApiKey", f"key_{keeper['id']}"),
    ]
    assert rows[1]["requestId"] == "deploy-7"
    assert rows[1]["address"] == "127.0.0.1"
    assert rows[1]["changes"]["name"] == "made"
    assert rows[1]["changes"]["key"] == "(removed)"
    shown = answer.get_data(as_text=True)
    for text_ in (secret, "ak-0123456789", keeper["key"], ADMIN_SECRET):
        assert text_ not in shown


def test_audit_log_is_found_by_actor_action_target_and_time(gateway: Gateway) -> None:
    ids = [issued(gateway)["id"] for _ in range(3)]
    call(gateway, "RevokeApiKey", id=ids[0])

    def found(**wanted: Any) -> int:
        answer = call(gateway, "QueryAuditLog", **wanted)
        assert answer.status_code == 200, answer.data
        return int(answer.json["total"])

    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert found() == 4
    assert found(target=f"key_{ids[0]}") == 2
    assert found(action="RevokeApiKey") == 1
    assert found(actor="somebody") == 0
    assert found(to=tomorrow) == 4
    assert found(**{"from": tomorrow}) == 0
    page = call(gateway, "QueryAuditLog", skip=1, take=2).json
    assert (page["offset"], page["total"], len(page["results"])) == (1, 4, 2)


def test_record_writes_down_an_action_before_it_is_done_or_raises(gateway: Gateway) -> None:
    app, admin = gateway.client.application, Principal("admin", is_admin=True)
    call = Call(admin, None, gateway.services, catalog.CREATE_PROVIDER)
    changes = {"apiKey": "sk-abc", "headers": {"x": "y"}, "models": ["m"], "nested": {"token": 1}}
    with app.test_request_context(headers={"x-request-id": "r-1"}):
        record(call, "acme", changes)
    (row,) = gateway.get("/api/QueryAuditLog", key=ADMIN_SECRET).json["results"]
    assert (row["actor"], row["action"], row["target"]) == ("admin", "CreateAiProvider", "acme")
    assert row["requestId"] == "r-1"
    assert row["changes"] == {
        "apiKey": "(removed)",
        "headers": "(removed)",
        "models": ["m"],
        "nested": {"token": "(removed)"},
    }
    gateway.break_database()
    with app.test_request_context(), pytest.raises(DatabaseUnavailable):
        record(call, "acme")
