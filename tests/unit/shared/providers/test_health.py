"""When a provider is given a rest, for how long, and what brings it back."""

from __future__ import annotations

import io
import itertools
from typing import Any

import pytest
import redis
import requests
from urllib3.exceptions import ProtocolError

from shared.errors import Failure
from shared.jobs.moves import Claim
from shared.providers.health import Health, HealthBook, Standing
from shared.providers.health_store import Failed, HealthStore, RestPolicy
from shared.providers.probe_requests import ProbeRequest, request_probe
from shared.settings import Settings
from tests.support.factories import FakeClock
from tests.support.worker_deps import FakeLlm, build
from workers.maintenance.probes import probe_providers
from workers.providers.base import UNSUPPORTED, Blame, ProviderError
from workers.routing.error_class import may_go_elsewhere, verdict
from workers.routing.health_notes import note_error
from workers.routing.traffic import Traffic

CLAIM = Claim(
    id=1,
    attempt=1,
    ref_id="r",
    model="m",
    provider="",
    request=b"{}",
    now_ms=0,
    deadline_ms=1,
    chosen="best",
)
POLICY = RestPolicy(failures=3, first_s=5.0, longest_s=30.0)
DOWN = Failed(Standing.RESTING, "it answered 500")


@pytest.fixture
def store(ledger_redis: redis.Redis, fake_clock: FakeClock) -> HealthStore:
    return HealthStore(ledger_redis, fake_clock)


#: Each failure is that of another job, where a test does not say otherwise.
_jobs = itertools.count(1)


def _fail(store: HealthStore, times: int, failed: Failed = DOWN, job: int | None = None) -> Health:
    for _ in range(times):
        health = store.failed("acme", "m", failed, POLICY, job or next(_jobs))
    return health


def test_failures_in_a_row_make_it_rest(store: HealthStore, fake_clock: FakeClock) -> None:
    assert _fail(store, 2).standing is Standing.ONLINE
    health = _fail(store, 1)
    assert (health.standing, health.reason) == (Standing.RESTING, "it answered 500")
    assert health.until_ms == fake_clock() + 5000
    assert health.at(health.until_ms) is Standing.ONLINE


def test_calls_under_way_do_not_prolong_a_rest(store: HealthStore) -> None:
    first = _fail(store, 3)
    assert _fail(store, 5).until_ms == first.until_ms


def test_each_rest_is_twice_as_long_up_to_the_longest(
    store: HealthStore, fake_clock: FakeClock
) -> None:
    _fail(store, 3)
    rests = []
    for _ in range(4):
        fake_clock.advance(31)
        rests.append(_fail(store, 1).until_ms - fake_clock())
    assert rests == [10_000, 20_000, 30_000, 30_000]


def test_answer_makes_all_forgotten(store: HealthStore) -> None:
    _fail(store, 3)
    store.recovered("acme", "m")
    assert store.read() == {}
    assert _fail(store, 2).standing is Standing.ONLINE


def test_rest_that_the_provider_asks_for_is_kept(store: HealthStore, fake_clock: FakeClock) -> None:
    health = _fail(store, 1, Failed(Standing.LIMITED, "it answered 429", asked_s=60.0))
    assert (health.standing, health.until_ms) == (Standing.LIMITED, fake_clock() + 60_000)


def test_refused_key_takes_it_offline_at_once(store: HealthStore) -> None:
    health = _fail(store, 1, Failed(Standing.OFFLINE, "it refused the key", at_once=True))
    assert health.standing is Standing.OFFLINE


def test_operator_has_the_last_word(store: HealthStore) -> None:
    store.set("acme", Health(standing=Standing.HELD, reason="maintenance"))
    store.failed("acme", "", DOWN, POLICY, 1)
    store.recovered("acme")
    assert store.read()["acme"].standing is Standing.HELD
    assert not store.set("acme", Health(), if_standing=[Standing.OFFLINE])
    store.forget("acme")
    assert store.read() == {}


def test_forgetting_a_provider_forgets_its_models_and_no_other(store: HealthStore) -> None:
    _fail(store, 1)
    store.failed("acme2", "m", DOWN, POLICY, 1)
    store.forget("acme")
    assert [name.partition("\x1f")[0] for name in store.read()] == ["acme2"]


def test_book_follows_what_the_cluster_knows(store: HealthStore, fake_clock: FakeClock) -> None:
    book = HealthBook()
    _fail(store, 3)
    store.refresh(book)
    assert book.condition("acme", "m", fake_clock()).standing is Standing.RESTING
    assert book.condition("acme", "other", fake_clock()).standing is Standing.ONLINE
    store.failed("acme", "", Failed(Standing.OFFLINE, "no connection", at_once=True), POLICY, 1)
    store.refresh(book)
    assert book.condition("acme", "other", fake_clock()).reason == "no connection"


