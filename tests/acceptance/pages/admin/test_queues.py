"""The page of queues and workers: lag, slots, what runs now, and who is lost."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.acceptance.pages.driving.accessibility import violations
from tests.acceptance.pages.driving.admin_driver import AdminDriver
from tests.acceptance.pages.driving.admin_scene import admin_api, admin_secret
from tests.acceptance.pages.driving.looks import Look
from tests.acceptance.pages.driving.profile import Profiles, good_profiles
from tests.acceptance.system.api import chat
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import CALLBACKS, COMPLETION, GATEWAY, REDIS, Stack

#: Models whose calls never end, each served by a pool of its own, or by none.
KEPT, KILLED, STOPPED, UNSERVED = "kept-model", "killed-model", "stopped-model", "unserved-model"
#: The pools, by model: tests kill one of them and stop another.
POOLS = {KEPT: "pool1", KILLED: "pool2", STOPPED: "pool3"}
SLOTS = 3


@pytest.fixture(scope="module")
def queues_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start a ReplyTo whose workers may die."""
    aliases = dict.fromkeys((*POOLS, UNSERVED), "demo-hang")
    with Stack(tmp_path_factory.mktemp("queues"), demo_models=(), aliases=aliases) as stack:
        for model, role in POOLS.items():
            stack.pool(role, [model], SLOTS)
        yield stack.open(REDIS, GATEWAY, COMPLETION, CALLBACKS, POOLS[KEPT])


@pytest.fixture
def profiles(browser: Browser, queues_stack: Stack, look: Look) -> Iterator[Profiles]:
    """Profiles at this ReplyTo."""
    with good_profiles(browser, queues_stack.url, look) as profiles:
        yield profiles


@pytest.fixture
def queues(profiles: Profiles, queues_stack: Stack) -> AdminDriver:
    """Open the page, signed in."""
    admin = AdminDriver(profiles.signed_in(admin_secret(queues_stack), "/admin/queues"))
    admin.wait_loaded()
    return admin


def _worker(page: Page, model: str) -> Locator:
    return page.get_by_role("article").filter(has_text=f"{POOLS[model]}@")


def _row(page: Page, queue: str) -> Locator:
    return page.get_by_role("region", name="Queues").get_by_role("row").filter(has_text=queue)


def _cell(row: Locator, label: str) -> Locator:
    return row.locator(f"td[data-label='{label}']")


def _lost(page: Page) -> Locator:
    return page.get_by_role("region", name="lost")


def _queue(stack: Stack, model: str) -> int:
    with stack.api() as api:
        number: int = api.queue(chat(model))["id"]
    return number


def _started_on(stack: Stack, model: str) -> int:
    """Have the model's pool run a job; return its id when the worker told of it."""
    job_id = _queue(stack, model)
    _until_told(stack, lambda now: job_id in _running(now["workers"]), f"job {job_id} runs")
    return job_id


def _cancel(stack: Stack, job_id: int) -> None:
    with stack.api() as api:
        assert api.post("/api/CancelJob", json={"id": job_id}).ok


def _running(workers: list[dict[str, Any]]) -> set[int]:
    return {job["id"] for worker in workers for job in worker["running"]}


def _names(workers: list[dict[str, Any]]) -> set[str]:
    return {worker["name"].partition("@")[0] for worker in workers}


def _overview(stack: Stack) -> dict[str, Any]:
    with admin_api(stack) as api:
        answer = api.get("/api/GetOverview")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def _until_told(stack: Stack, look: Callable[[dict[str, Any]], Any], what: str) -> None:
    until(lambda: look(_overview(stack)), what, every_s=0.2)


# --- what it shows --------------------------------------------------------------------------------


def test_running_job_is_listed_with_its_id_and_takes_a_slot(
    queues: AdminDriver, queues_stack: Stack
) -> None:
    job_id = _started_on(queues_stack, KEPT)
    page = queues.page
    worker = _worker(page, KEPT)
    running = worker.get_by_role("listitem").filter(has_text=f"job {job_id} ")
    expect(running).to_contain_text(f"{KEPT} at renamed")
    expect(worker).to_contain_text(f"of {SLOTS} slots busy")
    expect(worker).not_to_contain_text(f"0 of {SLOTS} slots busy")
    expect(_cell(_row(page, KEPT), "Slots")).to_contain_text(f"of {SLOTS} busy")
    expect(_cell(_row(page, KEPT), "Workers")).to_have_text("1")
    calls = page.get_by_role("region", name="Calls at providers").get_by_role("row")
    expect(calls.filter(has_text="renamed")).to_contain_text("in use, no limit")

    running.get_by_role("link").click()

    expect(page.get_by_role("heading", name=f"Job {job_id}")).to_contain_text("Started")
    _cancel(queues_stack, job_id)


def test_lag_of_a_queue_that_no_worker_serves_grows(
    queues: AdminDriver, queues_stack: Stack
) -> None:
    _queue(queues_stack, UNSERVED)
    page = queues.page
    row = _row(page, UNSERVED)
    expect(_cell(row, "Workers")).to_have_text("no worker")
    expect(_cell(row, "Waiting")).to_contain_text("queued")
    for _ in range(2):
        before = _cell(row, "Lag").inner_text()
        expect(_cell(row, "Lag")).not_to_have_text(before)
    lags = [_lag(queues_stack, UNSERVED)]
    _until_told(queues_stack, lambda _: _lag(queues_stack, UNSERVED) > lags[0], "the lag grows")

    queues.open("")

    tile = page.locator(".tile").filter(has_text="Longest lag")
    expect(tile).to_contain_text(UNSERVED)
    tile.click()
    expect(page.get_by_role("heading", name="Queues and workers", level=1)).to_be_visible()


