"""Takes the pictures of the documentation: `python -m tests.acceptance.pages.screenshots`."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page

from tests.acceptance.llms.canned_llm import SseAnswer
from tests.acceptance.llms.canned_streams import DONE, chunk, data
from tests.acceptance.pages.driving import busy_weeks
from tests.acceptance.pages.driving.admin_scene import admin_api, admin_secret
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.looks import (
    DESK_DARK,
    DESK_LIGHT,
    PHONE_DARK,
    PHONE_LIGHT,
    TABLET,
    WIDE,
    Look,
)
from tests.acceptance.pages.driving.profile import enter, new_page
from tests.acceptance.system.api import chat as request_of
from tests.acceptance.system.browser import chromium
from tests.acceptance.system.stack import Stack

FOLDER = Path(__file__).parents[3] / "docs" / "img"

#: How long the overview is left open, for its plots to have something to show (milliseconds).
_PLOTTED_MS = 75_000
#: Lists go on and on.
_LOWER: Final = Look("light", 1280, 680)


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture of an address: how it is looked at, and by what it is known to show what it has."""

    name: str
    path: str
    shown: str
    look: Look = _LOWER
    #: A button that is pressed first.
    press: str = ""


_WIDE_DARK: Final = replace(WIDE, scheme="dark")
_OVERVIEWS: Final = (DESK_LIGHT, PHONE_DARK, _WIDE_DARK)
_LISTS: Final = (
    Shot("admin-jobs", "/admin/jobs", "tbody tr"),
    Shot("admin-jobs", "/admin/jobs", "tbody tr", PHONE_DARK),
    Shot("admin-providers", "/admin/providers", "article"),
    Shot("admin-provider-new", "/admin/providers", "article", DESK_DARK, "Add a provider"),
    Shot("admin-keys", "/admin/keys", "tbody tr"),
    Shot("admin-keys", "/admin/keys", "tbody tr", TABLET),
    Shot("admin-key-new", "/admin/keys", "tbody tr", PHONE_LIGHT, "Create a key"),
    Shot("admin-usage", "/admin/usage", "canvas"),
    Shot("admin-queues", "/admin/queues", "article", DESK_DARK),
    Shot("admin-callbacks", "/admin/callbacks", "tbody tr", DESK_DARK),
    Shot("admin-bulk", "/admin/bulk", "tbody tr"),
    Shot("admin-audit", "/admin/audit", "tbody tr", TABLET),
)
_PROMPTS: Final = (
    "A red kite over a lake",
    "The same lake at night, in ink",
    "A lighthouse in fog, oil on canvas",
    "Tiles of a kitchen in Lisbon",
)
_SPOKEN: Final = ("Your parcel arrives tomorrow.", "Please mind the gap.")
_SCHEDULES: Final = {"Morning report": "0 6 * * 1-5", "Clean up tags": "30 2 * * *"}
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
    demo = ("demo-instant", "demo-image", "demo-speech", "demo-transcribe")
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(
            Path(folder) / "stack", demo_models=demo, canned={"gpt-oss:20b": _in_its_time(_ANSWER)}
        ) as stack,
        chromium() as browser,
    ):
        _name_the_provider(stack.open())
        _sign_in(browser, stack)
        for look in (DESK_LIGHT, PHONE_DARK):
            _chat(browser, stack, look)
        _media(browser, stack)
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder) / "stack", demo_models=(), providers=busy_weeks.PRICES) as stack,
        chromium() as browser,
    ):
        _admin(browser, stack.open())


# --- who runs it ----------------------------------------------------------------------------------


def _admin(browser: Browser, stack: Stack) -> None:
    secrets = busy_weeks.prepare(stack)
    busy_weeks.fill(stack)
    with busy_weeks.load(stack, secrets):
        overviews = {look: _admin_page(browser, stack, look) for look in _OVERVIEWS}
        _bulk_work(stack, secrets[-1])
        overviews[DESK_LIGHT].wait_for_timeout(_PLOTTED_MS)
        for look, page in overviews.items():
            _take(page, f"admin-overview-{look}")
        for shot in _LISTS:
            _shoot(browser, stack, shot)
        _own_page(browser, stack, secrets[0])
        for look in (DESK_LIGHT, PHONE_DARK):
            _job(browser, stack, look)


def _admin_page(browser: Browser, stack: Stack, look: Look, path: str = "/admin") -> Page:
    page = new_page(browser, stack.url, look)
    enter(page, admin_secret(stack), path)
    return page


def _shoot(browser: Browser, stack: Stack, shot: Shot) -> None:
    page = _admin_page(browser, stack, shot.look, shot.path)
    page.locator(shot.shown).first.wait_for()
    if shot.press:
        page.get_by_role("button", name=shot.press).click()
        page.get_by_role("dialog").wait_for()
    _take(page, f"{shot.name}-{shot.look}")


