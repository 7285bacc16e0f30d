"""Takes the pictures of the documentation: `python -m tests.acceptance.pages.screenshots`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.acceptance.pages.driving import busy_weeks
from tests.acceptance.pages.driving.admin_scene import admin_secret
from tests.acceptance.pages.driving.canned_answers import said
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.looks import DESK_LIGHT, PHONE_DARK, Look
from tests.acceptance.pages.driving.profile import enter, new_page
from tests.acceptance.system.browser import chromium
from tests.acceptance.system.stack import Stack

FOLDER = Path(__file__).parents[3] / "docs" / "img"

#: How long the overview is left open, for its plots to have something to show (milliseconds).
_PLOTTED_MS = 75_000
#: Lists go on and on.
_LOWER = Look("light", 1280, 680)
#: By what a section is known to show what it has.
_SHOWN = {"jobs": "tbody tr", "providers": "article", "usage": "canvas"}
_ANSWER = """A leap year has one day more, so that the calendar keeps step with the sun:

| year | rule | leap? |
|------|------|-------|
| 2024 | divisible by 4 | yes |
| 1900 | a century, not divisible by 400 | no |
| 2000 | a century, divisible by 400 | yes |

```python
def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
```

On average a year has $365 + \\tfrac{1}{4} - \\tfrac{1}{100} + \\tfrac{1}{400} = 365.2425$ days.
"""
_QUESTIONS = (
    "Rename these files by date",
    "Why is the sky dark at night?",
    "Draft a polite reminder",
    "When is a year a leap year?",
)


def main() -> None:
    """Write all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder) / "stack", canned={"gpt-oss:20b": said(_ANSWER)}) as stack,
        chromium() as browser,
    ):
        stack.open()
        for look in (DESK_LIGHT, PHONE_DARK):
            _chat(browser, stack, look)
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder) / "stack", demo_models=(), providers=busy_weeks.PRICES) as stack,
        chromium() as browser,
    ):
        _admin(browser, stack.open())


def _admin(browser: Browser, stack: Stack) -> None:
    secrets = busy_weeks.prepare(stack)
    busy_weeks.fill(stack)
    with busy_weeks.load(stack, secrets):
        overviews = {look: _admin_page(browser, stack, look) for look in (DESK_LIGHT, PHONE_DARK)}
        overviews[DESK_LIGHT].wait_for_timeout(_PLOTTED_MS)
        for look, page in overviews.items():
            _take(page, f"admin-overview-{look}")
        for name in ("jobs", "providers", "usage"):
            page = _admin_page(browser, stack, _LOWER, f"/admin/{name}")
            page.locator(_SHOWN[name]).first.wait_for()
            _take(page, f"admin-{name}-{DESK_LIGHT}")
        page = _admin_page(browser, stack, DESK_LIGHT, "/admin/callbacks?state=Stopped")
        page.locator("tbody a").first.click()
        page.locator("dl a").click()
        page.get_by_role("heading", name="Response").wait_for()
        _take(page, f"admin-job-{DESK_LIGHT}")


def _admin_page(browser: Browser, stack: Stack, look: Look, path: str = "/admin") -> Page:
    page = new_page(browser, stack.url, look)
    enter(page, admin_secret(stack), path)
    return page


def _chat(browser: Browser, stack: Stack, look: Look) -> None:
    page = new_page(browser, stack.url, look)
    enter(page, stack.api_key)
    chat = ChatDriver(page)
    chat.choose("gpt-oss:20b")
    for question in _QUESTIONS:
        chat.new() if look is DESK_LIGHT else None
        chat.ask(question)
        chat.wait_done()
        if look is PHONE_DARK:
            break
    page.locator("pre .hljs-keyword").first.wait_for()
    _take(page, f"chat-{look}")


def _take(page: Page, name: str) -> None:
    path = FOLDER / f"{name}.png"
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)
    page.screenshot(path=path)
    print(f"{path.name}: {path.stat().st_size // 1024} KiB")  # noqa: T201 - it tells what it does
    page.context.close()


if __name__ == "__main__":
    main()
