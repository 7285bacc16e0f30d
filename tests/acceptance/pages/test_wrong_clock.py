"""Where the clock is wrong by days, moments are told by the server's."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.pages.driving.admin_driver import AdminDriver
from tests.acceptance.pages.driving.admin_scene import Maker, admin_secret
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.looks import PHONE_DARK
from tests.acceptance.pages.driving.profile import Profiles, sign_in
from tests.acceptance.system.stack import Stack

LOOKS = (PHONE_DARK,)
_DAY_MS = 86_400_000
_WRONG = """(() => {
    const Right = Date;
    globalThis.Date = class extends Right {
        constructor(...given) { if (given.length) super(...given); else super(Date.now()); }
        static now() { return Right.now() + BY_MS; }
    };
})()"""
_LATELY = re.compile(r"now|sec|min|hr|hour")
_DAYS = re.compile(r"yesterday|tomorrow|day", re.IGNORECASE)


@pytest.fixture(params=[_DAY_MS, -_DAY_MS, 400 * _DAY_MS], ids=["ahead", "behind", "a year ahead"])
def page(profiles: Profiles, request: pytest.FixtureRequest) -> Page:
    """A page of somebody whose clock is wrong."""
    page = profiles.new()
    profiles.expect_error("401")
    page.add_init_script(_WRONG.replace("BY_MS", str(request.param)))
    return page


def test_jobs_of_the_last_hour_are_found_and_told_so(
    page: Page, pages_stack: Stack, maker: Maker
) -> None:
    maker.ended()
    sign_in(page, admin_secret(pages_stack), f"/admin/jobs?last=1h&tag={maker.tag}")
    AdminDriver(page).wait_loaded()
    moment = page.locator("tbody tr").first.locator("time")
    expect(moment).to_have_text(_LATELY)
    expect(moment).not_to_have_text(_DAYS)


def test_conversation_of_now_is_one_of_today(page: Page, chat_key: str) -> None:
    sign_in(page, chat_key)
    chat = ChatDriver(page)
    chat.ask("What day is it?", "demo-echo")
    chat.wait_done()
    chat.wait_saved('"done"')
    page.reload()
    chat.open_list()
    expect(page.locator(".heads .day").first).to_have_text("Today")