def _lag(stack: Stack, model: str) -> float:
    (lag,) = (one["lagSecs"] for one in _overview(stack)["stages"] if one.get("model") == model)
    return float(lag)


def test_stages_behind_the_chats_have_their_workers(queues: AdminDriver) -> None:
    for stage in ("Completion", "Callbacks"):
        expect(_cell(_row(queues.page, stage), "Workers")).to_have_text("1")
        expect(_cell(_row(queues.page, stage), "Slots")).to_contain_text(" busy")
        expect(_cell(_row(queues.page, stage), "Lag")).to_have_text("none")
    expect(_cell(_row(queues.page, "History"), "Waiting")).to_have_text("0")


# --- workers that go ------------------------------------------------------------------------------


def test_killed_worker_is_shown_as_lost_with_what_it_ran(
    queues: AdminDriver, queues_stack: Stack
) -> None:
    queues_stack.start(POOLS[KILLED])
    queues_stack.wait_ready()
    job_id = _started_on(queues_stack, KILLED)
    expect(_worker(queues.page, KILLED)).to_be_visible()

    queues_stack.kill(POOLS[KILLED])

    lost = _lost(queues.page)
    job = lost.get_by_role("link", name=f"job {job_id}", exact=True)
    expect(job).to_be_visible()
    expect(lost).to_contain_text(f"{POOLS[KILLED]}@")
    expect(lost).to_contain_text("last heard")
    expect(_worker(queues.page, KILLED)).to_have_count(0)

    # Another process under its name is another worker.
    queues_stack.start(POOLS[KILLED])
    queues_stack.wait_ready()
    expect(_worker(queues.page, KILLED)).to_be_visible()
    expect(lost).to_contain_text(f"{POOLS[KILLED]}@")
    _cancel(queues_stack, job_id)
    queues_stack.stop(POOLS[KILLED])


def test_worker_that_is_stopped_leaves_and_is_not_lost(queues_stack: Stack) -> None:
    role = POOLS[STOPPED]
    queues_stack.start(role)
    queues_stack.wait_ready()
    _until_told(queues_stack, lambda now: role in _names(now["workers"]), "it is there")

    assert queues_stack.stop(role) == 0

    now = _overview(queues_stack)
    assert role not in _names([*now["workers"], *now["lostWorkers"]])


def test_worker_that_finishes_its_jobs_says_that_it_stops(queues_stack: Stack) -> None:
    role = POOLS[STOPPED]
    queues_stack.start(role)
    queues_stack.wait_ready()
    job_id = _started_on(queues_stack, STOPPED)

    os.kill(queues_stack.pid(role), signal.SIGTERM)

    _until_told(
        queues_stack,
        lambda now: role in _names([one for one in now["workers"] if one["isStopping"]]),
        "it says that it stops",
    )
    with queues_stack.api() as api:
        api.post("/api/CancelJob", json={"id": job_id})
    _until_told(queues_stack, lambda now: role not in _names(now["workers"]), "it has left")
    queues_stack.stop(role)
    assert role not in _names(_overview(queues_stack)["lostWorkers"])


# --- how it shows it ------------------------------------------------------------------------------


def test_page_without_queues_and_workers_says_so(queues: AdminDriver) -> None:
    page = queues.page

    def empty(route: Route) -> None:
        told = route.fetch().json()
        stages = [one for one in told["stages"] if "model" not in one]
        nobody = {"workers": [], "lostWorkers": [], "providers": [], "waiting": []}
        route.fulfill(body=json.dumps({**told, **nobody, "stages": stages}))

    page.route("**/api/GetOverview", empty)

    expect(page.get_by_role("region", name="Queues")).to_contain_text("No model's queue yet")
    expect(page.get_by_role("alert")).to_contain_text("No worker is running")
    assert violations(page) == []
    page.unroute_all(behavior="wait")


def test_page_is_accessible_and_fits(
    queues: AdminDriver, profiles: Profiles, queues_stack: Stack
) -> None:
    _until_told(queues_stack, lambda now: now["workers"], "there are workers")

    def crowded(route: Route) -> None:
        route.fulfill(body=json.dumps(_crowded(route.fetch().json())))

    queues.page.route("**/api/GetOverview", crowded)
    expect(_lost(queues.page)).to_contain_text("2 workers are lost")

    assert violations(queues.page) + profiles.of(queues.page).overflow() == []
    queues.page.unroute_all(behavior="wait")


def _crowded(told: dict[str, Any]) -> dict[str, Any]:
    """Return what a cluster tells that has everything, with names of the longest kind."""
    name, date = "an-organization/" + "a-model-of-a-very-long-name-" * 3, told["date"]
    job = {"id": 123_456_789, "model": name, "provider": "a-provider", "startedDate": date}
    worker = {
        **told["workers"][0],
        "pools": ["chat", "completion", "callbacks"],
        "isStopping": True,
        "slots": 200,
        "busy": 200,
        "runningJobs": 200,
        "running": [job],
        "queues": [f"chat.{name}{number}" for number in range(9)],
    }
    lost = [{**worker, "name": f"chat{number}@{'host' * 12}"} for number in (8, 9)]
    stage = {"name": "chat", "model": name, "depth": 1_234_567, "inFlight": 200, "workers": 0}
    stages = [{**stage, "lagSecs": 7654.3, "slots": 200, "busy": 200}, *told["stages"]]
    stages = [{**one, "held": 12_345} if one["name"] == "callbacks" else one for one in stages]
    waiting = {"model": name, "interactive": 17, "queued": 1_234_000, "bulk": 550}
    return {
        **told,
        "stages": stages,
        "waiting": [waiting],
        "lostWorkers": lost,
        "workers": [worker, *told["workers"]],
        "providers": [{"name": "a-provider", "inUse": 8, "limit": 8}, *told["providers"]],
    }
