"""Takes the pictures of the documentation: `python -m tests.acceptance.pages.screenshots`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.acceptance.browser import chromium
from tests.acceptance.pages.canned_answers import said
from tests.acceptance.pages.chat_driver import ChatDriver
from tests.acceptance.pages.conftest import DESK_LIGHT, PHONE_DARK, Look, new_page, sign_in
from tests.acceptance.stack import Stack

FOLDER = Path(__file__).parents[3] / "docs" / "img"

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


def _chat(browser: Browser, stack: Stack, look: Look) -> None:
    page = new_page(browser, stack, look)
    sign_in(page, stack.api_key)
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
