"""Who may look at everybody's jobs sees their rows and sums, and nothing of their content."""

from __future__ import annotations

import pytest
import redis

from shared.api_keys.scopes import Scope
from shared.history.writer import HistoryWriter
from shared.jobs.job import JobState
from tests.support.foreign.jobs import (
    CONTENT,
    ForeignJob,
    ask_all,
    denies,
    issue,
    make_jobs,
    must_deny,
    new_gateway,
    stored,
)
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, Gateway
from tests.support.history import ended_job, record

#: What an application has, and what lets one look at the system.
LOOKING = {Scope.CHAT, Scope.READ, Scope.ADMIN_READ}
#: Those that know everybody's jobs, by what they sum up.
SUMS = ("/api/GetUsage?groupBy=owner", "/api/GetUsage", "/api/GetSummaryStats")


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    return new_gateway(fake_redis)


@pytest.fixture
def jobs(gateway: Gateway) -> list[ForeignJob]:
    """Make the bootstrap key's jobs; the history has one more, of somebody else."""
    made = make_jobs(gateway)
    HistoryWriter(gateway.database).store([record(ended_job(99, owner="other"))])
    return made


@pytest.fixture(
    params=[{Scope.ADMIN_READ}, {Scope.READ, Scope.ADMIN_READ}, {Scope.ADMIN_KEYS}],
    ids=lambda scopes: "+".join(sorted(scopes)),
)
def onlooker(gateway: Gateway, request: pytest.FixtureRequest) -> str:
    return issue(gateway, request.param)


def ids(gateway: Gateway, key: str, query: str = "") -> set[int]:
    answer = gateway.get(f"/api/QueryJobs{query}", key=key)
    assert answer.status_code == 200, answer.data
    assert CONTENT not in answer.get_data(as_text=True)
    return {row["id"] for row in answer.json["results"]}


def test_onlooker_lists_everybodys_jobs(
    gateway: Gateway, jobs: list[ForeignJob], onlooker: str
) -> None:
    assert ids(gateway, onlooker) == {job.id for job in jobs} | {99}
    assert ids(gateway, onlooker, "?owner=other") == {99}
    rows = gateway.get("/api/QueryJobs.csv", key=onlooker).get_data(as_text=True)
    assert len(rows.splitlines()) == 1 + len(jobs) + 1
    assert CONTENT not in rows


@pytest.mark.parametrize("path", SUMS)
def test_onlooker_sums_up_everybodys_jobs(
    gateway: Gateway, jobs: list[ForeignJob], onlooker: str, path: str
) -> None:
    answer = gateway.get(path, key=onlooker).json
    (found,) = answer["results"] if "results" in answer else answer["modelStats"]
    assert found["total"] == 1


def test_ordinary_key_sees_its_own_jobs_only(gateway: Gateway, jobs: list[ForeignJob]) -> None:
    reader = issue(gateway, {Scope.READ})
    assert ids(gateway, reader) == ids(gateway, reader, "?owner=other") == set()
    assert ids(gateway, API_KEY, "?owner=other") == {job.id for job in jobs}
    assert gateway.get("/api/GetUsage", key=reader).json["results"] == []
    for path in ("/api/QueryJobs", *SUMS):
        chatter = issue(gateway, {Scope.CHAT})
        assert gateway.get(path, key=chatter).status_code == 403


def test_job_of_another_owner_is_none_for_an_onlooker(
    gateway: Gateway, jobs: list[ForeignJob]
) -> None:
    onlooker = issue(gateway, LOOKING)
    before = stored(gateway, jobs)
    wrong = []
    for name, endpoint, answer in ask_all(gateway, onlooker, jobs):
        text = answer.get_data(as_text=True)
        assert CONTENT not in text, f"{name} tells what a job asks or answers"
        if must_deny(endpoint, LOOKING) and not denies(answer):
            wrong.append(f"{name}: {answer.status_code} {text[:200]}")
    assert wrong == []
    assert stored(gateway, jobs) == before


def test_onlooker_retries_its_own_jobs_only(gateway: Gateway) -> None:
    failed = ended_job(98, owner="other", state=JobState.FAILED)
    HistoryWriter(gateway.database).store([record(failed)])
    onlooker = issue(gateway, LOOKING)
    for key, matched in ((onlooker, 0), (ADMIN_SECRET, 1)):
        answer = gateway.post("/api/RetryJobs", {"state": "Failed", "dryRun": True}, key=key)
        assert answer.json["matched"] == matched
