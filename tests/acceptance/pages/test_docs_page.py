"""The page of the API: it shows every call, and tries one with a key."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.acceptance.pages.driving.accessibility import violations
from tests.acceptance.pages.driving.profile import Profiles
from tests.acceptance.system.stack import Stack


@pytest.mark.every_look
def test_call_is_found_and_tried_with_a_key(profiles: Profiles, pages_stack: Stack) -> None:
    page = profiles.new()
    # A link to one call opens it.
    page.goto("/docs#/models/ActiveAiModels")
    expect(page.get_by_role("heading", name="ReplyTo")).to_be_visible()

    page.locator(".auth-wrapper .authorize").click()
    dialog = page.locator(".dialog-ux .modal-ux")
    dialog.locator("input").first.fill(pages_stack.api_key)
    dialog.locator(".auth-btn-wrapper .authorize").first.click()
    dialog.locator(".close-modal").click()

    call = page.locator("#operations-models-ActiveAiModels")
    call.locator(".execute").click()
    answer = call.locator(".live-responses-table .response").first
    expect(answer).to_contain_text("200")
    expect(answer).to_contain_text("demo-echo")


@pytest.mark.every_look
def test_operations_are_listed_on_a_page_like_the_others(profiles: Profiles) -> None:
    page = profiles.new()
    page.goto("/metadata")
    row = page.get_by_role("row").filter(has_text="QueueOpenAiChatCompletion").first
    expect(row).to_contain_text("POST")
    assert violations(page) == []
    profiles.of(page).assert_fits_everywhere("operations")
