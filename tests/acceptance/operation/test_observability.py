"""Logs of every process in one form, and a real Prometheus that scrapes what they do."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from cli.ports import free_port
from tests.acceptance.system.guard import Guard
from tests.acceptance.system.polling import until
from tests.acceptance.system.process import Process
from tests.acceptance.system.stack import CALLBACKS, CHAT, COMPLETION, GATEWAY, REDIS, Stack

TOKEN = "a-token-for-metrics"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {
        "REPLYTO_LOG_FORMAT": "json",
        "REPLYTO_ACCESS_LOG": "true",
        "REPLYTO_METRICS_TOKEN": TOKEN,
        "REPLYTO_GATEWAY_PROCESSES": "2",
    }
    directory = tmp_path_factory.mktemp("observability")
    models = ("demo-instant", "demo-fail-400")
    with Stack(directory, demo_models=models, settings=settings) as stack:
        yield stack.open(REDIS, GATEWAY, CHAT, COMPLETION, CALLBACKS)


def lines(stack: Stack, *roles: str) -> list[dict[str, Any]]:
    """Return what these roles have logged; fails for what is not one JSON object a line."""
    return [json.loads(line) for role in roles for line in stack.log(role).splitlines()]


def run_jobs(stack: Stack) -> None:
    with stack.api() as api:
        for model, number in (("demo-instant", 3), ("demo-fail-400", 1)):
            for n in range(number):
                answer = api.post(
                    "/api/QueueOpenAiChatCompletion",
                    json={
                        "refId": f"{model}-{n}",
                        "replyTo": stack.receiver.url(f"/{model}/{n}"),
                        "request": {
                            "model": model,
                            "messages": [{"role": "user", "content": "hi"}],
                        },
                    },
                    headers={"x-request-id": f"mine-{model}-{n}"},
                )
                assert answer.status_code == 200, answer.text


def metrics(stack: Stack) -> str:
    answer = requests.get(
        f"{stack.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30
    )
    assert answer.status_code == 200
    return answer.text


def test_logs_and_metrics_tell_what_happened(stack: Stack) -> None:
    run_jobs(stack)
    for sample in (
        'replyto_delivery_attempts_total{outcome="delivered"} 4.0',
        'model="demo-instant",operation="chat",outcome="completed",provider="demo"} 3.0',
        'model="demo-fail-400",operation="chat",outcome="failed",provider="demo"} 1.0',
        'replyto_tokens_total{kind="prompt",model="demo-instant",provider="demo"}',
    ):
        until(lambda: sample in metrics(stack), sample, within_s=60, every_s=0.5)  # noqa: B023
    _check_lines(stack)
    text = metrics(stack)
    checked = subprocess.run(
        ["promtool", "check", "metrics"],
        input=text.encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def _check_lines(stack: Stack) -> None:
    written = lines(stack, GATEWAY, CHAT, COMPLETION, CALLBACKS)
    assert {line["process"].split("@")[0] for line in written} == {
        *(GATEWAY, CHAT, COMPLETION, CALLBACKS)
    }
    assert not [line for line in written if "superuser" in line["message"]]
    assert stack.api_key not in json.dumps(written)
    (end,) = (
        one
        for one in written
        if one.get("request_id") == "mine-demo-instant-0" and "Completed" in one["message"]
    )
    about = [one for one in written if one.get("job") == end["job"]]
    assert {one["process"].split("@")[0] for one in about} == {
        *(GATEWAY, CHAT, COMPLETION, CALLBACKS)
    }
    (access,) = (one for one in about if one["process"] == GATEWAY)
    assert access["status"] == 200
    assert access["key"] == "bootstrap"
    assert access["model"] == "demo-instant"
    assert access["duration_ms"] >= 0


def test_what_is_no_request_and_what_forges_lines_is_logged_in_the_form(stack: Stack) -> None:
    port = int(stack.url.rsplit(":", 1)[1])
    for sent in (b"GET /up HTTP/9\r\n\r\n", b"\x1b[2J\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(sent)
            assert b"400" in connection.recv(1000)
    requests.get(f"{stack.url}/no%0d%0a%1b[2Jsuch?api_key=hushhush", timeout=10)
    until(lambda: "such" in stack.log(GATEWAY), "the line is there", within_s=10)
    written = lines(stack, GATEWAY)
    assert "hushhush" not in stack.log(GATEWAY)
    assert [one for one in written if one.get("status") == 400]
    (forged,) = (one for one in written if "such" in one.get("path", ""))
    assert forged["path"] == "/no\r\n\x1b[2Jsuch"


@pytest.fixture
def prometheus(stack: Stack, tmp_path: Path) -> Iterator[str]:
    """Start Debian's Prometheus with the configuration of the docs; return its URL."""
    docs = Path(__file__).parents[3] / "docs" / "monitoring"
    config = (docs / "prometheus.yml").read_text("utf-8")
    for here, there in (
        ("127.0.0.1:5006", stack.url.removeprefix("http://")),
        ("the-metrics-token", TOKEN),
        ("alerts.yml", str(docs / "alerts.yml")),
        ("15s", "1s"),
    ):
        assert here in config
        config = config.replace(here, there)
    (tmp_path / "prometheus.yml").write_text(config, "utf-8")
    port, guard = free_port(), Guard()
    argv = [
        "prometheus",
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    process = Process("prometheus", argv, {}, tmp_path / "prometheus.log", guard)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        guard.close()


def query(prometheus: str, expression: str) -> list[dict[str, Any]]:
    """Return what Prometheus answers now; nothing while it starts."""
    try:
        answer = requests.get(
            f"{prometheus}/api/v1/query", params={"query": expression}, timeout=10
        ).json()
    except (requests.RequestException, ValueError):
        return []
    return list(answer.get("data", {}).get("result", []))


def test_real_prometheus_scrapes_the_stack_and_answers_the_autoscalers_query(
    stack: Stack, prometheus: str
) -> None:
    until(
        lambda: query(prometheus, 'up{job="replyto"} == 1'), "Prometheus has scraped", within_s=60
    )
    stack.pause(CHAT)
    try:
        with stack.api() as api:
            for _ in range(70):
                api.post(
                    "/api/QueueOpenAiChatCompletion",
                    json={"request": {"model": "demo-instant", "messages": [_HI]}},
                )
        # More than the window of messages holds: one may be in the frozen worker's hands.
        until(
            lambda: query(prometheus, 'max(replyto_queue_depth{model="demo-instant"}) >= 69'),
            "the queue's depth is known",
            within_s=60,
        )
    finally:
        stack.resume(CHAT)
    until(
        lambda: query(prometheus, 'max(replyto_queue_depth{model="demo-instant"}) == 0'),
        "the queue is empty",
        within_s=60,
    )
    rules = requests.get(f"{prometheus}/api/v1/rules", timeout=10).json()["data"]["groups"]
    assert all(rule["health"] in {"ok", "unknown"} for group in rules for rule in group["rules"])


_HI = {"role": "user", "content": "hi"}
