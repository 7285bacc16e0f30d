"""The admin's view of providers; what they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import redis

from gateway.app import create_app
from shared.providers.health import Health, Standing
from shared.providers.provider import Provider
from shared.security.sealing import Sealer, new_encryption_key
from shared.settings import Settings
from tests.support.factories import dump, new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, CHAT, Gateway, build

KEY = new_encryption_key()


def _settings(**fields: Any) -> Settings:
    secrets = {"api_key": API_KEY, "auth_secret": ADMIN_SECRET, "encryption_key": KEY}
    return new_settings(**{**secrets, **fields})


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    gateway = build(fake_redis, _settings())
    gateway.services.providers.follower.look()
    return gateway


def _admin(gateway: Gateway, dto: str, **fields: Any) -> Any:
    return gateway.post(f"/api/{dto}", fields, key=ADMIN_SECRET)


NEW = {"name": "new", "apiBaseUrl": "http://127.0.0.1:2/v1", "selectedModels": ["x"]}


def _registry(gateway: Gateway) -> dict[str, Provider]:
    document = gateway.services.providers.follower.store.read()[1]
    return {one.name: one for one in document.providers}


def test_created_provider_is_served_and_its_key_is_sealed(gateway: Gateway) -> None:
    answer = _admin(gateway, "CreateAiProvider", **NEW, apiKey="sk-very-secret", concurrency=0)
    assert answer.json["id"] == "1" or int(answer.json["id"])
    assert gateway.get("/v1/models/x").status_code == 200
    sealed = _registry(gateway)["new"].sealed_key
    assert Sealer(KEY).open(sealed or "") == "sk-very-secret"
    assert _registry(gateway)["new"].concurrency is None
    shown = gateway.get("/api/QueryAiProviders?name=new", key=ADMIN_SECRET)
    assert shown.json["results"][0]["hasApiKey"] is True
    assert b"secret" not in shown.data
    assert sealed not in shown.text


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        pytest.param({**NEW, "name": "acme"}, 422, "name", id="a name that is taken"),
        pytest.param({**NEW, "apiBaseUrl": "nowhere"}, 400, "apiBaseUrl", id="no URL"),
        pytest.param({**NEW, "aiTypeId": "telnet"}, 400, "aiTypeId", id="an unknown dialect"),
        pytest.param({**NEW, "selectedModels": []}, 400, "models", id="no model"),
        pytest.param({**NEW, "requestsPerMinute": -1}, 400, "requestsPerMinute", id="a negative"),
        pytest.param({"apiBaseUrl": "http://a/v1"}, 400, "name", id="no name"),
        pytest.param({**NEW, "batchPrice": 2}, 400, "batchPrice", id="a price above the price"),
        pytest.param(
            {**NEW, "aiTypeId": "ollama", "batch": True}, 400, "batch", id="no batches of its own"
        ),
        pytest.param({**NEW, "metricsUrl": "metrics"}, 400, "metricsUrl", id="no URL of metrics"),
        pytest.param(
            {**NEW, "metricsUrl": "http://169.254.169.254/metrics"},
            400,
            "metricsUrl",
            id="metrics where no provider may be",
        ),
        pytest.param(
            {**NEW, "metricsGauges": ["a b"]}, 400, "metricsGauges", id="no name of a gauge"
        ),
    ],
)
def test_wrong_provider_is_refused_and_changes_nothing(
    gateway: Gateway, fields: dict[str, Any], status: int, field: str
) -> None:
    before = dump(gateway.redis)
    answer = _admin(gateway, "CreateAiProvider", **fields)
    assert answer.status_code == status
    assert answer.json["responseStatus"]["errors"][0]["fieldName"] == field
    after = dump(gateway.redis)
    assert after.pop(b"counters", None) is None
    assert after == before


def test_batch_learning_and_metrics_are_said_shown_and_taken_back(gateway: Gateway) -> None:
    own = {"adaptive": True, "batch": True, "batchPrice": 0.25, "metricsGauges": ["queue:size"]}
    told = {**own, "metricsUrl": "http://u:secret@127.0.0.1:2/metrics"}
    assert _admin(gateway, "CreateAiProvider", **NEW, **told).status_code == 200
    kept = _registry(gateway)["new"]
    assert (kept.adaptive, kept.batch, kept.batch_price) == (True, True, 0.25)
    assert kept.metrics_gauges == ("queue:size",)

    def shown() -> dict[str, Any]:
        found = gateway.get("/api/QueryAiProviders?name=new", key=ADMIN_SECRET)
        assert "secret" not in found.text
        return dict(found.json["results"][0])

    row = shown()
    assert {name: row[name] for name in own} == own
    # Sent back as it is shown, a URL stays what it is.
    again = {"name": "new", "metricsUrl": row["metricsUrl"], "adaptive": False}
    assert gateway.post("/api/UpdateAiProvider", again, key=ADMIN_SECRET).status_code == 200
    assert "secret" in str(_registry(gateway)["new"].metrics_url)
    gone = {"name": "new", "batch": False, "metricsUrl": "", "metricsGauges": []}
    assert gateway.post("/api/UpdateAiProvider", gone, key=ADMIN_SECRET).status_code == 200
    kept = _registry(gateway)["new"]
    assert (kept.adaptive, kept.metrics_url, kept.metrics_gauges) == (False, None, ())


def test_changes_are_in_the_audit_log_without_their_secrets(gateway: Gateway) -> None:
    _admin(gateway, "CreateAiProvider", **NEW, apiKey="sk-very-secret")
    _admin(gateway, "CreateAiProvider", **{**NEW, "name": "acme"})
    _admin(gateway, "ChangeAiProviderStatus", provider="new", online=False)

    log = gateway.get("/api/QueryAuditLog", key=ADMIN_SECRET)

    assert [(row["action"], row["target"]) for row in log.json["results"]] == [
        ("ChangeAiProviderStatus", "new"),
        ("CreateAiProvider", "new"),
    ]
    assert log.json["results"][1]["changes"]["sealed_key"] == "(removed)"
    assert "very-secret" not in log.text


def test_change_that_cannot_be_written_down_is_not_made(gateway: Gateway) -> None:
    gateway.break_database()

    assert _admin(gateway, "CreateAiProvider", **NEW).status_code == 503
    assert "new" not in _registry(gateway)


def test_scope_for_providers_is_enough_to_change_them(gateway: Gateway) -> None:
    scopes = {"name": "ops", "scopes": ["admin:providers"]}
    key = _admin(gateway, "CreateApiKey", **scopes).json["key"]

    assert gateway.post("/api/CreateAiProvider", NEW, key=key).status_code == 200
    assert gateway.post("/api/CancelWorker", {"worker": "w"}, key=key).status_code == 403


def test_update_changes_what_is_given_and_nothing_else(gateway: Gateway) -> None:
    answer = gateway.client.patch(
        "/api/UpdateAiProvider",
        data=json.dumps({"name": "acme", "priority": 7, "concurrency": 3}),
        headers={"Authorization": f"Bearer {ADMIN_SECRET}", "content-type": "application/json"},
    )
    assert answer.status_code == 200
    acme = _registry(gateway)["acme"]
    assert (acme.priority, acme.concurrency, acme.models["m"]) == (7, 3, "acme/m")
    _admin(gateway, "UpdateAiProvider", name="acme", concurrency=0, models=[{"model": "n"}])
    acme = _registry(gateway)["acme"]
    assert (acme.priority, acme.concurrency, dict(acme.models)) == (7, None, {"n": "n"})


def test_deleted_provider_does_not_come_back_with_the_file(gateway: Gateway) -> None:
    assert _admin(gateway, "DeleteAiProvider", name="acme").status_code == 200
    gateway.services.providers.follower.reload(
        [Provider.model_validate({"name": "acme", "base_url": "http://a/v1", "models": ["m"]})]
    )
    assert _registry(gateway) == {}
    assert gateway.post("/v1/chat/completions", CHAT).status_code == 404
    assert _admin(gateway, "DeleteAiProvider", name="acme").status_code == 404


def test_job_is_refused_when_no_provider_is_online_and_the_setting_says_so(
    fake_redis: redis.Redis,
) -> None:
    gateway = build(fake_redis, _settings(no_provider="refuse"))
    gateway.services.providers.follower.look()
    _admin(gateway, "ChangeAiProviderStatus", provider="acme", online=False)
    answer = gateway.post("/api/QueueOpenAiChatCompletion", {"request": CHAT})
    assert answer.status_code == 503
    assert answer.json["error"]["code"] == "no_provider"
    assert "taken offline by the operator" in answer.json["error"]["message"]
    assert int(answer.headers["Retry-After"]) <= 120
    _admin(gateway, "ChangeAiProviderStatus", provider="acme", online=True)
    assert gateway.post("/api/QueueOpenAiChatCompletion", {"request": CHAT}).status_code == 200


def test_job_is_queued_when_no_provider_is_online_and_its_status_says_why(
    gateway: Gateway,
) -> None:
    away = Health(standing=Standing.OFFLINE, reason="it could not be reached")
    gateway.services.providers.health_store.set("acme", away)
    gateway.services.providers.follower.look()
    job = gateway.queue()
    status = gateway.get(f"/api/GetOpenAiChatStatus?jobId={job['id']}").json
    assert status["jobState"] == "Queued"
    assert "acme is offline (it could not be reached)" in status["status"]
    shown = gateway.get("/api/GetActiveProviders").json["results"]
    assert shown == []


def test_app_has_each_dto(gateway: Gateway) -> None:
    rules = {rule.rule for rule in create_app(gateway.services).url_map.iter_rules()}
    for dto in ("GetWorkerStats", "CancelWorker", "Reload", "CheckAiProviderStatus"):
        assert f"/api/{dto}" in rules


def test_active_providers_tell_where_they_are_to_the_admin_alone(gateway: Gateway) -> None:
    _admin(gateway, "UpdateAiProvider", name="acme", apiBaseUrl="http://me:sk-pass@127.0.0.1:1/v1")
    (own,) = gateway.get("/api/GetActiveProviders").json["results"]
    assert (own["name"], own["models"][0]["model"]) == ("acme", "m")
    assert "127.0.0.1" not in json.dumps(own)
    (shown,) = gateway.get("/api/GetActiveProviders", key=ADMIN_SECRET).json["results"]
    assert shown["apiBaseUrl"] == "http://***@127.0.0.1:1/v1"


PROXIED = {**NEW, "proxy": "http://me:pr0xy@proxy.example.com:3128"}


def test_proxy_password_is_never_shown_and_what_was_shown_may_come_back(gateway: Gateway) -> None:
    url = "http://me:url-s3cret@127.0.0.1:2/v1"
    _admin(gateway, "CreateAiProvider", **{**PROXIED, "apiBaseUrl": url})
    shown = gateway.get("/api/QueryAiProviders?name=new", key=ADMIN_SECRET)
    told = shown.json["results"][0]
    assert told["proxy"] == "http://***@proxy.example.com:3128"
    again = {name: told[name] for name in ("name", "proxy", "apiBaseUrl")}
    _admin(gateway, "UpdateAiProvider", **again, priority=3)
    kept = _registry(gateway)["new"]
    assert (kept.proxy, str(kept.base_url), kept.priority) == (PROXIED["proxy"], url, 3)
    audit = gateway.get("/api/QueryAuditLog", key=ADMIN_SECRET)
    assert audit.status_code == 200
    assert b"UpdateAiProvider" in audit.data
    for answer in (shown, audit, gateway.get("/api/GetActiveProviders", key=ADMIN_SECRET)):
        assert b"pr0xy" not in answer.data
        assert b"url-s3cret" not in answer.data


def test_empty_text_takes_a_proxy_away(gateway: Gateway) -> None:
    _admin(gateway, "CreateAiProvider", **PROXIED)
    _admin(gateway, "UpdateAiProvider", name="new", proxy="")
    assert _registry(gateway)["new"].proxy is None


def test_places_of_a_provider_are_told_to_the_admin_alone(gateway: Gateway) -> None:
    _admin(gateway, "CreateAiProvider", **PROXIED)
    rows = gateway.get("/api/GetActiveProviders").json["results"]
    assert any(row["name"] == "new" for row in rows)
    assert not any("proxy" in row for row in rows)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("proxy", "socks5://proxy:1"),
        ("proxy", "env:REPLYTO_AUTH_SECRET"),
        ("caFile", "/etc/passwd"),
        ("caFile", "ca.pem"),
        ("clientCert", "client.pem"),
    ],
)
def test_way_out_that_the_api_may_not_name(gateway: Gateway, field: str, value: str) -> None:
    answer = _admin(gateway, "CreateAiProvider", **NEW, **{field: value})
    assert answer.status_code == 400
    assert answer.json["responseStatus"]["errors"][0]["fieldName"] == field
    assert "new" not in _registry(gateway)


def test_files_of_the_operators_folder_may_be_named(
    fake_redis: redis.Redis, tmp_path: Path
) -> None:
    gateway = build(fake_redis, _settings(certificates_dir=tmp_path))
    answer = _admin(gateway, "CreateAiProvider", **NEW, caFile="ca.pem", clientCert="me.pem")
    assert answer.status_code == 200
    made = _registry(gateway)["new"]
    assert made.ca_file == str(tmp_path / "ca.pem")
    shown = gateway.get("/api/QueryAiProviders?name=new", key=ADMIN_SECRET).json["results"][0]
    again = _admin(gateway, "UpdateAiProvider", name="new", caFile=shown["caFile"], priority=1)
    assert again.status_code == 200
    for name in ("../ca.pem", "/etc/passwd", "a/b.pem", "..", ".hidden", "a\x00b", str(tmp_path)):
        refused = _admin(gateway, "UpdateAiProvider", name="new", caFile=name)
        assert refused.status_code == 400, name
    assert _admin(gateway, "UpdateAiProvider", name="new", caFile="").status_code == 200
    assert _registry(gateway)["new"].ca_file is None
