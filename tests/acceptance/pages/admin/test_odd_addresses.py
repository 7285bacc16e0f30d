"""Addresses hold anything: mistyped ones, ones that were cut, ones made to break a page."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.acceptance.pages.driving.admin_driver import AdminDriver
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
