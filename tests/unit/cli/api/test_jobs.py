"""`replyto jobs` and `replyto stats` against a gateway that listens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from click.testing import CliRunner
from pydantic import SecretStr

from cli.api.gateway import GatewayApi
from cli.api.jobs import moved
from cli.main import main
from cli.wsgi_thread import ServerThread
from shared.history.writer import HistoryWriter
from shared.jobs.job import JobState
from shared.jobs.moves import Result
from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, Gateway, build
from tests.support.history import ended_job, record


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    keys = {"api_key": SecretStr(API_KEY), "auth_secret": SecretStr(ADMIN_SECRET)}
    gateway = build(fake_redis, new_settings(**keys))
    jobs = [
        ended_job(1, owner="bootstrap", tag="night"),
        ended_job(2, owner="bootstrap", state=JobState.FAILED, ref_id="order\x1b[2J"),
        ended_job(3, owner="other"),
    ]
    gateway.redis.set("jobs:id", 3)
    HistoryWriter(gateway.database).store([record(job) for job in jobs])
    return gateway


@pytest.fixture
def url(gateway: Gateway) -> Iterator[str]:
    server = ServerThread(gateway.client.application)
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


def replyto(url: str, *args: str) -> str:
    result = CliRunner().invoke(main, [*args, "--url", url, "--key", API_KEY])
    assert result.exit_code == 0, result.output
    return result.output


def test_list_shows_own_jobs_and_no_control_characters(url: str) -> None:
    output = replyto(url, "jobs", "list")
    lines = output.splitlines()
    assert lines[0].split()[:3] == ["JOB", "REFID", "STATE"]
    assert [line.split()[0] for line in lines[1:]] == ["2", "1"]
    assert "\x1b" not in output
    assert replyto(url, "jobs", "list", "--tag", "none") == "No jobs.\n"
    assert "… 1 of 2" in replyto(url, "jobs", "list", "--take", "1")


def test_show_tells_what_was_asked_and_answered(url: str) -> None:
    output = replyto(url, "jobs", "show", "1")
    assert '{"model":"m"}' in output
    assert "Completed" in output
    assert "ref-1" in replyto(url, "jobs", "show", "ref-1")


def test_cancel_and_retry_tell_what_became_of_it(url: str) -> None:
    assert replyto(url, "jobs", "cancel", "1") == "job 1: ended\n"
    assert replyto(url, "jobs", "retry", "--state", "Failed", "--dry-run") == (
        "1 job would be retried\n"
    )
    assert replyto(url, "jobs", "retry", "2") == "job 2: Queued\n"
    assert replyto(url, "jobs", "retry", "--state", "Failed") == "1 job matched, 0 retried\n"


def test_callbacks_list_shows_own_deliveries(url: str, gateway: Gateway) -> None:
    assert replyto(url, "callbacks", "list") == "No deliveries.\n"
    for ref_id in ("order-1", "order-2"):
        job_id = gateway.queue(refId=ref_id, replyTo="https://93.184.216.34/x")["id"]
        gateway.run(job_id, Result.response(b"{}"))

    lines = replyto(url, "callbacks", "list").splitlines()
    assert lines[0].split()[:3] == ["JOB", "REFID", "STATE"]
    assert [line.split()[1:3] for line in lines[1:]] == [
        ["order-2", "Pending"],
        ["order-1", "Pending"],
    ]
    assert "… 1 of 2; see --take" in replyto(url, "callbacks", "list", "--take", "1")
    assert replyto(url, "callbacks", "list", "--state", "delivered") == "No deliveries.\n"


def test_keys_list_shows_whom_they_are_for_and_never_a_secret(url: str) -> None:
    def keys(*args: str) -> str:
        environment = {"REPLYTO_AUTH_SECRET": ADMIN_SECRET}
        result = CliRunner().invoke(main, ["keys", *args, "--url", url], env=environment)
        assert result.exit_code == 0, result.output
        return result.output

    assert keys("list") == "No keys were issued.\n"
    made = keys("create", "shop", "--scopes", "chat")
    secret = next(line for line in made.splitlines() if line.startswith("key")).split()[-1]

    lines = keys("list").splitlines()
    assert lines[0].split()[:3] == ["ID", "KEY", "NAME"]
    assert lines[1].split()[2] == "shop"
    assert secret not in "\n".join(lines)


def test_failure_is_one_line(url: str, tmp_path: Path) -> None:
    del tmp_path
    result = CliRunner().invoke(main, ["jobs", "show", "99", "--url", url, "--key", API_KEY])
    assert result.exit_code == 1
    assert result.output == f"Error: {url} answered 404: No such job.\n"


@pytest.mark.parametrize(
    ("args", "told"),
    [
        pytest.param(
            ["--from", "yesterday"],
            "from: must be a date and time such as 2026-01-31T08:00:00Z",
            id="not a date",
        ),
        pytest.param(
            ["--url", "http://127.0.0.1:1"],
            "no answer from http://127.0.0.1:1: Connection refused",
            id="no gateway",
        ),
    ],
)
def test_failure_says_what_is_wrong_and_no_more(url: str, args: list[str], told: str) -> None:
    command = ["stats", "--url", url, "--key", API_KEY, *args]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 1
    assert result.output.removeprefix(f"Error: {url} answered 400: ").removeprefix("Error: ") == (
        f"{told}\n"
    )


def test_key_that_was_not_copied_whole_is_told_in_one_line() -> None:
    result = CliRunner().invoke(main, ["stats", "--url", "127.0.0.1:1", "--key", "ak-ab…yz"])
    assert result.exit_code == 2
    assert "was it copied whole?" in result.output


def test_tail_sees_each_state_of_a_job_once(url: str, gateway: Gateway) -> None:
    api, seen = GatewayApi(url, API_KEY), dict[int, str]()
    first = moved(api, {"take": 10}, seen)
    assert [row["id"] for row in first] == [1, 2]
    job_id = gateway.queue()["id"]
    again = [[(r["id"], r["state"]) for r in moved(api, {"take": 10}, seen)] for _ in range(2)]
    assert again == [[(job_id, "Queued")], []]


def test_stats_sums_up(url: str) -> None:
    output = replyto(url, "stats", "--by", "key")
    assert output.splitlines()[1].split()[:4] == ["bootstrap", "2", "1", "10"]
    assert replyto(url, "stats", "--from", "2030-01-01") == "No jobs have ended in that time.\n"
