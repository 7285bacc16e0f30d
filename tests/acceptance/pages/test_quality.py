"""What holds on every page: everybody can use it, and it fits on every screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.pages.driving.accessibility import violations
from tests.acceptance.pages.driving.admin_driver import SECTIONS, AdminDriver
from tests.acceptance.pages.driving.admin_scene import Scene
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.keyboard import Keyboard
from tests.acceptance.pages.driving.long_names import MODEL, NAME, LongNames, long_names
from tests.acceptance.pages.driving.looks import Look
from tests.acceptance.pages.driving.profile import Profiles
from tests.acceptance.system.stack import Stack

pytestmark = pytest.mark.every_look


@pytest.fixture(scope="module")
def names(pages_stack: Stack) -> Iterator[LongNames]:
    """Long names in every list."""
    with long_names(pages_stack) as names:
        yield names


def _assert_good(page: Page, profiles: Profiles, where: str) -> None:
    """Look at a page as it is: who can use it, and whether it fits on every screen."""
    checks = profiles.of(page)
    found = violations(page) + checks.overflow() + checks.broken_words()
    assert found == [], where
    checks.assert_fits_everywhere(where)


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
    admin: AdminDriver, profiles: Profiles, scene: Scene, names: LongNames
) -> None:
    profiles.expect_error("404")
    lists = ["/bulk?show=groups", "/bulk?show=schedules", "/usage?by=owner", "/usage?by=tag"]
    places = [
        *SECTIONS,
        *lists,
        f"/jobs/{names.job}",
        f"/callbacks/{names.job}",
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


def test_pages_for_people_fit_with_long_names(profiles: Profiles, names: LongNames) -> None:
    # The galleries have files of other tests, which may have deleted them.
    profiles.expect_error("404")
    page = profiles.signed_in(names.key, "/Images")
    for path in ("/Images", "/Audio", "/Transform"):
        page.goto(path)
        page.locator("h1", has_text=path[1:]).wait_for(state="attached")
        expect(page.locator(".content .spinner")).to_have_count(0)
        _assert_good(page, profiles, path)
    page.goto("/Chat")
    chat = ChatDriver(page)
    chat.ask(NAME, MODEL)
    chat.wait_done()
    chat.open_list()
    _assert_good(page, profiles, "/Chat")


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


#: What of a page is told from what is around it by its ground, or by that of what is chosen.
_SIGNS = """(selector) => {
    const style = getComputedStyle(document.querySelector(selector));
    const ground = style.backgroundColor;
    const isClear = ground.endsWith(", 0)");
    const hasGround = !isClear && ground !== getComputedStyle(document.body).backgroundColor;
    return hasGround ? style.forcedColorAdjust === "none" : parseFloat(style.borderTopWidth) >= 1;
}"""


def test_high_contrast_takes_no_sign_away(admin: AdminDriver, scene: Scene) -> None:
    page = admin.page
    page.emulate_media(forced_colors="active")
    for path, signs in {
        "/queues": (".meter svg", ".badge", ".side a[aria-current]"),
        f"/jobs/{scene.failed}": (".notice.bad", ".time-bar svg", ".badge.bad"),
        "/keys": (".content .button.primary",),
        "/usage?days=7": (".content .button[aria-pressed=true]",),
    }.items():
        admin.open(path)
        for selector in signs:
            page.locator(selector).first.wait_for(state="attached")
            assert page.evaluate(_SIGNS, selector), f"{selector} of {path} is not to be seen"
    page.emulate_media(forced_colors="none")
    admin.open("/queues")


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


# --- without a mouse; test_keyboard.py has all the flows ------------------------------------------


def test_keyboard_alone_is_enough_to_sign_in_and_chat(
    profiles: Profiles, chat_key: str, look: Look
) -> None:
    page = profiles.new()
    profiles.expect_error("401")
    page.goto("/Chat")
    keys = Keyboard(page)
    page.get_by_label("API key").wait_for()
    keys.to("API key").write(chat_key).press("Enter")
    # Its name is that of the model, once the models are known.
    expect(page.locator(".model-button")).to_contain_text("demo")
    keys.to(page.locator(".model-button").inner_text(), back=not look.is_phone).press("Enter")
    keys.wait_at("Search models")
    keys.write("demo-echo").press("Enter")
    keys.wait_at("demo-echo")
    keys.to("Message").write("By keyboard")
    # On a phone Enter begins another line.
    keys.enter("Send") if look.is_phone else keys.press("Enter")
    ChatDriver(page).expect_text("By keyboard")


def test_keyboard_alone_is_enough_to_go_from_section_to_section(
    admin: AdminDriver, look: Look
) -> None:
    keys = Keyboard(admin.page)
    if look.is_phone:
        keys.skip().enter("Sections", back=True)
        keys.wait_at("Overview")
        keys.press("Escape")
        keys.wait_at("Sections")
        expect(admin.sections).to_be_hidden()
        keys.press("Enter")
        keys.wait_at("Overview")
    keys.enter("Jobs")
    expect(admin.page.get_by_role("heading", name="Jobs", level=1)).to_be_visible()
    if look.is_phone:
        keys.wait_at("Sections")
    admin.wait_loaded()
    keys.to("Search jobs").enter("More filters")
    for name in ("State", "Tag", "To", "Export CSV"):
        keys.to(name)
