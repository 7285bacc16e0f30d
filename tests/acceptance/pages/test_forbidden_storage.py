"""Browsers that keep nothing for a page: all of it works, but for what would have been kept."""

from __future__ import annotations

from typing import Final

import pytest
from playwright.sync_api import Page, Route, expect

from tests.acceptance.pages.driving.admin_driver import SECTIONS, AdminDriver
from tests.acceptance.pages.driving.admin_scene import Scene, admin_secret
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.looks import DESK_DARK
from tests.acceptance.pages.driving.profile import Profiles, sign_in
from tests.acceptance.system.stack import Stack

#: These are about what is kept; the colours are the system's.
LOOKS = (DESK_DARK,)

#: As browsers do it where site data is blocked: they are not empty, asking for them is refused.
_FORBID: Final = """(() => {
    const refuse = () => { throw new DOMException("Access is denied.", "SecurityError"); };
    for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches", "cookieStore"]) {
        Object.defineProperty(window, name, { get: refuse });
    }
    LockManager.prototype.query = LockManager.prototype.request =
        async () => { throw new DOMException("Access is denied.", "SecurityError"); };
    window.BroadcastChannel = class { constructor() { refuse(); } };
})()"""


@pytest.fixture
def page(profiles: Profiles) -> Page:
    """A page of somebody whose browser keeps nothing but the session."""
    page = profiles.new()
    profiles.expect_error("401")
    page.add_init_script(_FORBID)
    return page


def test_chat_works_and_says_what_is_not_kept(page: Page, chat_key: str) -> None:
    sign_in(page, chat_key)
    chat = ChatDriver(page)
    chat.choose("markdown")
    page.get_by_label("Message", exact=True).fill("A question")
    expect(page.get_by_role("status").filter(has_text="cannot keep what you write")).to_be_visible()
    chat.press("Send")
    chat.wait_done()
    expect(chat.last_answer.locator(".markdown strong").first).to_be_visible()
    chat.wait_saved('"done"')
    page.reload()
    expect(page.locator(".message.question .said")).to_have_text("A question")


def test_no_word_is_lost_when_the_session_ends(
    page: Page, profiles: Profiles, chat_key: str
) -> None:
    # The server never had the conversation.
    profiles.expect_error("404")
    sign_in(page, chat_key)
    chat = ChatDriver(page)
    # The models are there, so nothing else is being asked for any more.
    chat.choose("demo-echo")
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()
    chat.ask("A question")
    page.get_by_role("heading", name="Sign in").wait_for()
    _sign_in_again(page, chat_key)
    chat.wait_done()
    chat.expect_text("A question")
    chat.wait_saved('"done"')

    page.get_by_label("Message", exact=True).fill("Half a thou")
    page.context.clear_cookies()
    page.evaluate("dispatchEvent(new Event('signed-out'))")
    page.get_by_role("heading", name="Sign in").wait_for()
    _sign_in_again(page, chat_key)
    expect(page.get_by_label("Message", exact=True)).to_have_value("Half a thou")


def _sign_in_again(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Sign in").wait_for(state="detached")


@pytest.mark.parametrize("path", ["/Images", "/Audio", "/Transform", "/docs"])
def test_other_pages_work(page: Page, chat_key: str, path: str) -> None:
    if path == "/docs":
        page.goto(path)
        page.locator(".opblock-tag").first.wait_for()
    else:
        sign_in(page, chat_key, path)
        expect(page.get_by_role("heading", level=1)).to_be_attached()


def test_admin_pages_work(page: Page, pages_stack: Stack, scene: Scene) -> None:
    sign_in(page, admin_secret(pages_stack), "/admin")
    admin = AdminDriver(page)
    for path, title in {**SECTIONS, f"/jobs/{scene.completed}": f"Job {scene.completed}"}.items():
        admin.open(path)
        expect(page.get_by_role("heading", name=title).first).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
    admin.open("/keys")
    admin.press("Create a key")
    admin.fill(Name="Written here")
    page.keyboard.press("Escape")
    admin.press("Keep writing")
    expect(admin.dialog.get_by_label("Name", exact=True)).to_have_value("Written here")


def _without_cookies(route: Route) -> None:
    route.request.frame.page.context.clear_cookies()
    route.continue_()


def test_browser_without_cookies_is_told_so(page: Page, chat_key: str) -> None:
    page.route("**/session", _without_cookies)
    page.goto("/Chat")
    page.get_by_label("API key").fill(chat_key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("keeps no cookies")
    expect(page.get_by_label("API key")).to_have_value(chat_key)
