"""What holds on every page: nothing runs that should not, everybody can use it, it is light."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.acceptance.pages.canned_answers import ATTACKS
from tests.acceptance.pages.chat_driver import ChatDriver
from tests.acceptance.pages.conftest import Look, new_page, page_errors, sign_in
from tests.acceptance.stack import Stack

#: What the first page may weigh (bytes), and how soon it must be usable on loopback (milliseconds).
FIRST_PAGE_BYTES = 300_000


def violations(page: Page) -> list[str]:
    """Return what axe-core finds serious or critical on the page as it is."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return width


def test_chat_page_is_accessible_and_fits(browser: Browser, pages_stack: Stack, look: Look) -> None:
    page = new_page(browser, pages_stack, look)
    page.goto("/Chat")
    page.get_by_label("API key").wait_for()
    assert violations(page) == []
    sign_in(page, pages_stack.api_key)
    chat = ChatDriver(page)
    page.get_by_role("heading", name="What would you like to know?").wait_for()
    assert violations(page) == []

    chat.ask("Show me all", "markdown")
    chat.wait_done()
    page.locator("pre .hljs-keyword").first.wait_for()
    assert violations(page) == []
    assert overflow(page) <= 0

    page.locator(".model-button").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    for name in ("Settings of this conversation", "Show the request as code"):
        page.get_by_role("button", name=name).click()
        page.get_by_role("dialog").wait_for()
        assert violations(page) == []
        assert overflow(page) <= 0
        page.get_by_role("button", name="Close", exact=True).click()
    assert page_errors(page) == []
    page.context.close()


def test_attacks_do_nothing_wherever_they_come_from(chat_page: Page, pages_stack: Stack) -> None:
    chat = ChatDriver(chat_page)
    asked = "\n\n".join(ATTACKS)

    chat.ask(asked, "attacks")
    chat.wait_done()
    for link in chat.last_answer.get_by_role("link").all():
        href = link.get_attribute("href") or ""
        assert not href.lower().lstrip().startswith(("javascript:", "data:")), href
    chat.ask(asked, "demo-echo")
    chat.wait_done()
    with pages_stack.api() as api:
        for attack in ATTACKS:
            body = {"id": f"x{abs(hash(attack))}", "title": attack, "content": {"nodes": {}}}
            assert api.post("/api/SaveConversation", json=body).status_code == 200
            prompt = {"id": f"x{abs(hash(attack))}", "name": attack[:100], "value": attack}
            assert api.post("/api/SavePrompt", json=prompt).status_code == 200
    chat_page.reload()
    chat_page.locator(".heads li").first.wait_for()
    chat_page.get_by_role("button", name="Settings of this conversation").click()
    chat_page.get_by_role("dialog").wait_for()

    assert chat_page.evaluate("window.hacked") is None
    assert chat_page.locator("iframe, .messages form form, .messages style, #app #app").count() == 0


def test_first_page_is_light_and_soon_usable(browser: Browser, pages_stack: Stack) -> None:
    page = new_page(browser, pages_stack, Look("light", 1280, 800))
    sign_in(page, pages_stack.api_key)
    page.goto("/Chat", wait_until="networkidle")

    weight: int = page.evaluate(
        """performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
           .reduce((sum, entry) => sum + entry.encodedBodySize, 0)"""
    )
    assert 20_000 < weight < FIRST_PAGE_BYTES
    hosts = page.evaluate(
        'performance.getEntriesByType("resource").map((entry) => new URL(entry.name).origin)'
    )
    assert set(hosts) == {pages_stack.url}
    page.context.close()
