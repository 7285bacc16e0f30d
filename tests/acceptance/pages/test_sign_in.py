"""Signing in and out of both pages, and what a session is guarded by."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from shared.store import redis_keys
from tests.acceptance.pages.driving.admin_driver import SECTIONS, AdminDriver
from tests.acceptance.pages.driving.admin_scene import (
    Scene,
    admin_api,
    admin_secret,
    issue_key,
    new_key,
)
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.profile import Profiles, sign_in
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import GATEWAY, REDIS, Stack

#: As many wrong keys as an address may try in a minute.
_MOST_WRONG_KEYS = 10
#: Sends a request that changes something, with these headers, and tells the answer's status.
_CHANGE = """async (headers) => (await fetch("/api/SavePrompt", {
    method: "POST", headers, body: JSON.stringify({ id: "p", name: "p", value: "p" }),
})).status"""


@pytest.fixture
def page(profiles: Profiles) -> Page:
    """A page of somebody who is not signed in, which the server says with a 401."""
    page = profiles.new()
    profiles.expect_error("401")
    return page


def _try_key(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()


def test_key_opens_the_chat_page_and_the_session_outlives_a_reload(
    page: Page, chat_key: str
) -> None:
    sign_in(page, chat_key)
    page.reload()
    expect(page.get_by_role("heading", name="What would you like to know?")).to_be_visible()


def test_wrong_key_is_refused_and_said_so(page: Page) -> None:
    page.goto("/Chat")
    _try_key(page, "ak-wrong")
    expect(page.get_by_role("alert")).to_contain_text("not valid")
    expect(page.get_by_label("API key")).to_have_attribute("aria-invalid", "true")


def test_who_tries_many_wrong_keys_has_to_wait(
    page: Page, profiles: Profiles, pages_stack: Stack, chat_key: str
) -> None:
    profiles.expect_error("429")
    page.goto("/Chat")
    failures = redis_keys.sign_in_failures("127.0.0.1")
    pages_stack.redis.delete(failures)
    try:
        for _ in range(_MOST_WRONG_KEYS):
            assert page.request.post("/session", data={"key": "ak-wrong"}).status == 401
        _try_key(page, chat_key)
        expect(page.get_by_role("alert")).to_contain_text("Too many failed sign-ins")
    finally:
        # A minute later.
        pages_stack.redis.delete(failures)
    _try_key(page, chat_key)
    expect(page.get_by_role("heading", name="What would you like to know?")).to_be_visible()


def test_session_is_a_cookie_that_scripts_cannot_read(page: Page, chat_key: str) -> None:
    sign_in(page, chat_key)
    [cookie] = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")
    assert page.evaluate("document.cookie") == ""
    assert chat_key not in cookie["value"]
    assert chat_key not in page.evaluate("JSON.stringify([localStorage, sessionStorage])")


def test_session_changes_nothing_without_the_token_of_the_page(
    page: Page, profiles: Profiles, chat_key: str
) -> None:
    profiles.expect_error("403")
    sign_in(page, chat_key)
    token = page.evaluate("async () => (await (await fetch('/session')).json()).csrfToken")
    json = {"Content-Type": "application/json"}
    assert page.evaluate(_CHANGE, json) == 403
    assert page.evaluate(_CHANGE, {**json, "x-csrf-token": token[::-1]}) == 403
    assert page.evaluate(_CHANGE, {**json, "x-csrf-token": token}) == 200


def test_sign_out_ends_what_the_page_may_do(page: Page, chat_key: str) -> None:
    sign_in(page, chat_key)
    ChatDriver(page).sign_out()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.request.get("/api/ActiveAiModels").status == 401


def test_key_that_is_revoked_takes_its_sessions_along(page: Page, pages_stack: Stack) -> None:
    with admin_api(pages_stack) as api:
        issued = issue_key(api)
        sign_in(page, issued["key"])
        # What the page reads at its start must not be what finds out.
        page.wait_for_load_state("networkidle")
        api.post("/api/RevokeApiKey", json={"id": issued["id"]})
    until(lambda: page.request.get("/api/QueryPrompts").status == 401, "the key is refused")
    ChatDriver(page).search("anything")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_ordinary_key_opens_its_own_page_alone(
    page: Page, pages_stack: Stack, profiles: Profiles
) -> None:
    profiles.expect_error("403")
    key = new_key(pages_stack, requestsPerMinute=60, monthlyTokens=1000)
    page.goto("/admin")
    _try_key(page, key)
    expect(page.get_by_role("heading", name="My usage and limits", level=1)).to_be_visible()
    expect(page.locator(".content")).to_contain_text("0 of 60")
    expect(page.locator(".content")).to_contain_text("0 of 1,000")
    sections = page.get_by_role("navigation", name="Sections").get_by_role("link")
    assert {"Providers", "API keys", "Audit"}.isdisjoint(sections.all_inner_texts())
    # The rest still asks for somebody else's key.
    page.goto("/admin/providers")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_who_signs_in_as_admin_is_still_the_same_in_chat(
    page: Page, pages_stack: Stack, chat_key: str
) -> None:
    sign_in(page, chat_key)
    owner = page.evaluate("async () => (await (await fetch('/session')).json()).owner")
    page.goto("/admin")
    _try_key(page, admin_secret(pages_stack))
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    page.goto("/Chat")
    page.get_by_role("heading", name="What would you like to know?").wait_for()
    expect(page.locator(".sidebar footer")).to_contain_text(owner)


def test_admin_signs_in_and_out(page: Page, pages_stack: Stack) -> None:
    sign_in(page, admin_secret(pages_stack), "/admin/keys")
    admin = AdminDriver(page)
    expect(page.get_by_role("heading", name="API keys", level=1)).to_be_visible()
    admin.open_sections()
    admin.press("Sign out")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.request.get("/api/GetSettings").status == 401


def test_key_that_may_look_sees_all_and_changes_nothing(
    profiles: Profiles, pages_stack: Stack, scene: Scene
) -> None:
    key = new_key(pages_stack, scopes="read,admin:read")
    admin = AdminDriver(profiles.signed_in(key, "/admin"))
    profiles.expect_error("403")
    for title in SECTIONS.values():
        admin.go(title)
        expect(admin.page.locator(".content [role=alert]")).to_have_count(0)
    admin.go("Jobs")
    expect(admin.page.get_by_text("These are the jobs of your own key.")).to_be_visible()
    admin.go("Providers")
    expect(admin.row("away")).to_be_visible()
    expect(admin.page.get_by_text("that needs the scope admin:providers")).to_be_visible()
    # What would be refused is not offered.
    for name in ("Hold", "Check", "Edit …", "Delete", "Add a provider"):
        expect(admin.page.get_by_role("button", name=name)).to_have_count(0)


# --- pages that are open on this machine ---------------------------------------------------------


@pytest.fixture(scope="module")
def open_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway as `replyto up` starts it on a loopback address."""
    settings = {"REPLYTO_PAGES_OPEN": "true"}
    with Stack(tmp_path_factory.mktemp("open"), settings=settings) as stack:
        yield stack.open(REDIS, GATEWAY)


def test_open_pages_need_no_key_to_chat_but_one_to_administrate(
    profiles: Profiles, open_stack: Stack
) -> None:
    page = profiles.new(url=open_stack.url)
    page.goto("/Chat")
    expect(page.get_by_role("heading", name="What would you like to know?")).to_be_visible()
    assert page.request.get("/api/GetSettings").status == 403

    page.goto("/admin")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    _try_key(page, admin_secret(open_stack))
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
