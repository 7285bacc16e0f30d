"""The first page is light, comes from the gateway alone, and is usable soon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page

from tests.acceptance.pages.driving.admin_scene import admin_secret, new_key
from tests.acceptance.pages.driving.looks import DESK_LIGHT
from tests.acceptance.pages.driving.profile import enter, new_page
from tests.acceptance.system.polling import quickest
from tests.acceptance.system.stack import Stack

#: What the first page may weigh (bytes), and how soon it must be usable on loopback (seconds).
FIRST_PAGE_BYTES: Final = 300_000
USABLE_S: Final = 1.0

#: One of so many loads must be as quick: others may come while the machine does something else.
_LOADS = 12

#: The page notes itself when what people came for is there and can be used.
_NOTE_USABLE = """(wanted) => {
    const look = () => {
        const found = [...document.querySelectorAll(wanted)].some((one) => !one.disabled);
        if (found && !performance.getEntriesByName("usable").length) performance.mark("usable");
        if (!found) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""
#: What was transferred for the page itself: addresses with their bytes.
_FILES = """performance.getEntriesByType("resource")
    .concat(performance.getEntriesByType("navigation"))
    .filter(({ name }) => !new URL(name).pathname.startsWith("/api/"))
    .map(({ name, encodedBodySize }) => [name, encodedBodySize])"""
_USABLE_AT = """() => performance.getEntriesByName("usable")[0]?.startTime"""

#: How long a fixed piece of work takes here (milliseconds): the machine's, not the page's, doing.
_WORK = """(() => {
    const began = performance.now();
    let sum = 0;
    for (let number = 0; number < 3e7; number += 1) sum += number % 7;
    return sum > 0 ? performance.now() - began : 0;
})()"""
#: The same on a machine of 2 cores that does nothing else (milliseconds).
_WORK_MS = 30.0


@dataclass(frozen=True, slots=True)
class _Place:
    """A page: its address, and by what it is known to be of use (a CSS selector)."""

    path: str
    wanted: str


_CHAT = _Place("/Chat", ".composer textarea")
_OVERVIEW = _Place("/admin", ".tile strong")


@pytest.fixture(params=[_CHAT, _OVERVIEW], ids=["chat", "overview"])
def place(request: pytest.FixtureRequest) -> _Place:
    value: _Place = request.param
    return value


def _load(browser: Browser, stack: Stack, place: _Place) -> Page:
    """Open a page that no file is kept of; return when it is usable."""
    page = new_page(browser, stack.url, DESK_LIGHT)
    page.add_init_script(f"({_NOTE_USABLE})({place.wanted!r})")
    enter(page, admin_secret(stack), place.path)
    page.wait_for_function(_USABLE_AT)
    return page


def test_page_is_usable_soon(browser: Browser, pages_stack: Stack, place: _Place) -> None:
    def measure() -> float:
        page = _load(browser, pages_stack, place)
        stretch = max(1.0, page.evaluate(_WORK) / _WORK_MS)
        usable_ms: float = page.evaluate(_USABLE_AT)
        page.context.close()
        return usable_ms / stretch / 1000

    quickest(measure, limit_s=USABLE_S, tries=_LOADS)


def test_first_page_is_light_and_asks_nobody_else(
    browser: Browser, pages_stack: Stack, place: _Place
) -> None:
    page = _load(browser, pages_stack, place)
    if place is _OVERVIEW:
        page.locator(".plot canvas").first.wait_for()
    files: list[list[Any]] = page.evaluate(_FILES)
    assert 20_000 < sum(size for _, size in files) < FIRST_PAGE_BYTES
    assert all(name.startswith(pages_stack.url) for name, _ in files)
    page.context.close()


def test_plots_are_fetched_where_there_are_some_only(browser: Browser, pages_stack: Stack) -> None:
    page = _load(browser, pages_stack, _Place("/admin/settings", "tbody tr"))
    assert not any("uplot.js" in name for name, _ in page.evaluate(_FILES))
    page.context.close()


# --- a long conversation --------------------------------------------------------------------------

#: Messages of a long conversation, and how long the longest frames may take while it is scrolled
#: (seconds): all but one in twenty of them, on a machine without a graphics card.
_MESSAGES: Final = 1000
_FRAME_S: Final = 0.05
_ANSWER: Final = """Yes, in **three** steps:

| step | what |
|---|---|
| 1 | read |

```python
def step(number: int) -> int:
    return number + 1
```

So $x^2 + 1$ it is."""
#: Scrolls upwards as fast as somebody turns a wheel; returns what each frame took (ms).
_SCROLL: Final = """async () => {
    const box = document.querySelector(".messages");
    const frame = () => new Promise(requestAnimationFrame);
    const took = [];
    let last = await frame();
    for (let count = 0; count < 120; count += 1) {
        box.scrollBy(0, -120);
        const now = await frame();
        took.push(now - last);
        last = now;
    }
    return took.sort((one, other) => one - other);
}"""


def _long_conversation(stack: Stack, key: str) -> str:
    nodes: dict[str, dict[str, object]] = {}
    for number in range(_MESSAGES):
        is_answer = number % 2
        nodes[f"n{number}"] = {
            "id": f"n{number}",
            "parent": f"n{number - 1}" if number else None,
            "role": "assistant" if is_answer else "user",
            "text": f"{_ANSWER} ({number})" if is_answer else f"Question {number}?",
            "created": number,
            **({"state": "done", "model": "demo-echo"} if is_answer else {}),
        }
    content = {"nodes": nodes, "leaf": f"n{_MESSAGES - 1}", "settings": {}}
    body = {"id": "long", "title": "A long one", "model": "demo-echo", "version": 0}
    with stack.api(key) as api:
        assert api.post("/api/SaveConversation", json={**body, "content": content}).ok
    return "/Chat/long"


def test_conversation_of_a_thousand_messages_opens_at_once_and_scrolls_smoothly(
    browser: Browser, pages_stack: Stack
) -> None:
    key = new_key(pages_stack)
    path = _long_conversation(pages_stack, key)
    frames: list[float] = []

    def measure() -> float:
        page = new_page(browser, pages_stack.url, DESK_LIGHT)
        page.add_init_script(f"({_NOTE_USABLE})('.message.answer .markdown table')")
        enter(page, key, path)
        page.wait_for_function(_USABLE_AT)
        stretch = max(1.0, page.evaluate(_WORK) / _WORK_MS)
        usable_s = page.evaluate(_USABLE_AT) / stretch / 1000
        frames[:] = [one / stretch / 1000 for one in page.evaluate(_SCROLL)]
        page.context.close()
        # Both must hold, in the same round.
        return max(usable_s, frames[int(len(frames) * 0.95)] / _FRAME_S * USABLE_S)

    quickest(measure, limit_s=USABLE_S, tries=_LOADS)
