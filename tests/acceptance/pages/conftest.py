"""One ReplyTo and one browser for all tests of the pages; a fresh profile for each test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.browser import chromium
from tests.acceptance.pages.admin_driver import AdminDriver
from tests.acceptance.pages.admin_scene import Scene, admin_secret, play
from tests.acceptance.pages.canned_answers import ANSWERS
from tests.acceptance.stack import Stack

#: How long the page may take to show something (milliseconds): a busy machine's time.
_PATIENCE_MS = 20_000


expect.set_options(timeout=_PATIENCE_MS)


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody looks at a page."""

    scheme: str
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.scheme}-{self.width}"


PHONE_DARK = Look("dark", 390, 780)
DESK_LIGHT = Look("light", 1280, 800)
LOOKS = [
    PHONE_DARK,
    DESK_LIGHT,
    Look("light", 390, 780),
    Look("dark", 1280, 800),
]


#: A provider that nobody can reach, and what a million tokens of a demo model cost.
_MORE_PROVIDERS = """
[[provider]]
name = "away"
base_url = "http://127.0.0.1:9/v1"
models = ["far"]

[price."demo-echo"]
input = 50
output = 100
"""


@pytest.fixture(scope="session")
def pages_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start a ReplyTo for the pages. What a test breaks of it, it also mends."""
    with Stack(
        tmp_path_factory.mktemp("pages"),
        demo_models=("demo", "demo-echo"),
        canned=ANSWERS,
        providers=_MORE_PROVIDERS,
    ) as stack:
        yield stack.open()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def new_page(browser: Browser, stack: Stack, look: Look) -> Page:
    """Return a page of a profile of its own, which fails the test on any error it logs."""
    context = browser.new_context(
        base_url=stack.url,
        color_scheme="dark" if look.scheme == "dark" else "light",
        viewport={"width": look.width, "height": look.height},
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(_PATIENCE_MS)
    page = context.new_page()
    page.on("pageerror", lambda error: page_errors(page).append(f"thrown: {error}"))
    page.on(
        "console",
        lambda message: (
            page_errors(page).append(f"console: {message.text}")
            if message.type == "error" and "Failed to load resource" not in message.text
            else None
        ),
    )
    return page


def page_errors(page: Page) -> list[str]:
    """Return what went wrong in the page so far: scripts that threw, broken rules of the policy."""
    errors: list[str] = page.__dict__.setdefault("replyto_errors", [])
    return errors


def sign_in(page: Page, key: str, path: str = "/Chat") -> None:
    """Sign in with the key and see the page."""
    page.goto(path)
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Sign in").wait_for(state="detached")


@pytest.fixture
def chat_page(browser: Browser, pages_stack: Stack) -> Iterator[Page]:
    """A chat page at a desk, signed in; no error may have been logged at the end."""
    page = new_page(browser, pages_stack, DESK_LIGHT)
    sign_in(page, pages_stack.api_key)
    yield page
    assert page_errors(page) == []
    page.context.close()


@pytest.fixture(scope="session")
def scene(pages_stack: Stack) -> Scene:
    """Jobs of every kind, which the admin pages show."""
    return play(pages_stack)


@pytest.fixture
def admin(browser: Browser, pages_stack: Stack, scene: Scene) -> Iterator[AdminDriver]:
    """The admin pages at a desk, signed in; no error may have been logged at the end."""
    page = new_page(browser, pages_stack, DESK_LIGHT)
    sign_in(page, admin_secret(pages_stack), "/admin")
    yield AdminDriver(page)
    assert page_errors(page) == []
    page.context.close()


@pytest.fixture(params=LOOKS, ids=str)
def look(request: pytest.FixtureRequest) -> Look:
    value: Look = request.param
    return value
