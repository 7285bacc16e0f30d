"""What holds on every page: everybody can use it, and it fits on every screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.pages.driving.accessibility import violations
from tests.acceptance.pages.driving.admin_driver import SECTIONS, AdminDriver
from tests.acceptance.pages.driving.admin_scene import Scene
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.looks import TABLET, WIDE, Look
from tests.acceptance.pages.driving.profile import Profiles, sign_in

pytestmark = pytest.mark.every_look

#: Longest way by Tab to anything on a page.
_MOST_TABS = 60


def _assert_good(page: Page, profiles: Profiles, where: str) -> None:
    """Look at a page as it is; one of a desk also on a tablet and on a large screen."""
    checks = profiles.of(page)
    found = violations(page) + checks.overflow() + checks.broken_words()
    assert found == [], where
    if profiles.look.is_phone:
        return
    for look in (TABLET, WIDE):
        checks.resize(look)
        assert checks.overflow() + checks.broken_words() == [], f"{where}, {look.width} wide"
    checks.resize(profiles.look)


def test_sign_in_is_accessible_and_fits(profiles: Profiles) -> None:
    page = profiles.new()
    profiles.expect_error("401")
    page.goto("/Chat")
    page.get_by_label("API key").wait_for()
    _assert_good(page, profiles, "sign-in")


def test_chat_page_is_accessible_and_fits(chat: ChatDriver, profiles: Profiles) -> None:
    page = chat.page
    _assert_good(page, profiles, "welcome")
    chat.ask("Show me all", "markdown")
    chat.wait_done()
    page.locator("pre .hljs-keyword").first.wait_for()
    chat.ask("And think", "thinks")
    chat.wait_done()
    _assert_good(page, profiles, "conversation")

    page.locator(".model-button").click()
    page.get_by_label("Search models").wait_for()
    _assert_good(page, profiles, "models")
    page.keyboard.press("Escape")
    chat.open_list()
    _assert_good(page, profiles, "conversations")
    chat.close_list()
    for name in ("Settings of this conversation", "Show the request as code"):
        page.get_by_role("button", name=name).last.click()
        page.get_by_role("dialog").wait_for()
        _assert_good(page, profiles, name)
        chat.press("Close")


def test_answer_that_is_waited_for_is_accessible(chat: ChatDriver, profiles: Profiles) -> None:
    chat.ask("Slowly", "endless")
    chat.expect_text("word1")
    _assert_good(chat.page, profiles, "answer on its way")
    chat.press("Stop")
    chat.wait_done()


def test_every_section_is_accessible_and_fits(
    admin: AdminDriver, profiles: Profiles, scene: Scene
) -> None:
    profiles.expect_error("404")
    lists = ["/bulk?show=groups", "/bulk?show=schedules"]
    places = [
        *SECTIONS,
        *lists,
        f"/jobs/{scene.failed}",
        f"/callbacks/{scene.exhausted}",
        "/nowhere",
    ]
    for path in places:
        admin.open(path)
        if path in ("", "/usage"):
            admin.page.locator(".plot canvas").first.wait_for()
        _assert_good(admin.page, profiles, path)
    admin.open_sections()
    _assert_good(admin.page, profiles, "sections")


@pytest.mark.parametrize(
    ("path", "button"),
    [
        ("/providers", "Add a provider"),
        ("/keys", "Create a key"),
        ("/callbacks", "Test a receiver …"),
    ],
)
def test_form_is_accessible_fits_and_gives_the_focus_back(
    admin: AdminDriver, profiles: Profiles, path: str, button: str
) -> None:
    admin.open(path)
    admin.press(button)
    _assert_good(admin.page, profiles, path)
    admin.page.keyboard.press("Escape")
    expect(admin.dialog).to_have_count(0)
    expect(admin.page.get_by_role("button", name=button)).to_be_focused()


def test_drawer_of_a_phone_opens_and_closes(
    admin: AdminDriver, chat: ChatDriver, look: Look
) -> None:
    if not look.is_phone:
        expect(admin.sections).to_be_visible()
        expect(chat.page.get_by_label("Search conversations")).to_be_visible()
        return
    expect(admin.sections).to_be_hidden()
    admin.go("Audit")
    expect(admin.sections).to_be_hidden()
    expect(chat.page.get_by_label("Search conversations")).to_be_hidden()
    chat.open_list()
    # Beside it, on the veil.
    chat.page.touchscreen.tap(look.width - 10, look.height / 2)
    expect(chat.page.get_by_label("Search conversations")).to_be_hidden()


def test_chosen_colours_stay_on_both_pages(
    chat: ChatDriver, profiles: Profiles, look: Look
) -> None:
    other = "light" if look.scheme == "dark" else "dark"
    chat.open_list()
    chat.press(f"Change to {other}")
    expect(chat.page.locator("html")).to_have_attribute("data-theme", other)
    chat.page.reload()
    profiles.of(chat.page).expect_scheme(other)
    admin = profiles.another_tab(chat.page)
    admin.goto("/admin")
    profiles.of(admin).expect_scheme(other)
    expect(admin.locator("html")).to_have_attribute("data-theme", other)


# --- without a mouse ------------------------------------------------------------------------------


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called so has the focus."""
    called = """(one => (one.ariaLabel ?? (one.labels?.[0] ?? one).innerText ?? "").trim())
        (document.activeElement)"""
    seen = []
    for _ in range(_MOST_TABS):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(called))
        if seen[-1] == name:
            return
    raise AssertionError(f"{name} is not reached: {seen}")


def test_keyboard_alone_is_enough_to_chat(profiles: Profiles, chat_key: str, look: Look) -> None:
    page = profiles.new()
    profiles.expect_error("401")
    sign_in(page, chat_key)
    chat = ChatDriver(page)
    # Its name is that of the model, once the models are known.
    expect(page.locator(".model-button")).not_to_have_text("Choose a model")
    _tab_to(page, page.locator(".model-button").inner_text())
    page.keyboard.press("Enter")
    expect(page.get_by_label("Search models")).to_be_focused()
    page.keyboard.type("demo-echo")
    page.keyboard.press("Enter")
    _tab_to(page, "Message")
    page.keyboard.type("By keyboard")
    if look.is_phone:
        # There Enter begins another line.
        _tab_to(page, "Send")
    page.keyboard.press("Enter")

    chat.expect_text("By keyboard")


def test_keyboard_alone_is_enough_to_administrate(admin: AdminDriver, scene: Scene) -> None:
    page = admin.page
    admin.open("/jobs")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    admin.filter()
    for name in ("State", "Tag", "To", "Export CSV"):
        _tab_to(page, name)
    admin.open("/providers")
    admin.open_sections()
    for name in ("Overview", "Audit", "Sign out", "Add a provider", "Hold"):
        _tab_to(page, name)
