"""What is made is made once, also where the answer to it is lost: the line breaks right after."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.acceptance.pages.driving.admin_driver import AdminDriver
from tests.acceptance.pages.driving.admin_scene import Maker, admin_api
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.looks import DESK_LIGHT
from tests.acceptance.pages.driving.profile import Profiles
from tests.acceptance.system.stack import Stack

#: These are about what is made, not how it looks.
LOOKS = (DESK_LIGHT,)


@pytest.fixture(autouse=True)
def _lost(profiles: Profiles) -> None:
    profiles.expect_error("net::ERR_FAILED")


def lose_answer(page: Page, call: str) -> None:
    """Let the server do it once, and the answer be lost."""

    def lose(route: Route) -> None:
        if route.request.method == "GET":
            route.fallback()
            return
        assert route.fetch().ok
        route.abort()
        page.unroute(f"**{call}", lose)

    page.route(f"**{call}", lose)


def _keys(stack: Stack, tag: str) -> list[dict[str, Any]]:
    with admin_api(stack) as api:
        asked = {"includeCancelled": "true", "take": 1000}
        rows: list[dict[str, Any]] = api.get("/api/QueryApiKeys", params=asked).json()["results"]
    return [row for row in rows if tag in row["name"]]


def _issue_unheard(admin: AdminDriver, **fields: str) -> None:
    """Issue a key, and hear of nothing."""
    admin.open("/keys")
    admin.press("Create a key")
    admin.fill(**fields)
    lose_answer(admin.page, "/CreateApiKey")
    admin.press("Create")
    expect(admin.dialog.get_by_role("alert")).to_be_visible()


@pytest.mark.parametrize("then", ["at once", "after a reload", "changed"])
def test_key_is_issued_once(
    admin: AdminDriver, maker: Maker, pages_stack: Stack, then: str
) -> None:
    _issue_unheard(admin, Name=maker.tag, Models="demo*")
    if then == "after a reload":
        admin.page.reload()
        admin.press("Create a key")
    if then == "changed":
        admin.fill(Name=f"{maker.tag} of invoices")
    admin.press("Create")
    secret = admin.dialog.locator(".secret code").inner_text()
    [key] = _keys(pages_stack, maker.tag)
    assert key["name"] == (f"{maker.tag} of invoices" if then == "changed" else maker.tag)
    assert key["models"] == ["demo*"]
    with pages_stack.api(secret) as api:
        assert api.get("/v1/models").ok
    admin.press("I have saved it")


def test_key_is_issued_once_to_whom_it_is_meant_for_in_the_end(
    admin: AdminDriver, maker: Maker, pages_stack: Stack
) -> None:
    _issue_unheard(admin, Name=maker.tag, User="ann")
    admin.fill(User="bob")
    admin.press("Create")
    admin.press("I have saved it")
    found = {row["userId"]: bool(row.get("cancelledDate")) for row in _keys(pages_stack, maker.tag)}
    assert found == {"ann": True, "bob": False}


def test_provider_is_added_once_as_it_was_meant_in_the_end(
    admin: AdminDriver, maker: Maker, pages_stack: Stack, profiles: Profiles
) -> None:
    admin.open("/providers")
    admin.press("Add a provider")
    admin.fill(Name=maker.tag, Base_URL=pages_stack.llm.url, Models=f"one-{maker.tag}")
    lose_answer(admin.page, "/CreateAiProvider")
    admin.press("Save")
    expect(admin.dialog.get_by_role("alert")).to_be_visible()
    admin.fill(Models=f"other-{maker.tag}")
    profiles.expect_error("status of 4")
    admin.press("Save")
    expect(admin.dialog).to_have_count(0)
    card = admin.row(f"other-{maker.tag}")
    expect(card).to_have_count(1)
    expect(card).not_to_contain_text(f"one-{maker.tag}")
    admin.press("Delete", card)
    admin.confirm("Delete")


def test_job_is_run_again_once(admin: AdminDriver, maker: Maker) -> None:
    admin.open(f"/jobs/{maker.ended()}")
    lose_answer(admin.page, "/QueueOpenAiChatCompletion")
    admin.press("Run again")
    admin.page.locator(".toast").first.wait_for()
    admin.press("Run again")
    admin.expect_toast("is queued")
    admin.open(f"/jobs?tag={maker.tag}")
    expect(admin.rows).to_have_count(2)


def test_picture_is_drawn_once(profiles: Profiles, chat_key: str, pages_stack: Stack) -> None:
    page = profiles.signed_in(chat_key, "/Images")
    page.get_by_label("Prompt").fill("A red kite over a lake")
    lose_answer(page, "/QueueTextToImage")
    generate = page.get_by_role("button", name="Generate")
    generate.click()
    page.locator(".toast").first.wait_for()
    generate.click()
    page.get_by_role("img", name="A red kite over a lake").wait_for()
    with pages_stack.api(chat_key) as api:
        jobs = api.get("/api/QueryJobs", params={"tag": "page:images"}).json()["results"]
    assert len(jobs) == 1
    # Who wants the same once more gets another one.
    generate.click()
    expect(page.locator(".made")).to_have_count(2)


def test_prompt_is_put_into_the_library_once(chat: ChatDriver) -> None:
    dialog = chat.open_settings()
    dialog.get_by_label("System prompt").fill("You are brief.")
    chat.press("Save as …")
    dialog.get_by_label("Name of the prompt").fill("Brief")
    lose_answer(chat.page, "/SavePrompt")
    save = dialog.get_by_role("button", name="Save", exact=True)
    save.click()
    chat.page.locator(".toast").first.wait_for()
    save.click()
    expect(dialog.get_by_label("Name of the prompt")).to_have_count(0)
    names = dialog.get_by_label("From the library").locator("option", has_text="Brief")
    expect(names).to_have_count(1)
