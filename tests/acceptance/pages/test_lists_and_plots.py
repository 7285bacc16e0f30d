"""Conversations by day, pinned, as Markdown and on paper; plots that lead on; keys by name."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.acceptance.pages.driving.admin_driver import AdminDriver
from tests.acceptance.pages.driving.admin_scene import Maker, admin_api, issue_key
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.looks import DESK_DARK
from tests.acceptance.system.api import chat as request_of
from tests.acceptance.system.stack import Stack

#: Pointers hover and drag at a desk; paper is white though the screen is dark.
LOOKS = (DESK_DARK,)

#: Notes what is not drawn yet when the page is printed, and how light its letters are then.
_NOTE_PRINT = """window.print = () => {
    window.printed = document.querySelectorAll(".unread").length;
}"""
_INK = "getComputedStyle(document.body).color"


def test_conversations_are_listed_by_day_pinned_first_and_exported(chat: ChatDriver) -> None:
    page = chat.page
    for question in ("About zebras", "About yaks"):
        chat.new()
        chat.ask(question, "markdown")
        chat.wait_done()
        chat.wait_saved('"state": "done"')
    days = page.locator(".heads h3")
    expect(days).to_have_text(["Today"])
    chat.act_on("About zebras", "Pin")
    expect(days).to_have_text(["Pinned", "Today"])
    expect(chat.heads).to_have_text(["About zebras", "About yaks"])
    chat.act_on("About zebras", "Unpin")
    expect(days).to_have_text(["Today"])

    chat.press("Export this conversation")
    with page.expect_download() as download:
        chat.press("As Markdown: what is shown")
    text = Path(download.value.path()).read_text("utf-8")
    assert text.startswith("# About yaks\n\n## You\n\nAbout yaks\n\n## markdown\n\n")

    page.evaluate(_NOTE_PRINT)
    chat.press("Export this conversation")
    chat.press("Print")
    page.wait_for_function("window.printed === 0")
    assert page.evaluate(_INK) == "rgb(232, 236, 240)"
    page.emulate_media(media="print")
    assert page.evaluate(_INK) == "rgb(22, 32, 42)"
    expect(chat.last_answer).to_be_visible()
    expect(page.get_by_label("Search conversations")).to_be_hidden()
    page.emulate_media(media="screen")


def test_plots_tell_values_and_lead_to_the_jobs_of_their_time(admin: AdminDriver) -> None:
    page = admin.page
    plot = page.locator(".plot").filter(has_text="Jobs per second")
    over = plot.locator(".u-over")
    box = over.bounding_box()
    assert box
    over.hover(position={"x": box["width"] - 5, "y": 40})
    expect(plot.locator(".legend strong").first).to_be_visible()
    page.get_by_role("button", name="24 h").click()
    expect(page.get_by_role("button", name="24 h")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="1 h").click()
    # Its place may have changed with the range.
    over.hover(position={"x": 20, "y": 40})
    page.mouse.down()
    over.hover(position={"x": 200, "y": 40})
    page.mouse.up()
    expect(page.get_by_role("heading", name="Jobs", level=1)).to_be_visible()
    assert "from=" in page.url
    assert "to=" in page.url


def test_keys_are_named_and_their_names_lead_to_them(
    admin: AdminDriver, pages_stack: Stack, maker: Maker
) -> None:
    with admin_api(pages_stack) as api:
        key = issue_key(api, name=f"Invoices {maker.tag}")
        issue_key(api, name=f"Others {maker.tag}")
    with pages_stack.api(key["key"]) as api:
        api.queue(request_of("demo-echo", "Hello"), tag=maker.tag)
    admin.open(f"/jobs?tag={maker.tag}")
    admin.page.get_by_role("link", name=f"Invoices {maker.tag}").click()
    expect(admin.page.get_by_role("heading", name="API keys", level=1)).to_be_visible()
    expect(admin.rows).to_have_count(1)
    admin.page.get_by_role("link", name="Show all keys").click()
    expect(admin.rows).not_to_have_count(1)