def _error(
    status: int | None = None, cause: Exception | None = None, **fields: Any
) -> ProviderError:
    failure = Failure(status or 502, "server_error", None, "It failed.")
    error = ProviderError(failure, **{"transient": True, "status": status, **fields})
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "standing", "whole"),
    [
        pytest.param(_error(500), Standing.RESTING, False, id="an error is the model's"),
        pytest.param(_error(429), Standing.RESTING, False, id="too many requests"),
        pytest.param(
            _error(429, retry_after_s=9.0), Standing.LIMITED, False, id="with Retry-After"
        ),
        pytest.param(
            _error(401, transient=False, blame=Blame.KEY),
            Standing.OFFLINE,
            True,
            id="a refused key",
        ),
        pytest.param(
            _error(402, transient=False, blame=Blame.BILLING),
            Standing.RESTING,
            True,
            id="an account that is used up",
        ),
        pytest.param(
            _error(404, transient=False, blame=Blame.MODEL),
            Standing.RESTING,
            False,
            id="a model it has not got",
        ),
        pytest.param(
            _error(301, transient=False, blame=Blame.SETTINGS),
            Standing.RESTING,
            False,
            id="another address, of this operation or model",
        ),
        pytest.param(
            _error(404, transient=False, blame=Blame.SETTINGS),
            Standing.RESTING,
            False,
            id="a page where an API should be",
        ),
        pytest.param(
            _error(407, transient=False, blame=Blame.SETTINGS),
            Standing.RESTING,
            True,
            id="a proxy on the way that wants a password",
        ),
        pytest.param(
            _error(cause=requests.ConnectionError(ProtocolError("Connection aborted."))),
            Standing.RESTING,
            False,
            id="a connection that was dropped: it may be because of the request",
        ),
        pytest.param(
            _error(cause=requests.ConnectionError()), Standing.OFFLINE, True, id="no connection"
        ),
        pytest.param(
            _error(cause=requests.ConnectTimeout()), Standing.OFFLINE, True, id="none in time"
        ),
        pytest.param(_error(cause=requests.ReadTimeout()), Standing.RESTING, False, id="no answer"),
        pytest.param(_error(), Standing.RESTING, False, id="an answer that is none"),
    ],
)
def test_verdict_on_a_failure(error: ProviderError, standing: Standing, *, whole: bool) -> None:
    found = verdict(error, failing=False)
    assert found is not None
    assert (found.failed.standing, found.whole_provider) == (standing, whole)


def test_one_job_is_one_failure_however_often_it_is_tried(
    store: HealthStore, fake_clock: FakeClock
) -> None:
    assert _fail(store, 9, job=7).failures == 1
    assert _fail(store, 2).standing is Standing.RESTING
    fake_clock.advance(31)
    # On probation too: what it has failed before says nothing new.
    assert _fail(store, 5, job=7).at(fake_clock()) is Standing.ONLINE
    assert _fail(store, 1).at(fake_clock()) is Standing.RESTING


def test_failures_of_few_jobs_in_turn_are_no_outage(store: HealthStore) -> None:
    for job in (1, 2) * 10:
        assert _fail(store, 1, job=job).standing is Standing.ONLINE


def test_jobs_that_are_remembered_are_few(store: HealthStore) -> None:
    health = _fail(store, 500)
    assert len(health.jobs) <= 200
    assert f" {health.jobs.split()[0]} " in f" {health.jobs} "


def test_refused_key_takes_a_provider_offline_that_rests(store: HealthStore) -> None:
    _fail(store, 1, Failed(Standing.RESTING, "its account is used up", asked_s=300.0))
    health = _fail(store, 1, Failed(Standing.OFFLINE, "it refused the key", at_once=True))
    assert (health.standing, health.reason) == (Standing.OFFLINE, "it refused the key")


@pytest.mark.parametrize(("probe", "standing"), [(401, Standing.OFFLINE), (200, Standing.ONLINE)])
def test_403_is_about_the_key_only_if_a_probe_says_so(
    fake_redis: redis.Redis,
    settings: Settings,
    fake_clock: FakeClock,
    probe: int,
    standing: Standing,
) -> None:
    session = _Session(probe)
    deps = build(fake_redis, settings, fake_clock, FakeLlm(), llm_session=session)
    refused = _error(403, transient=False, blame=Blame.FORBIDDEN)
    for _ in range(9):
        note_error(deps.routing, CLAIM, deps.registry.providers[0], refused)
    assert deps.health.rows == {}
    probe_providers(deps.probes)
    deps.health_store.refresh(deps.health)
    assert deps.health.of("best").standing is standing
    # One probe for all that were refused in a short time.
    assert len(session.asked) == 1


