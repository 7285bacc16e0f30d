"""Jobs: found, looked at, cancelled, tried again, exported."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.acceptance.pages.driving.admin_driver import AdminDriver
from tests.acceptance.pages.driving.admin_scene import Maker, Scene
from tests.acceptance.pages.driving.profile import Profiles


def test_jobs_are_found_by_what_they_have(admin: AdminDriver, maker: Maker) -> None:
    answered = maker.ended(refId=f"ref-{maker.tag}")
    refused = maker.ended("refuses")
    admin.open("/jobs")
    admin.filter(Tag=maker.tag)
    expect(admin.page).to_have_url(re.compile(f"tag={maker.tag}"))
    expect(admin.rows).to_have_count(2)

    admin.filter(State="Failed")
    expect(admin.rows).to_have_count(1)
    expect(admin.row("BadRequest")).to_contain_text(str(refused))
    admin.filter(State="")
    expect(admin.rows).to_have_count(2)
    for filters in (
        {"Model": "demo-echo"},
        {"Provider": "demo"},
        {"RefId": f"ref-{maker.tag}"},
    ):
        admin.open(f"/jobs?tag={maker.tag}")
        admin.filter(**filters)
        expect(admin.rows).to_have_count(1)
        expect(admin.row(str(answered))).to_be_visible()
    admin.filter(Error="no such error")
    expect(admin.page.get_by_text("Nothing matches these filters.")).to_be_visible()


def test_filters_of_a_list_are_in_its_address_and_cleared_together(
    admin: AdminDriver, maker: Maker
) -> None:
    job_id = maker.ended()
    admin.open(f"/jobs?tag={maker.tag}&state=Completed")
    expect(admin.rows).to_have_count(1)
    expect(admin.page.get_by_label("Tag", exact=True)).to_have_value(maker.tag)
    expect(admin.row(str(job_id))).to_contain_text("Completed")
    admin.press("Clear")
    expect(admin.page).to_have_url(re.compile("/admin/jobs$"))
    expect(admin.page.get_by_label("Tag", exact=True)).to_have_value("")


def test_list_shows_new_jobs_by_itself_and_has_pages(admin: AdminDriver, maker: Maker) -> None:
    admin.open(f"/jobs?tag={maker.tag}")
    expect(admin.page.get_by_text("Nothing matches these filters.")).to_be_visible()
    for _ in range(51):
        maker.job()
    expect(admin.page.get_by_role("link", name="Older").first).to_be_visible()
    expect(admin.rows).to_have_count(50)
    admin.page.get_by_role("link", name="Older").first.click()
    expect(admin.rows).to_have_count(1)
    admin.page.get_by_role("link", name="Newer").first.click()
    expect(admin.rows).to_have_count(50)


def test_jobs_are_exported_as_csv(admin: AdminDriver, maker: Maker) -> None:
    maker.ended(refId=f"ref-{maker.tag}")
    admin.open(f"/jobs?tag={maker.tag}")
    rows = admin.exported(admin.page.get_by_role("button", name="Export CSV"))
    assert [row["refId"] for row in rows] == [f"ref-{maker.tag}"]


def test_job_shows_its_attempts_callback_request_and_response(
    admin: AdminDriver, maker: Maker
) -> None:
    ref_id = f"ref-{maker.tag}"
    job_id = maker.called_back("Delivered", refId=ref_id)
    admin.open(f"/jobs?refId={ref_id}")
    admin.row(ref_id).get_by_role("link").click()
    admin.expect_heading(f"Job {job_id}", "Completed")
    for title, text in {
        f"Job {job_id}": ref_id,
        "Attempts": "answered",
        "Callback": "200",
        "Request": f"Say hello {maker.tag}",
        "Response": '"chat.completion"',
    }.items():
        expect(admin.card(title)).to_contain_text(text)
    admin.page.get_by_role("link", name="All about this callback").click()
    admin.expect_heading("Callback of job", "Delivered")


def test_attempts_of_a_job_are_told_one_after_the_other(admin: AdminDriver, maker: Maker) -> None:
    job_id = maker.ended("shaky")
    admin.open(f"/jobs/{job_id}")
    attempts = admin.card("Attempts").locator(".timeline li")
    expect(attempts).to_have_count(2)
    expect(attempts.first).to_contain_text("500")
    expect(attempts.last).to_contain_text("answered")


def test_job_that_has_ended_is_read_once(admin: AdminDriver, scene: Scene) -> None:
    page = admin.page
    page.clock.install()
    admin.open(f"/jobs/{scene.failed}")
    page.get_by_role("heading", name="Attempts").wait_for()
    page.clock.run_for(5000)
    admin.wait_loaded()
    readings: list[str] = []
    page.on("request", lambda request: readings.append(request.url))
    page.clock.run_for(60_000)
    page.get_by_role("link", name="All jobs").click()
    admin.rows.first.wait_for()
    assert [url for url in readings if "/api/GetOpenAiChat" in url] == []


def test_failed_job_says_why(admin: AdminDriver, scene: Scene) -> None:
    admin.open(f"/jobs/{scene.failed}")
    expect(admin.page.locator(".notice.bad")).to_contain_text("This <b>prompt</b> is too long.")


def test_job_that_does_not_exist_is_said_so(admin: AdminDriver, profiles: Profiles) -> None:
    profiles.expect_error("404")
    admin.open("/jobs/987654321")
    expect(admin.page.get_by_role("alert")).to_contain_text("No such job.")


def test_job_is_cancelled_and_retried(admin: AdminDriver, maker: Maker) -> None:
    job_id = maker.job("far")
    title = f"Job {job_id}"
    admin.open(f"/jobs/{job_id}")
    admin.press("Cancel")
    admin.expect_heading(title, "Cancelled")

    admin.press("Retry")
    admin.expect_toast("It is queued again.")
    admin.expect_heading(title, "Queued")
    admin.press("Cancel")
    admin.expect_heading(title, "Cancelled")


def test_all_failed_jobs_of_a_filter_are_retried(admin: AdminDriver, maker: Maker) -> None:
    for _ in range(2):
        maker.ended("refuses")
    admin.open(f"/jobs?state=Failed&tag={maker.tag}")
    admin.press("Retry all of these …")
    expect(admin.dialog).to_contain_text("Retry 2 jobs?")
    admin.confirm("Retry")
    admin.expect_toast("2 jobs are queued again.")


def test_jobs_are_searched_in_one_box_chosen_and_acted_on_together(
    admin: AdminDriver, maker: Maker
) -> None:
    page = admin.page
    answered, refused = maker.ended(refId=f"order-{maker.tag}"), maker.ended("refuses")
    waiting = maker.job("far")
    box = page.get_by_role("combobox", name="Search jobs").or_(
        page.get_by_label("Search jobs").last
    )
    admin.open("/jobs")
    box.fill(f"tag:{maker.tag} last 1 h ")
    expect(admin.rows).to_have_count(3)
    expect(page).to_have_url(re.compile("q=tag"))
    expect(box).to_have_value(f"tag:{maker.tag} last 1 h ")
    box.fill(f"tag:{maker.tag} 400")
    expect(admin.rows).to_have_count(1)
    expect(admin.row("BadRequest")).to_contain_text(str(refused))
    box.fill(f"ref:order-{maker.tag[:-2]}* demo-ech")
    expect(admin.rows).to_have_count(1)
    # What is bookmarked is found again; a row is a link.
    expect(page).to_have_url(re.compile("demo-ech"))
    page.reload()
    expect(admin.rows).to_have_count(1)
    admin.rows.locator("td.state").click()
    admin.expect_heading(f"Job {answered}", "Completed")

    admin.open(f"/jobs?tag={maker.tag}")
    if admin.page.get_by_label("Select all on this page").is_visible():
        page.get_by_label("Select all on this page").check()
        admin.press("Cancel 1")
        admin.confirm("Cancel them")
        row = page.get_by_role("row", name=f"Select job {waiting}")
        expect(row).to_contain_text("Cancelled")


def test_job_is_read_as_a_conversation_run_again_and_opened_in_chat(
    admin: AdminDriver, maker: Maker, profiles: Profiles, chat_key: str
) -> None:
    page = admin.page
    job_id = maker.ended()
    reads: list[str] = []
    admin.open(f"/jobs/{job_id}")
    talk = admin.card("Conversation")
    expect(talk.locator("li.user")).to_contain_text(f"Say hello {maker.tag}")
    expect(talk.locator("li.assistant .markdown")).to_contain_text(maker.tag)
    expect(page.locator(".time-bar")).to_contain_text("Attempt 1")
    # It changes no more: it is read no more.
    page.on("request", lambda request: reads.append(request.url))
    page.wait_for_timeout(4000)
    assert not [url for url in reads if "/api/GetOpenAiChat" in url]

    page.context.request.post("/session", data={"key": chat_key})
    with page.expect_popup() as popup:
        admin.press("Open in Chat")
    expect(popup.value.locator(".message.question")).to_contain_text(maker.tag)
    popup.value.close()

    page.get_by_label("Run again with").select_option("demo")
    admin.press("Run again")
    expect(page).not_to_have_url(re.compile(f"/jobs/{job_id}$"))
    expect(admin.card("Conversation").locator("li.assistant")).to_contain_text("demo LLM")