def _own_page(browser: Browser, stack: Stack, secret: str) -> None:
    page = new_page(browser, stack.url, PHONE_LIGHT)
    enter(page, secret, "/admin/me")
    page.locator(".meter").first.wait_for()
    _take(page, f"admin-me-{PHONE_LIGHT}")


def _job(browser: Browser, stack: Stack, look: Look) -> None:
    page = _admin_page(browser, stack, look, "/admin/callbacks?state=Stopped")
    page.locator("tbody a").first.click()
    page.locator("dl a").click()
    page.get_by_role("heading", name="Response").wait_for()
    _take(page, f"admin-job-{look}")


def _bulk_work(stack: Stack, secret: str) -> None:
    """Begin a batch and make schedules."""
    request = request_of("llama3.1:8b", "Summarize this ticket in one sentence.")
    line = {"method": "POST", "url": "/v1/chat/completions", "body": request}
    lines = (json.dumps({"custom_id": f"ticket-{number}", **line}) for number in range(1500))
    with stack.api(secret) as api:
        files = {"file": ("tickets.jsonl", "\n".join(lines).encode())}
        file = api.post("/v1/files", data={"purpose": "batch"}, files=files).json()
        asked = {"input_file_id": file["id"], "endpoint": line["url"]}
        api.post("/v1/batches", json=asked).raise_for_status()
        for name, cron in _SCHEDULES.items():
            schedule = {"name": name, "cron": cron, "request": request}
            api.post("/api/CreateSchedule", json=schedule).raise_for_status()


# --- who asks models ------------------------------------------------------------------------------


def _in_its_time(text: str) -> SseAnswer:
    """Return an answer that comes as those of models come."""
    pieces = [text[at : at + 8] for at in range(0, len(text), 8)]
    usage = {"prompt_tokens": 74, "completion_tokens": 213, "total_tokens": 287}
    last = {**chunk({}), "choices": [], "usage": usage}
    chunks = (*(chunk({"content": piece}) for piece in pieces), chunk({}, "stop"), last)
    return SseAnswer((*map(data, chunks), DONE), pause_s=0.025)


def _name_the_provider(stack: Stack) -> None:
    with admin_api(stack) as admin:
        rows = admin.get("/api/QueryAiProviders").json()["results"]
        [url] = [row["apiBaseUrl"] for row in rows if row["name"] == "canned"]
        model = {"model": "gpt-oss:20b"}
        body = {"name": "groq", "apiBaseUrl": url, "models": [model], "priority": 9}
        admin.post("/api/CreateAiProvider", json=body).raise_for_status()


def _sign_in(browser: Browser, stack: Stack) -> None:
    page = new_page(browser, stack.url, DESK_DARK)
    page.goto("/Chat")
    page.get_by_label("API key").wait_for()
    _take(page, f"sign-in-{DESK_DARK}")


def _chat(browser: Browser, stack: Stack, look: Look) -> None:
    page = new_page(browser, stack.url, look)
    enter(page, stack.api_key)
    chat = ChatDriver(page)
    chat.choose("gpt-oss:20b")
    for question in _QUESTIONS:
        chat.new() if look is DESK_LIGHT else None
        chat.ask(question if look is DESK_LIGHT else _QUESTIONS[-1])
        chat.wait_done()
        if look is PHONE_DARK:
            break
    page.locator("pre .hljs-keyword").first.wait_for()
    _take(page, f"chat-{look}")


def _media(browser: Browser, stack: Stack) -> None:
    with stack.api() as api:
        for prompt in _PROMPTS:
            asked = {"positivePrompt": prompt, "model": "demo-image", "tag": "page:images"}
            api.until_ended(api.post("/api/QueueTextToImage", json=asked).json()["jobId"])
        for text in _SPOKEN:
            asked = {"text": text, "model": "demo-speech", "tag": "page:speech"}
            api.until_ended(api.post("/api/QueueTextToSpeech", json=asked).json()["jobId"])
    for name, shown, look in (("Images", ".made img", DESK_LIGHT), ("Audio", "audio", PHONE_DARK)):
        page = new_page(browser, stack.url, look)
        enter(page, stack.api_key, f"/{name}")
        page.locator(shown).first.wait_for()
        page.wait_for_load_state("networkidle")
        _take(page, f"{name.lower()}-{look}")


def _take(page: Page, name: str) -> None:
    path = FOLDER / f"{name}.png"
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)
    page.screenshot(path=path)
    print(f"{path.name}: {path.stat().st_size // 1024} KiB")  # noqa: T201 - it tells what it does
    page.context.close()


if __name__ == "__main__":
    main()
