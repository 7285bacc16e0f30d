"""Pages that stand still while their parts come, and go on when one of them cannot be drawn."""

from __future__ import annotations

from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.acceptance.pages.driving.admin_driver import SECTIONS, AdminDriver
from tests.acceptance.pages.driving.admin_scene import Scene, admin_secret
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.looks import DESK_LIGHT, PHONE_DARK, TABLET, WIDE, Look
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
#: Lets each part come after the one before it, or before it.
_ONE_AFTER_THE_OTHER: Final = """(isForwards) => {
    const real = window.fetch, known = new Set();
    window.answered = 0;
    window.fetch = async (path, ...rest) => {
        const answer = await real(path, ...rest), name = String(path).split("?")[0];
        if (!name.startsWith("/api/") || known.has(name)) return answer;
        const place = known.add(name).size;
        const pause = isForwards ? place : Math.max(0, 6 - place);
        await new Promise((done) => setTimeout(done, 120 * pause));
        return answer;
    };
}"""
#: How much may move: a letter that takes another width; what jumps is ten times that.
_MOST_MOVED: Final = 0.005


@pytest.mark.parametrize("width", [PHONE_DARK, TABLET, DESK_LIGHT, WIDE], ids=str)
def test_nothing_jumps_while_lists_and_plots_come(
    browser: Browser, pages_stack: Stack, scene: Scene, width: Look
) -> None:
    assert scene.completed
    paths = [*(f"/admin{path}" for path in SECTIONS), "/Chat", "/Images", "/Audio", "/Transform"]
    page = new_page(browser, pages_stack.url, width)
    page.add_init_script(_NOTE_SHIFTS)
    enter(page, pages_stack.api_key, "/Chat")
    enter(page, admin_secret(pages_stack), "/admin")
    late = page.context.new_page()
    late.add_init_script(_NOTE_SHIFTS)
    late.add_init_script(f"({_ONE_AFTER_THE_OTHER})(true)")
    jumped: list[Any] = []
    for one in (page, late):
        for path in paths:
            one.goto(path)
            _wait_settled(one)
            shifts: list[Any] = one.evaluate("shifts")
            if sum(moved for moved, _ in shifts) > _MOST_MOVED:
                jumped.append((path, "late" if one is late else "soon", shifts))
    page.context.close()
    assert jumped == []


def _wait_settled(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    expect(page.locator(".spinner")).to_have_count(0)
    # What was read is drawn with the next frames.
    page.evaluate("new Promise((done) => setTimeout(done, 300))")


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
