"""Addresses hold anything: mistyped ones, ones that were cut, ones made to break a page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.acceptance.pages.driving.admin_driver import AdminDriver
from tests.acceptance.pages.driving.admin_scene import Scene
from tests.acceptance.pages.driving.looks import DESK_LIGHT
from tests.acceptance.pages.driving.profile import Profiles

#: These are about what is shown, not how it looks.
LOOKS = (DESK_LIGHT,)


def test_page_shows_something_whatever_its_address_is(
    admin: AdminDriver, profiles: Profiles
) -> None:
    # What the API has to say of such ids and moments.
    profiles.expect_error("status of 4")
    for path, title, said in (
        ("/jobs/98%", "Jobs", "All jobs"),
        ("/jobs?from=Today&skip=x&q=constructor:x", "Jobs", "Today"),
        ("/bulk?show=constructor", "Batches and schedules", "Batches"),
        ("/usage?days=toString&by=__proto__", "Usage and cost", "30 days"),
        ("/%E0%A4%A", "Not found", "Page not found"),
    ):
        admin.open(path)
        expect(admin.page.get_by_role("heading", name=title, level=1)).to_be_visible()
        expect(admin.page.locator(".content")).to_contain_text(said)


@pytest.mark.parametrize("path", ["/Chat/98%", "/Chat/"])
def test_chat_shows_something_whatever_its_address_is(
    profiles: Profiles, chat_key: str, path: str
) -> None:
    profiles.expect_error("status of 4")
    page = profiles.signed_in(chat_key, path)
    expected = page.get_by_role("alert") if "%" in path else page.get_by_role("heading", level=1)
    expect(expected).to_be_visible()


def test_list_that_ends_before_the_page_says_so_and_leads_back(
    admin: AdminDriver, scene: Scene
) -> None:
    assert scene.completed
    for path in (
        *("/jobs?tag=none&", "/bulk?", "/bulk?show=schedules&", "/bulk?show=groups&"),
        *("/callbacks?", "/keys?", "/files?", "/audit?"),
    ):
        admin.open(f"{path}skip=900000")
        empty = admin.page.locator(".content .empty")
        expect(empty).to_have_count(1)
        expect(empty).to_contain_text("The list ends before this page")
        empty.get_by_role("link", name="To the beginning of the list").click()
        expect(admin.page).to_have_url(re.compile(f"{re.escape(path)}skip=0$"))
        admin.wait_loaded()
        expect(admin.page.get_by_text("The list ends before this page")).to_have_count(0)
