"""Callbacks: which came through and which did not, another try, a test of a receiver."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.acceptance.pages.driving.admin_driver import AdminDriver
from tests.acceptance.pages.driving.admin_scene import Maker
from tests.acceptance.pages.driving.profile import Profiles
from tests.acceptance.system.stack import Stack


def test_callbacks_are_found_by_what_they_have(admin: AdminDriver, maker: Maker) -> None:
    delivered = maker.called_back("Delivered")
    stopped = maker.called_back("Stopped", 410)
    admin.open("/callbacks")
    admin.filter(Tag=maker.tag)
    expect(admin.rows).to_have_count(2)
    admin.filter(State="Stopped")
    expect(admin.rows).to_have_count(1)
    expect(admin.row("Stopped")).to_contain_text(str(stopped))
    admin.filter(State="Delivered", Host="127.0.0.1")
    expect(admin.row("Delivered")).to_contain_text(str(delivered))
    admin.filter(Host="elsewhere.example")
    expect(admin.page.get_by_text("No callbacks found")).to_be_visible()


def test_callback_that_was_stopped_is_sent_again(
    admin: AdminDriver, maker: Maker, pages_stack: Stack
) -> None:
    maker.called_back("Stopped", 410)
    admin.open(f"/callbacks?state=Stopped&tag={maker.tag}")
    admin.row(maker.path).get_by_role("link").first.click()
    attempts = admin.page.locator(".timeline li")
    expect(attempts).to_have_count(1)
    expect(attempts).to_contain_text("410")

    admin.press("Send again")

    expect(attempts).to_have_count(2)
    admin.expect_heading("Callback of job", "Delivered")
    answers = [one.answered for one in pages_stack.receiver.received(maker.path)]
    assert answers == [410, 200]


def test_callback_that_is_exhausted_tells_every_attempt_and_is_sent_again(
    admin: AdminDriver, maker: Maker
) -> None:
    job_id = maker.called_back("Exhausted", 500, 500)
    admin.open(f"/callbacks?state=Exhausted&tag={maker.tag}")
    admin.row(str(job_id)).get_by_role("link").first.click()
    admin.expect_heading("Callback of job", "Exhausted")
    attempts = admin.page.locator(".timeline li")
    expect(attempts).to_have_count(2)
    expect(attempts.first).to_contain_text("Next attempt after")
    expect(attempts.last).to_contain_text("500")

    admin.press("Send again")
    admin.expect_heading("Callback of job", "Delivered")
    expect(attempts.last).to_contain_text("replay")


def test_callback_that_waits_is_given_up(admin: AdminDriver, maker: Maker) -> None:
    job_id = maker.called_back("Pending", 503, 503)
    admin.open(f"/callbacks/{job_id}")
    expect(admin.page.locator(".timeline li")).to_contain_text("503")
    expect(admin.card("Callback of job")).to_contain_text("Next attempt")
    admin.press("Give up")
    admin.expect_heading("Callback of job", "Cancelled")
    expect(admin.page.get_by_role("button", name="Give up")).to_have_count(0)


def test_callbacks_of_a_filter_are_sent_again_after_a_question(
    admin: AdminDriver, maker: Maker, pages_stack: Stack
) -> None:
    for _ in range(2):
        maker.called_back("Delivered")
    admin.open(f"/callbacks?state=Delivered&tag={maker.tag}")
    admin.press("Send all of these again …")
    expect(admin.dialog).to_contain_text("Send 2 callbacks again?")
    admin.confirm("Send again")
    admin.expect_toast("2 callbacks are on their way.")
    pages_stack.receiver.wait_for(maker.path, 4)


def test_receiver_is_tested(
    admin: AdminDriver, maker: Maker, profiles: Profiles, pages_stack: Stack
) -> None:
    profiles.expect_error("status of 4")
    pages_stack.receiver.plan(maker.path, 500)
    admin.open("/callbacks")
    admin.press("Test a receiver …")
    admin.fill(URL=pages_stack.receiver.url(maker.path))
    outcome = admin.dialog.get_by_role("status")
    admin.press("Send the sample")
    expect(outcome).to_contain_text("Not delivered. It answered 500")
    admin.press("Send the sample")
    expect(outcome).to_contain_text("Delivered. It answered 200")

    admin.fill(URL="http://user:pass@127.0.0.1/")
    admin.press("Send the sample")
    expect(admin.dialog.get_by_role("alert")).to_contain_text("url")
