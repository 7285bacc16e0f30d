"""Probes of the gateway: what they tell, that they need no key, and that they put no load on it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis
from click.testing import CliRunner

from cli import running
from cli.health import health
from gateway.probe import FAILED, FRESH_S, OK, SILENT, Probe, states_of
from shared.store import redis_keys as keys
from shared.store.client import connect
from shared.telemetry.workers import LOST_AFTER_S, Worker, WorkerBook
from tests.conftest import RedisServer
from tests.support.factories import new_settings
from tests.support.gateway_client import Gateway, build


@pytest.fixture
def gateway(ledger_redis: redis.Redis) -> Gateway:
    return build(ledger_redis, new_settings())


def beat(client: redis.Redis, name: str = "chat1@vm") -> None:
    WorkerBook(client).beat(Worker(name=name, started_ms=1, pid=7))


def checks(gateway: Gateway) -> tuple[int, dict[str, Any]]:
    answer = gateway.get("/readyz", key=None)
    return answer.status_code, dict(answer.json["checks"])


def test_process_that_answers_lives_whatever_else_is_down() -> None:
    with connect("redis://127.0.0.1:1/0", timeout_s=1, name="test") as client:
        gateway = build(client, new_settings())
        gateway.break_database()
        assert gateway.get("/livez", key=None).status_code == 200


def test_gateway_is_ready_when_all_that_a_job_needs_is_there(
    gateway: Gateway, ledger_redis: redis.Redis
) -> None:
    beat(ledger_redis)
    assert checks(gateway) == (200, {"redis": OK, "database": OK, "workers": OK})
    assert gateway.get("/readyz", key=None).json["status"] == "ready"


def test_gateway_without_a_worker_that_is_heard_is_not_ready(
    gateway: Gateway, ledger_redis: redis.Redis
) -> None:
    beat(ledger_redis)
    long_ago = -int((LOST_AFTER_S + 1) * 1000)
    ledger_redis.zincrby(
        keys.WORKERS, long_ago, Worker(name="chat1@vm", started_ms=1, pid=7).process
    )
    assert checks(gateway) == (503, {"redis": OK, "database": OK, "workers": "none is heard"})


def test_gateway_without_its_database_is_not_ready_and_says_so(
    gateway: Gateway, ledger_redis: redis.Redis
) -> None:
    beat(ledger_redis)
    gateway.break_database()
    assert checks(gateway) == (503, {"redis": OK, "database": "unreachable", "workers": OK})


def test_redis_that_answers_but_takes_no_writes_makes_it_not_ready(
    real_redis: redis.Redis, redis_server: RedisServer
) -> None:
    gateway = build(real_redis, new_settings())
    beat(real_redis)
    # Not a client of ours: it would ask for more than may be done on a connection that is new.
    with redis.Redis.from_url(redis_server.url) as operator:
        operator.config_set("maxmemory", 1)
        try:
            status, states = checks(gateway)
        finally:
            operator.config_set("maxmemory", 0)
    assert (status, states["redis"]) == (503, "refuses writes")


def test_redis_that_is_gone_is_named_without_its_address() -> None:
    with connect("redis://:hush@127.0.0.1:1/0", timeout_s=1, name="test") as client:
        gateway = build(client, new_settings())
        status, states = checks(gateway)
        assert (status, states["redis"]) == (503, "unreachable")
        assert states["workers"] == "not known without redis"
        text = gateway.get("/readyz", key=None).get_data(as_text=True)
        assert "hush" not in text
        assert "127.0.0.1" not in text


class Question:
    """Counts how often it is asked; answers when let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_answer = threading.Event()

    def __call__(self) -> str:
        self.asked += 1
        self.may_answer.wait(10)
        return OK


@pytest.fixture
def question() -> Iterator[Question]:
    question = Question()
    yield question
    question.may_answer.set()


