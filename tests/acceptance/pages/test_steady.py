"""Pages that stand still while their parts come, and go on when one of them cannot be drawn."""

from __future__ import annotations

from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.acceptance.pages.driving.admin_driver import SECTIONS, AdminDriver
from tests.acceptance.pages.driving.admin_scene import Scene, admin_secret
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.looks import DESK_LIGHT, PHONE_DARK, Look
from tests.acceptance.pages.driving.profile import Profiles, enter, new_page
from tests.acceptance.system.stack import Stack

LOOKS = (DESK_LIGHT,)

#: Notes what moved though nobody did anything: how far, of how much of the screen, and what.
_NOTE_SHIFTS: Final = """window.shifts = [];
new PerformanceObserver((list) => {
    for (const one of list.getEntries().filter(({ hadRecentInput }) => !hadRecentInput)) {
        const what = one.sources.map(({ node, previousRect, currentRect }) =>
            `${node?.nodeName}.${node?.className ?? node?.data} `
            + `${previousRect.y} -> ${currentRect.y}`);
        window.shifts.push([one.value, what]);
    }
}).observe({ type: "layout-shift", buffered: true });"""
#: Lets each part come after the one before it, and each only once: nothing else moves anything.
_ONE_AFTER_THE_OTHER: Final = """(() => {
    const real = window.fetch, known = new Map();
    let coming = 0, cameAt = 0;
    window.isSettled = () => !coming && performance.now() - cameAt > 250
        && document.querySelector("h1") && !document.querySelector(".spinner");
    const later = async (answer, place) => {
        await new Promise((done) => setTimeout(done, 120 * place));
        return answer.finally(() => {
            coming -= 1;
            cameAt = performance.now();
        });
    };
    window.fetch = async (path, ...rest) => {
        if (!String(path).startsWith("/api/")) return real(path, ...rest);
        if (!known.has(path)) {
            coming += 1;
            known.set(path, later(real(path, ...rest), known.size + 1));
        }
        return (await known.get(path)).clone();
    };
})()"""
#: How much may move: a letter that takes another width; what jumps is ten times that.
_MOST_MOVED: Final = 0.005
#: How many pages come at once.
_TABS: Final = 6


@pytest.mark.parametrize("width", [PHONE_DARK, DESK_LIGHT], ids=str)
def test_nothing_jumps_while_lists_and_plots_come(
    browser: Browser, pages_stack: Stack, scene: Scene, width: Look
) -> None:
    assert scene.completed
    paths = [*(f"/admin{path}" for path in SECTIONS), "/Chat", "/Images", "/Audio", "/Transform"]
    first = new_page(browser, pages_stack.url, width)
    enter(first, pages_stack.api_key, "/Chat")
    enter(first, admin_secret(pages_stack), "/admin")
    tabs = [first.context.new_page() for _ in range(_TABS)]
    for tab in tabs:
        tab.add_init_script(_NOTE_SHIFTS)
        tab.add_init_script(_ONE_AFTER_THE_OTHER)
    jumped: list[Any] = []
    for at in range(0, len(paths), _TABS):
        opened = list(zip(paths[at:], tabs, strict=False))
        for path, tab in opened:
            tab.goto(path, wait_until="commit")
        jumped += [(path, shifts) for path, tab in opened if (shifts := _shifts(tab))]
    first.context.close()
    assert jumped == []


def _shifts(tab: Page) -> list[Any]:
    """Return what moved until all of the page had come; nothing when it was too little to see."""
    tab.wait_for_function("() => isSettled()")
    shifts: list[Any] = tab.evaluate("shifts")
    return shifts if sum(moved for moved, _ in shifts) > _MOST_MOVED else []


def test_part_that_cannot_be_drawn_takes_nothing_else_along(
    profiles: Profiles, admin: AdminDriver
) -> None:
    profiles.expect_error("TypeError|Cannot read|not iterable|is not a function")
    page = admin.page

    def trend(route: Route) -> None:
        route.fulfill(json={"results": [{"date": None, "latencies": None}] * 5})

    page.route("**/api/GetTrend*", trend)
    page.reload()
    admin.wait_loaded()
    expect(page.get_by_role("alert")).to_have_count(1)
    expect(admin.tile("Workers").locator("strong")).to_be_visible()
    expect(page.get_by_role("heading", name="Waiting, by model")).to_be_visible()
    page.unroute("**/api/GetTrend*")
    page.reload()
    page.locator(".plot").first.wait_for()
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize(
    ("path", "call", "still"),
    [
        ("/jobs", "QueryJobs", "More filters"),
        ("/files", "QueryArtifacts", "Filters"),
        ("/keys", "QueryApiKeys", "Create a key"),
        ("/callbacks", "GetDeliveries", "Test a receiver"),
    ],
)
def test_list_that_cannot_be_drawn_leaves_what_is_around_it(
    profiles: Profiles, admin: AdminDriver, path: str, call: str, still: str
) -> None:
    profiles.expect_error("TypeError|Cannot read|is not a function")
    admin.page.route(f"**/api/{call}*", lambda route: route.fulfill(json={"results": [None]}))
    admin.open(path)
    expect(admin.page.get_by_role("alert").first).to_be_visible()
    expect(admin.page.locator(".content").get_by_text(still).first).to_be_attached()


def test_message_that_cannot_be_drawn_leaves_the_conversation(
    profiles: Profiles, chat: ChatDriver
) -> None:
    profiles.expect_error("TypeError|Cannot read|is not a function")
    page = chat.page
    chat.ask("A question", "demo-echo")
    chat.wait_done()
    chat.wait_saved('"done"')

    def odd(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        for node in told["result"]["content"]["nodes"].values():
            if node["role"] == "assistant":
                node["toolCalls"] = [None]
        route.fulfill(response=answer, json=told)

    page.route("**/api/GetConversation*", odd)
    page.reload()
    expect(page.locator(".message.question .said")).to_have_text("A question")
    expect(page.get_by_label("Message", exact=True)).to_be_visible()
