"""The admin pages, as admins use them."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.acceptance.api import chat
from tests.acceptance.pages.admin_driver import SECTIONS, AdminDriver
from tests.acceptance.pages.admin_scene import Scene, admin_api, admin_secret
from tests.acceptance.pages.conftest import DESK_LIGHT, new_page, sign_in
from tests.acceptance.stack import GATEWAY, Stack

# --- who may look ---------------------------------------------------------------------------------


def test_ordinary_key_does_not_open_the_admin_pages(browser: Browser, pages_stack: Stack) -> None:
    page = new_page(browser, pages_stack, DESK_LIGHT)
    page.goto("/admin")

    page.get_by_label("API key").fill(pages_stack.api_key)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_contain_text("may not do that")
    page.context.close()


def test_key_that_may_look_sees_all_and_changes_nothing(
    browser: Browser, pages_stack: Stack, scene: Scene
) -> None:
    with admin_api(pages_stack) as api:
        issued = api.post(
            "/api/CreateApiKey", json={"name": "watcher", "scopes": "read,admin:read"}
        ).json()
    page = new_page(browser, pages_stack, DESK_LIGHT)
    sign_in(page, issued["key"], "/admin")
    admin = AdminDriver(page)

    for path, title in SECTIONS.items():
        admin.open(path)
        expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
        expect(page.locator(".content [role=alert]")).to_have_count(0)
    admin.open("/jobs")
    expect(page.get_by_text("These are the jobs of your own key.")).to_be_visible()
    admin.open("/providers")
    admin.press("Hold", admin.row("away"))
    admin.expect_toast("lacks the scope 'admin:providers'")
    page.context.close()


# --- overview, queues -----------------------------------------------------------------------------


def test_overview_tells_how_things_stand_and_follows(
    admin: AdminDriver, pages_stack: Stack
) -> None:
    page = admin.page
    expect(_tile(page, "Workers")).to_contain_text("3")
    expect(_tile(page, "Callbacks pending")).to_contain_text("1")
    expect(admin.row("far").get_by_role("cell").nth(2)).not_to_have_text("0")
    page.locator(".plot canvas").first.wait_for()

    with pages_stack.api() as api:
        assert api.post("/v1/chat/completions", json=chat("demo-echo")).status_code == 200
    expect(_tile(page, "Answered within")).to_contain_text(re.compile(r"\d+ ms|\d s"))


def test_queues_show_what_waits_and_workers_what_they_serve(
    admin: AdminDriver, pages_stack: Stack
) -> None:
    with pages_stack.api() as api:
        running = api.queue(chat("slow", stream=False))["id"]
        admin.open("/queues")
        expect(admin.row("chat1@")).to_contain_text("more")
        expect(admin.row("far").last).to_be_visible()
        api.post("/api/CancelJob", json={"id": running})


def _tile(page: Page, label: str) -> Locator:
    return page.locator(".tile").filter(has_text=label)


# --- jobs -----------------------------------------------------------------------------------------


def test_jobs_are_found_by_what_they_have(admin: AdminDriver, scene: Scene) -> None:
    admin.open("/jobs")
    admin.page.get_by_label("Tag").fill("shop")
    expect(admin.row("order-4711")).to_be_visible()
    expect(admin.page.locator("tbody tr")).to_have_count(1)
    assert "tag=shop" in admin.page.url
    admin.press("Clear")

    admin.page.get_by_label("State").select_option("Failed")
    expect(admin.row("BadRequest").first).to_contain_text("refuses")
    expect(admin.row("order-4711")).to_have_count(0)
    admin.page.get_by_label("Error").fill("no such error")
    expect(admin.page.get_by_text("Nothing fits these filters.")).to_be_visible()


def test_jobs_are_exported_as_csv(admin: AdminDriver) -> None:
    admin.open("/jobs?tag=shop")
    with admin.page.expect_download() as download:
        admin.page.get_by_role("link", name="Export CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8"))))
    assert [row["refId"] for row in rows] == ["order-4711"]


def test_job_shows_its_attempts_callback_request_and_response(
    admin: AdminDriver, scene: Scene
) -> None:
    admin.open("/jobs")
    admin.row("order-4711").get_by_role("link").click()
    page = admin.page
    expect(page.get_by_role("heading", name=f"Job {scene.completed}")).to_contain_text("Completed")
    for title, text in {
        "Attempts": "answered",
        "Callback": "200",
        "Request": '"Say hello"',
        "Response": '"chat.completion"',
    }.items():
        card = page.locator(".card", has=page.get_by_role("heading", name=title))
        expect(card.last).to_contain_text(text)

    admin.open(f"/jobs/{scene.failed}")
    expect(page.locator(".notice.bad")).to_contain_text("This <b>prompt</b> is too long.")


def test_job_is_cancelled_and_retried(admin: AdminDriver, scene: Scene) -> None:
    admin.open(f"/jobs/{scene.queued}")
    heading = admin.page.get_by_role("heading", name=f"Job {scene.queued}")
    admin.press("Cancel")
    expect(heading).to_contain_text("Cancelled")

    admin.press("Retry")
    admin.expect_toast("It is queued again.")
    expect(heading).to_contain_text("Queued")


def test_all_failed_jobs_of_a_filter_are_retried(admin: AdminDriver, scene: Scene) -> None:
    admin.open("/jobs?state=Failed&tag=bad")
    admin.press("Retry all of these …")
    expect(admin.dialog).to_contain_text("Retry 1 jobs?")
    admin.confirm("Retry")
    admin.expect_toast("1 jobs are queued again.")


# --- callbacks ------------------------------------------------------------------------------------


def test_callback_that_was_stopped_is_sent_again(
    admin: AdminDriver, scene: Scene, pages_stack: Stack
) -> None:
    admin.open("/callbacks?state=Stopped")
    admin.row("/gone").get_by_role("link").first.click()
    expect(admin.page.locator(".timeline li")).to_have_count(1)
    expect(admin.page.locator(".timeline")).to_contain_text("410")

    admin.press("Send again")

    expect(admin.page.locator(".timeline li")).to_have_count(2)
    expect(admin.page.get_by_role("heading", name="Callback of job")).to_contain_text("Delivered")
    assert [one.answered for one in pages_stack.receiver.received("/gone")] == [410, 200]


def test_callbacks_of_a_filter_are_sent_again_after_a_question(
    admin: AdminDriver, scene: Scene, pages_stack: Stack
) -> None:
    admin.open("/callbacks?state=Delivered&tag=shop")
    before = len(pages_stack.receiver.received("/answers"))
    admin.press("Send all of these again …")
    expect(admin.dialog).to_contain_text("Send 1 callbacks again?")
    admin.confirm("Send again")
    admin.expect_toast("1 callbacks are on their way.")
    pages_stack.receiver.wait_for("/answers", before + 1)


def test_receiver_is_tested(admin: AdminDriver, pages_stack: Stack) -> None:
    pages_stack.receiver.plan("/tested", 500)
    admin.open("/callbacks")
    admin.press("Test a receiver …")
    admin.fill(URL=pages_stack.receiver.url("/tested"))
    admin.press("Send the sample")
    expect(admin.dialog.get_by_role("status")).to_contain_text("Not delivered. It answered 500")
    admin.press("Send the sample")
    expect(admin.dialog.get_by_role("status")).to_contain_text("Delivered. It answered 200")

    admin.fill(URL="http://user:pass@127.0.0.1/")
    admin.press("Send the sample")
    expect(admin.dialog.get_by_role("alert")).to_contain_text("url")


# --- providers ------------------------------------------------------------------------------------


def test_provider_is_added_tested_edited_held_and_deleted(
    admin: AdminDriver, pages_stack: Stack
) -> None:
    admin.open("/providers")
    admin.press("Add a provider")
    admin.fill(Name="demo", Address=pages_stack.llm.url, Models="demo-mine = demo-instant")
    admin.press("Save")
    problem = admin.dialog.get_by_role("alert")
    expect(problem).to_contain_text("There is a provider 'demo' already.")
    assert problem.get_attribute("id") == "provider-name-problem"
    admin.fill(Name="mine")
    admin.press("Save and test")

    expect(admin.dialog).to_contain_text("Test “mine”")
    admin.press("Send")
    expect(admin.dialog.get_by_role("status")).to_contain_text("ms")
    admin.press("Close")
    card = admin.row("demo-mine → demo-instant")
    admin.press("Check", card)
    admin.expect_toast("“mine” answers.")

    admin.press("Edit …", card)
    admin.fill(Priority="7", Calls_at_once="3")
    admin.press("Save")
    expect(card).to_contain_text(re.compile("At once\\s*3"))
    expect(card).to_contain_text(re.compile("Priority\\s*7"))
    admin.press("Hold", card)
    expect(card.locator(".badge")).to_have_text("held")
    expect(card).to_contain_text("taken offline by the operator")
    admin.press("Resume", card)
    expect(card.locator(".badge")).to_have_text("online")
    admin.press("Delete", card)
    admin.confirm("Delete")
    expect(card).to_have_count(0)


def test_provider_that_fails_says_why(admin: AdminDriver) -> None:
    admin.open("/providers")
    expect(admin.row("away").locator(".badge")).to_have_text("offline")
    expect(admin.row("away").locator(".notice")).to_contain_text("could not be reached")


# --- keys -----------------------------------------------------------------------------------------


def test_key_is_issued_works_is_changed_rotated_and_revoked(
    admin: AdminDriver, pages_stack: Stack
) -> None:
    admin.open("/keys")
    admin.press("Issue a key")
    admin.fill(Name="billing", Models="demo*", Requests_a_minute="60")
    admin.press("Issue")
    secret = admin.dialog.locator(".secret code").inner_text()
    assert _may_call(pages_stack, secret)
    admin.press("I have kept it")
    assert secret not in admin.page.content()

    row = admin.row("billing")
    expect(row).to_contain_text("Requests a minute: 60")
    admin.press("Edit", row)
    admin.fill(Requests_a_minute="", Notes="For invoices")
    admin.press("Save")
    expect(row).not_to_contain_text("Requests a minute")

    admin.press("Rotate", row)
    admin.press("Rotate", admin.dialog)
    another = admin.dialog.locator(".secret code").inner_text()
    assert another != secret
    assert _may_call(pages_stack, another)
    admin.press("I have kept it")

    admin.press("Revoke", row)
    admin.confirm("Revoke")
    expect(row).to_have_count(0)
    assert not _may_call(pages_stack, another)
    admin.page.get_by_role("link", name="Show revoked keys, too").click()
    expect(row).to_contain_text("revoked")


def _may_call(stack: Stack, key: str) -> bool:
    with stack.api(key) as api:
        return api.get("/v1/models").status_code == 200


# --- usage, settings, audit -----------------------------------------------------------------------


def test_usage_shows_sums_and_exports_them(admin: AdminDriver, scene: Scene) -> None:
    admin.open("/usage")
    expect(admin.row("demo-echo")).to_contain_text(re.compile(r"\$0\.0\d"))
    expect(admin.row("refuses").first).to_contain_text("$0.00")
    admin.page.locator(".plot canvas").first.wait_for()
    with admin.page.expect_download() as download:
        admin.press("Export CSV")
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8"))))
    found = {row["name"]: row for row in rows}
    assert int(found["demo-echo"]["completed"]) >= 3
    assert float(found["demo-echo"]["cost"]) > 0

    for by, text in {"Tag": "shop", "Key": "bootstrap", "Provider": "canned"}.items():
        admin.press(by)
        expect(admin.row(text).first).to_be_visible()
    admin.press("Day")
    expect(admin.page.locator("tbody tr").first).to_contain_text(re.compile(r"\d{4}-\d\d-\d\d"))


def test_settings_are_shown_without_secrets(admin: AdminDriver, pages_stack: Stack) -> None:
    admin.open("/settings")
    expect(admin.row("REPLYTO_API_KEY")).to_contain_text("hidden")
    expect(admin.row("REPLYTO_CALLBACK_ALLOW_PRIVATE")).to_contain_text("true")
    shown = admin.page.content()
    for secret in (
        pages_stack.api_key,
        pages_stack.callback_secret,
        pages_stack.encryption_key,
        admin_secret(pages_stack),
    ):
        assert secret not in shown
    admin.page.get_by_label("Search settings").fill("callback_allow_private")
    expect(admin.page.locator("tbody tr")).to_have_count(1)


def test_audit_lists_what_admins_did(admin: AdminDriver, pages_stack: Stack) -> None:
    with admin_api(pages_stack) as api:
        made = api.post("/api/CreateApiKey", json={"name": "noted"}).json()
        api.post("/api/RevokeApiKey", json={"id": made["id"]})
        for online in (False, True):
            body = {"provider": "away", "online": online}
            api.post("/api/ChangeAiProviderStatus", json=body)
    admin.open("/audit")
    for action in ("CreateApiKey", "RevokeApiKey", "ChangeAiProviderStatus"):
        expect(admin.row(action).first).to_contain_text("admin")
    assert made["key"] not in admin.page.content()
    admin.page.get_by_label("On what").fill(f"key_{made['id']}")
    expect(admin.page.locator("tbody tr")).to_have_count(2)


# --- when things are away -------------------------------------------------------------------------


def test_page_says_that_it_is_not_up_to_date_and_recovers_by_itself(
    admin: AdminDriver, pages_stack: Stack
) -> None:
    notice = admin.page.get_by_text("Not up to date: The server cannot be reached.")
    _tile(admin.page, "Workers").wait_for()
    pages_stack.stop(GATEWAY)
    try:
        expect(notice).to_be_visible()
        expect(_tile(admin.page, "Workers")).to_be_visible()
    finally:
        pages_stack.start(GATEWAY)
        pages_stack.wait_ready()
    expect(notice).to_have_count(0)


@pytest.mark.parametrize("path", ["/jobs", "/keys", "/usage", "/audit"])
def test_page_says_clearly_that_the_database_is_away(admin: AdminDriver, path: str) -> None:
    message = "The database cannot be reached; try again."
    admin.page.route(
        re.compile("/api/(Query|GetUsage)"),
        lambda route: route.fulfill(
            status=503, json={"responseStatus": {"errorCode": "E", "message": message}}
        ),
    )
    admin.page.goto(f"/admin{path}")
    expect(admin.page.get_by_role("alert")).to_contain_text(message)

    admin.page.unroute(re.compile("/api/(Query|GetUsage)"))
    admin.press("Try again")
    expect(admin.page.locator(".content [role=alert]")).to_have_count(0)