def test_question_that_hangs_is_asked_once_however_many_want_to_know(question: Question) -> None:
    probe = Probe(question)
    for _ in range(20):
        assert states_of({"it": probe}, 0.001) == {"it": SILENT}
    assert question.asked == 1
    question.may_answer.set()
    assert states_of({"it": probe}, 5) == {"it": OK}


def test_answer_is_good_for_a_second_and_then_asked_anew(question: Question) -> None:
    now = [100.0]
    probe = Probe(question, lambda: now[0])
    question.may_answer.set()
    for _ in range(20):
        assert states_of({"it": probe}, 5) == {"it": OK}
    assert question.asked == 1
    now[0] += FRESH_S
    states_of({"it": probe}, 5)
    assert question.asked == 2


def test_question_that_cannot_be_asked_fails_and_its_reason_is_only_logged() -> None:
    def fail() -> str:
        raise RuntimeError("hush")

    assert states_of({"it": Probe(fail)}, 5) == {"it": FAILED}


def run(monkeypatch: pytest.MonkeyPatch, url: str, *words: str) -> tuple[int, str]:
    monkeypatch.setenv("REPLYTO_REDIS_URL", url)
    monkeypatch.setattr("socket.gethostname", lambda: "vm")
    result = CliRunner().invoke(health, list(words))
    return result.exit_code, result.output


def test_worker_is_found_by_its_short_name_its_whole_one_or_none(
    monkeypatch: pytest.MonkeyPatch, real_redis: redis.Redis, redis_server: Any
) -> None:
    beat(real_redis)
    for words in (["worker"], ["worker", "chat1"], ["worker", "chat1@vm"]):
        assert run(monkeypatch, redis_server.url, *words) == (0, "chat1@vm: ok\n")
    for words in (["worker", "chat2"], ["worker", "chat1@elsewhere"], ["worker", "chat"]):
        status, output = run(monkeypatch, redis_server.url, *words)
        assert status == 1
        assert "not heard" in output


def test_worker_whose_redis_is_gone_is_ill_and_no_password_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    status, output = run(monkeypatch, "redis://:hush@127.0.0.1:1/0", "worker", "--timeout", "1")
    assert status == 1
    assert "Redis does not answer" in output
    assert "hush" not in output


def test_gateway_that_does_not_answer_is_ill(monkeypatch: pytest.MonkeyPatch) -> None:
    for host in ("127.0.0.1", "0.0.0.0", "::", "[::1]"):
        monkeypatch.setenv("REPLYTO_HOST", host)
        monkeypatch.setenv("REPLYTO_PORT", "1")
        status, output = run(monkeypatch, "", "gateway")
        assert status == 1
        assert "no answer from http://" in output


@pytest.mark.parametrize("url", ["127.0.0.1:1", "http://127.0.0.1:1"])
def test_url_may_be_an_address_alone(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    status, output = run(monkeypatch, "", "gateway", "--url", url)
    assert (status, "no answer from http://127.0.0.1:1: " in output) == (1, True)


def test_port_that_is_none_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    status, output = run(monkeypatch, "", "gateway", "--url", "http://h:99999")
    assert (status, "must be a URL" in output) == (2, True)


def test_note_of_where_redis_is_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REPLYTO_DATA_DIR", str(tmp_path))
    (tmp_path / "redis.url").mkdir()
    status, output = run(monkeypatch, "", "worker")
    assert (status, str(tmp_path / "redis.url") in output) == (1, True)


def test_answer_that_never_ends_ends_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that answers one byte at a time is within every limit of a single read."""
    ended = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not ended.wait(0.05):
                connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        status, output = run(monkeypatch, "", "gateway", "--url", url, "--timeout", "0.3")
        ended.set()
        thread.join()
    assert (status, "no whole answer within 0.6 s" in output) == (1, True)


def test_gateway_of_replyto_up_is_found_whatever_its_port(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REPLYTO_DATA_DIR", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = f"http://127.0.0.1:{listener.getsockname()[1]}"
        running.note(tmp_path, place)
    status, output = run(monkeypatch, "", "gateway")
    assert (status, place in output) == (1, True)
