"""No endpoint tells or changes anything of a job that is another owner's.

The endpoints are those of the catalog: a new one is called here by itself, and fails if it tells of
the job, or changes it; one that names a job, unless it answers as if there were no such job.
"""

from __future__ import annotations

import pytest
import redis

from shared.api_keys.principal import Principal
from shared.api_keys.scopes import Scope
from shared.dtos.catalog import CATALOG
from shared.dtos.endpoint import Tag
from tests.support.foreign.jobs import (
    ADDRESS,
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
from tests.support.gateway_client import Gateway

#: All but what administers.
ORDINARY = {scope for scope in Scope if not scope.startswith("admin")}
#: What names jobs: fields of requests.
NAMES = {"id", "job_id", "response_id"}
#: What has an `id` that is not a job's.
OTHER_IDS = {
    *("UpdateCallbackSubscription", "DeleteCallbackSubscription", "QueryMediaModels"),
    *("QueryMediaProviders", "UpdateMediaProvider", "DeleteMediaProvider"),
}


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    return new_gateway(fake_redis)


@pytest.fixture
def stranger(gateway: Gateway) -> str:
    """Return a key that may do all but administer."""
    return issue(gateway, ORDINARY)


@pytest.fixture
def jobs(gateway: Gateway) -> list[ForeignJob]:
    return make_jobs(gateway)


def test_endpoint_whose_request_names_a_job_says_so() -> None:
    about = {Tag.JOBS, Tag.RESPONSES, Tag.CALLBACKS, Tag.STATISTICS, Tag.INFERENCE, Tag.MEDIA}
    naming = {
        one.name for one in CATALOG if one.tag in about and NAMES & set(one.request.model_fields)
    }
    assert naming - OTHER_IDS == {one.name for one in CATALOG if one.names_job}


def test_every_endpoint_answers_for_a_foreign_job_as_for_none(
    gateway: Gateway, stranger: str, jobs: list[ForeignJob]
) -> None:
    before = stored(gateway, jobs)
    wrong = []
    for name, endpoint, answer in ask_all(gateway, stranger, jobs):
        text = answer.get_data(as_text=True)
        assert CONTENT not in text, f"{name} tells of a foreign job"
        assert ADDRESS not in text, f"{name} tells of a foreign job"
        if must_deny(endpoint, ORDINARY) and not denies(answer):
            wrong.append(f"{name}: {answer.status_code} {text[:200]}")
    assert wrong == []
    assert stored(gateway, jobs) == before


def test_endpoint_that_forgets_the_owner_would_be_found(
    gateway: Gateway, stranger: str, jobs: list[ForeignJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "gateway.auth.authenticator.principal_of", lambda key: Principal("bootstrap")
    )
    with pytest.raises(AssertionError, match="tells of a foreign job"):
        test_every_endpoint_answers_for_a_foreign_job_as_for_none(gateway, stranger, jobs)
