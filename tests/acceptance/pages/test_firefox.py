"""The main flows in Firefox: Debian's, by WebDriver BiDi. Skipped where it is not installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.pages.driving.admin_driver import AdminDriver
from tests.acceptance.pages.driving.admin_scene import Maker, admin_secret, new_key
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.profile import PATIENCE_MS, sign_in
from tests.acceptance.system.browser import firefox
from tests.acceptance.system.stack import Stack

pytestmark = pytest.mark.skipif(
    not shutil.which("firefox-esr"), reason="no Firefox: apt-get install firefox-esr"
)


@pytest.fixture(scope="module")
def fox() -> Iterator[Browser]:
    with firefox() as browser:
        yield browser


@pytest.fixture
def page(fox: Browser, pages_stack: Stack) -> Iterator[Page]:
    context = fox.new_context(base_url=pages_stack.url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    yield page
    context.close()
    assert not thrown


def test_somebody_chats_and_finds_it_again(page: Page, pages_stack: Stack) -> None:
    sign_in(page, new_key(pages_stack))
    chat = ChatDriver(page)
    chat.ask("Show me all", "markdown")
    chat.wait_done()
    page.locator("pre .hljs-keyword").first.wait_for()
    page.locator("math").first.wait_for()
    chat.ask("Slowly", "endless")
    chat.expect_text("word1")
    page.reload()
    chat.expect_text("word1")
    chat.press("Stop")
    chat.wait_done()
    chat.wait_saved('"state": "stopped"')
    expect(chat.heads).to_have_text(["Show me all"])


def test_an_admin_finds_a_failed_job_and_retries_it(
    page: Page, pages_stack: Stack, maker: Maker
) -> None:
    job_id = maker.ended("refuses")
    sign_in(page, admin_secret(pages_stack), "/admin")
    admin = AdminDriver(page)
    admin.wait_loaded()
    page.locator(".plot canvas").first.wait_for()
    admin.go("Jobs")
    page.get_by_label("Search jobs").last.fill(f"tag:{maker.tag} Failed")
    page.get_by_role("link", name=str(job_id), exact=True).click()
    admin.press("Retry")
    admin.expect_toast("It is queued again.")
    admin.go("API keys")
    admin.press("Create a key")
    admin.fill(Name=maker.tag, Budget_per_month="5")
    admin.press("Create")
    admin.press("I have saved it")
    expect(admin.row(maker.tag)).to_contain_text("5.00/month")