def test_operation_that_is_not_there_is_told_once_and_rests_nothing(
    fake_redis: redis.Redis,
    settings: Settings,
    fake_clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    deps = build(fake_redis, settings, fake_clock, FakeLlm(), llm_session=_Session(200))
    for status in (404, 405, 501) * 3:
        missing = _error(status, transient=False, blame=Blame.FORBIDDEN)
        note_error(deps.routing, CLAIM, deps.registry.providers[0], missing)
    assert deps.health.rows == {}
    assert [one.message for one in caplog.records if one.levelname == "WARNING"] == [
        "provider best has no chat at its base_url: It failed."
    ]


def test_client_fault_says_nothing_against_the_provider() -> None:
    assert verdict(_error(400, transient=False), failing=False) is None


@pytest.mark.parametrize(
    ("error", "elsewhere"),
    [
        pytest.param(_error(503), True, id="it fails"),
        pytest.param(_error(401, transient=False, blame=Blame.KEY), True, id="it refuses our key"),
        pytest.param(
            _error(403, transient=False, blame=Blame.FORBIDDEN), True, id="it forbids this request"
        ),
        pytest.param(_error(402, transient=False, blame=Blame.BILLING), True, id="nobody pays it"),
        pytest.param(_error(400, transient=False), False, id="the client's fault"),
        pytest.param(
            ProviderError(Failure(400, "", UNSUPPORTED, "no words for n"), transient=False),
            True,
            id="its API cannot say what is asked",
        ),
        pytest.param(
            ProviderError(Failure(400, "", UNSUPPORTED, "n"), transient=False, status=400),
            False,
            id="the provider itself says that nobody can",
        ),
    ],
)
def test_another_provider_is_asked_after(error: ProviderError, *, elsewhere: bool) -> None:
    assert may_go_elsewhere(error) is elsewhere


def test_half_of_the_calls_failing_is_too_many() -> None:
    now = [0.0]
    traffic = Traffic(lambda: now[0])
    for _ in range(30):
        traffic.answered("acme", "m", 0.1)
    assert not any(traffic.failed("acme", "m", job) for job in range(1, 16))
    assert [traffic.failed("acme", "m", job) for job in range(16, 36)][-1]
    now[0] += 300
    assert not traffic.failed("acme", "m", 36)


class _Session(requests.Session):
    """Answers GETs with a status, or not at all."""

    def __init__(self, status: int | None) -> None:
        super().__init__()
        self.status = status
        self.asked: list[tuple[str, dict[str, str]]] = []

    def get(self, url: str | bytes, **options: Any) -> requests.Response:
        self.asked.append((str(url), options["headers"]))
        if self.status is None:
            raise requests.ConnectionError
        response = requests.Response()
        response.status_code = self.status
        response.raw = io.BytesIO()
        return response


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        pytest.param(200, Standing.ONLINE, id="it is well"),
        pytest.param(404, Standing.ONLINE, id="it lists no models, but answers"),
        pytest.param(500, Standing.OFFLINE, id="it fails"),
        pytest.param(401, Standing.OFFLINE, id="it still refuses the key"),
        pytest.param(None, Standing.OFFLINE, id="it is not there"),
    ],
)
def test_probe_of_a_provider_that_is_offline(
    fake_redis: redis.Redis,
    settings: Settings,
    fake_clock: FakeClock,
    status: int | None,
    standing: Standing,
) -> None:
    session = _Session(status)
    deps = build(fake_redis, settings, fake_clock, FakeLlm(), llm_session=session)
    gone = Failed(Standing.OFFLINE, "no connection", at_once=True)
    deps.health_store.failed("best", "", gone, POLICY, 1)
    deps.health_store.refresh(deps.health)
    probe_providers(deps.probes)
    assert session.asked == []
    fake_clock.advance(5)
    probe_providers(deps.probes)
    url, headers = session.asked[0]
    assert url == "http://127.0.0.1:1/v1/models"
    assert headers == {"Authorization": "Bearer sk-secret"}
    deps.health_store.refresh(deps.health)
    health = deps.health.of("best")
    assert health.standing is standing
    # On probation, it rests again at its first failure.
    assert health.rests == 1


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        pytest.param(None, Standing.OFFLINE, id="it is not there"),
        pytest.param(401, Standing.ONLINE, id="a key that lists no models may chat all the same"),
        pytest.param(500, Standing.ONLINE, id="it is there, and fails"),
    ],
)
def test_check_that_somebody_asks_for_is_remembered_if_nobody_is_there(
    fake_redis: redis.Redis,
    settings: Settings,
    fake_clock: FakeClock,
    status: int | None,
    standing: Standing,
) -> None:
    """So a provider that is dead from the start is not "online" until its first job fails."""
    session = _Session(status)
    deps = build(fake_redis, settings, fake_clock, FakeLlm(), llm_session=session)
    request_probe(fake_redis, ProbeRequest("best", token="somebody"))
    probe_providers(deps.probes)
    deps.health_store.refresh(deps.health)
    assert deps.health.of("best").standing is standing
