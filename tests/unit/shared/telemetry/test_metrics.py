"""`/metrics`: what is told, to whom, and that neither labels nor the cost of asking can grow."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from gateway.admin.metrics_page import FRESH_S, MetricsPage
from shared.dtos.catalog import CATALOG
from shared.providers.provider import Registry
from shared.store import redis_keys as keys
from shared.store.client import connect
from shared.store.clock import unix_ms
from shared.telemetry import tally
from shared.telemetry.labels import OTHER, Names, summed
from shared.telemetry.tally import Counts, Tallied, Tally
from shared.telemetry.workers import Worker, WorkerBook
from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, CHAT, PROVIDERS, Gateway, build

TOKEN = "a-token-of-its-own"
SETTINGS = new_settings(
    api_key=SecretStr(API_KEY),
    auth_secret=SecretStr(ADMIN_SECRET),
    metrics_token=SecretStr(TOKEN),
)


@pytest.fixture
def gateway(ledger_redis: redis.Redis) -> Gateway:
    return build(ledger_redis, SETTINGS)


def page(gateway: Gateway, key: str | None = TOKEN) -> str:
    answer = gateway.get("/metrics", key=key)
    assert answer.status_code == 200, answer.data
    return str(answer.get_data(as_text=True))


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Return each sample's value by its name, and its labels' values in the order of the labels."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def fill(gateway: Gateway) -> None:
    """Let everything have happened that has a metric."""
    made = Tally()
    made.add(Tallied.JOBS, "m", "acme", "chat", "completed", number=3)
    made.add(Tallied.JOBS, "gone", "nobody", "chat", "failed", number=2)
    made.add(Tallied.TOKENS, "m", "acme", "prompt", number=70)
    made.add(Tallied.DELIVERIES, "delivered")
    made.add(Tallied.ATTEMPTS, "failed")
    for what in (Tallied.WAIT, Tallied.RUN, Tallied.TOTAL):
        for ms in (3, 30, 700_000):
            made.observe(what, ms, "m")
        made.observe(what, 30, "gone")
    made.observe(Tallied.CALLBACK, 90)
    made.flush(gateway.redis)
    book = WorkerBook(gateway.redis)
    book.beat(
        Worker(
            name="chat1@vm",
            started_ms=unix_ms(),
            pid=7,
            queues=("chat.m",),
            slots=10,
            busy=4,
            models={"m": 4},
            memory_bytes=1_000,
            cpu_s=1.5,
        )
    )
    for _ in range(5):
        gateway.queue()


def test_page_tells_what_was_counted_and_how_things_stand(gateway: Gateway) -> None:
    fill(gateway)
    told = samples(page(gateway))
    assert told["replyto_ledger_up",] == 1
    assert told["replyto_jobs_ended_total", "m", "chat", "completed", "acme"] == 3
    assert told["replyto_jobs_ended_total", OTHER, "chat", "failed", OTHER] == 2
    assert told["replyto_tokens_total", "prompt", "m", "acme"] == 70
    assert told["replyto_queue_depth", "m"] == 5
    assert told["replyto_queue_depth", "n"] == 0
    assert told["replyto_queue_waiting", "m", "queued"] == 5
    assert told["replyto_jobs_in_flight", "m"] == 4
    assert told["replyto_queue_slots_busy", "m"] == 4
    assert told["replyto_workers", "chat"] == 1
    assert told["replyto_worker_cpu_seconds_total", "chat1@vm"] == 1.5
    assert told["replyto_deliveries_ended_total", "delivered"] == 1
    assert told["replyto_job_wait_seconds_bucket", "0.01", "m"] == 1
    assert told["replyto_job_wait_seconds_bucket", "0.05", "m"] == 2
    assert told["replyto_job_wait_seconds_bucket", "600.0", "m"] == 2
    assert told["replyto_job_wait_seconds_bucket", "+Inf", "m"] == 3
    assert told["replyto_job_wait_seconds_count", "m"] == 3
    assert told["replyto_job_wait_seconds_sum", "m"] == pytest.approx(700.033)
    assert told["replyto_callback_seconds_count",] == 1
    assert told["process_resident_memory_bytes",] > 1_000_000


def test_page_tells_what_was_accepted_and_answered_by_endpoints_of_the_catalog(
    gateway: Gateway,
) -> None:
    gateway.queue(refId="once")
    gateway.queue(refId="once")
    bulk = [{"request": CHAT}, {"request": CHAT, "refId": "once"}]
    assert gateway.post("/api/QueueOpenAiChatCompletion[]", bulk).status_code == 200
    gateway.get("/v1/models/m")
    gateway.get("/v1/models/none")
    for number in range(9):
        gateway.get(f"/nowhere/{number}")
    gateway.services.tally.flush(gateway.redis)
    told = samples(page(gateway))
    assert told["replyto_jobs_accepted_total", "m", "chat"] == 2
    asked = {key[1:]: n for key, n in told.items() if key[0] == "replyto_http_requests_total"}
    assert asked.pop(("QueueOpenAiChatCompletion", "200")) == 2
    assert asked.pop((OTHER, "404")) == 9
    assert {endpoint for endpoint, _ in asked} <= {one.name for one in CATALOG}
    assert sorted(asked.values()) == [1, 1, 1]


def test_depth_of_a_model_counts_what_stands_behind_the_window(ledger_redis: redis.Redis) -> None:
    settings = SETTINGS.model_copy(update={"queue_window": 2})
    gateway = build(ledger_redis, settings)
    for _ in range(9):
        gateway.queue()
    assert ledger_redis.llen(keys.message_list("chat.m", 5)) < 9
    assert samples(page(gateway))["replyto_queue_depth", "m"] == 9


def test_promtool_finds_nothing(gateway: Gateway) -> None:
    fill(gateway)
    checked = subprocess.run(
        ["promtool", "check", "metrics"],
        input=page(gateway).encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_alert_rules_and_scrape_config_of_the_docs_are_valid() -> None:
    folder = Path(__file__).parents[4] / "docs" / "monitoring"
    for what, file in (("rules", "alerts.yml"), ("config", "prometheus.yml")):
        checked = subprocess.run(
            ["promtool", "check", what, folder / file],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert checked.returncode == 0, checked


def test_metrics_that_docs_name_are_told(gateway: Gateway) -> None:
    """Rules, dashboard and page: what they ask for is there, under that name."""
    fill(gateway)
    known = set(re.findall(r"^# HELP (\w+)", page(gateway), re.MULTILINE))
    docs = Path(__file__).parents[4] / "docs"
    files = [docs / "observability.md", *(docs / "monitoring").iterdir()]
    for file in files:
        for name in re.findall(r"\breplyto_\w+", file.read_text("utf-8")):
            assert name.removesuffix("_bucket") in known, (file.name, name)


@pytest.mark.parametrize(
    ("key", "status"),
    [
        pytest.param(TOKEN, 200, id="the token of its own"),
        pytest.param(ADMIN_SECRET, 200, id="the admin secret"),
        pytest.param(API_KEY, 403, id="an API key"),
        pytest.param("wrong", 401, id="a wrong key"),
        pytest.param(None, 401, id="none"),
        pytest.param("", 401, id="an empty one"),
    ],
)
def test_page_is_for_admins_and_who_has_the_token(
    gateway: Gateway, key: str | None, status: int
) -> None:
    assert gateway.get("/metrics", key=key).status_code == status


def test_token_opens_nothing_else_and_none_that_is_not_set_opens_the_page(
    gateway: Gateway, ledger_redis: redis.Redis
) -> None:
    for path in ("/api/GetOverview", "/v1/models", "/api/GetSettings"):
        assert gateway.get(path, key=TOKEN).status_code == 401
    without = build(ledger_redis, new_settings(auth_secret=SecretStr(ADMIN_SECRET)))
    answer = without.client.get("/metrics", headers={"Authorization": "Bearer "})
    assert answer.status_code == 401


def test_secrets_are_not_told(gateway: Gateway) -> None:
    fill(gateway)
    text = page(gateway)
    for secret in (TOKEN, ADMIN_SECRET, API_KEY):
        assert secret not in text
    rows = gateway.get("/api/GetSettings", key=ADMIN_SECRET).get_data(as_text=True)
    assert TOKEN not in rows


def test_ledger_that_is_away_is_told_beside_the_figures_of_the_process() -> None:
    with connect("redis://127.0.0.1:1/0", timeout_s=1, name="test") as client:
        told = samples(page(build(client, SETTINGS)))
    assert told["replyto_ledger_up",] == 0
    assert told["process_open_fds",] > 0
    assert ("replyto_workers", "chat") not in told


def test_page_is_read_once_a_second_however_often_it_is_asked_for(
    ledger_redis: redis.Redis,
) -> None:
    now = [100.0]
    page = MetricsPage(ledger_redis, Registry(PROVIDERS), SETTINGS, lambda: now[0])
    Tally().flush(ledger_redis)

    def depth() -> float:
        return samples(page.text("")[0].decode())["replyto_deliveries_delayed",]

    assert depth() == 0
    ledger_redis.zadd(keys.DELIVERIES_DELAYED, {"1": unix_ms()})
    assert depth() == 0
    now[0] += FRESH_S
    assert depth() == 1


def test_form_is_the_one_that_the_scraper_asks_for(gateway: Gateway) -> None:
    answer = gateway.client.get(
        "/metrics",
        headers={"Authorization": f"Bearer {TOKEN}", "Accept": "application/openmetrics-text"},
    )
    assert "openmetrics" in answer.headers["Content-Type"]
    assert answer.get_data(as_text=True).endswith("# EOF\n")
    assert gateway.get("/metrics", key=TOKEN).headers["Content-Type"].startswith("text/plain")


def test_names_one_too_many_are_other_and_nothing_of_them_is_lost() -> None:
    names = Names((f"m{n}" for n in range(10)), most=3)
    assert names.known == ("m0", "m1", "m2")
    counts: dict[tuple[str, ...], int] = {(f"m{n}", "x"): 1 for n in range(10)}
    assert summed(counts, names) == {
        ("m0", "x"): 1,
        ("m1", "x"): 1,
        ("m2", "x"): 1,
        (OTHER, "x"): 7,
    }


def test_tally_keeps_what_it_cannot_write_and_writes_it_later(ledger_redis: redis.Redis) -> None:
    made = Tally()
    made.add(Tallied.DELIVERIES, "delivered", number=2)
    with (
        connect("redis://127.0.0.1:1/0", timeout_s=1, name="test") as away,
        pytest.raises(redis.RedisError),
    ):
        made.flush(away)
    made.add(Tallied.DELIVERIES, "delivered")
    made.flush(ledger_redis)
    made.flush(ledger_redis)
    assert Counts.read(ledger_redis).of(Tallied.DELIVERIES) == {("delivered",): 3}


def test_counts_that_find_no_room_are_told_as_dropped(
    ledger_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "MOST", 2)
    for model in ("a", "b", "c", "a", "d"):
        made = Tally()
        made.add(Tallied.JOBS, model)
        made.flush(ledger_redis)
    counts = Counts.read(ledger_redis)
    assert counts.of(Tallied.JOBS) == {("a",): 2, ("b",): 1}
    assert counts.dropped == 2
