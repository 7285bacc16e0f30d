"""One ReplyTo and one browser for all tests of the pages; fresh profiles for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.acceptance.pages.driving import looks
from tests.acceptance.pages.driving.admin_driver import AdminDriver
from tests.acceptance.pages.driving.admin_scene import Maker, Scene, admin_secret, new_key, play
from tests.acceptance.pages.driving.canned_answers import ANSWERS
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.looks import Look
from tests.acceptance.pages.driving.profile import Profiles, good_profiles
from tests.acceptance.system.browser import chromium
from tests.acceptance.system.stack import Stack

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
#: Callbacks are tried twice, those of overloaded receivers much later; no receiver gets a rest,
#: for all of them are one host here.
_SETTINGS = {
    "REPLYTO_CALLBACK_SCHEDULE": "1",
    "REPLYTO_CALLBACK_OVERLOAD_PAUSE_S": "3600",
    "REPLYTO_CALLBACK_BREAKER_FAILURES": "100000",
}


@pytest.fixture(scope="package")
def pages_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start a ReplyTo for the pages. What a test breaks of it, it also mends."""
    with Stack(
        tmp_path_factory.mktemp("pages"),
        demo_models=("demo", "demo-echo", "demo-image", "demo-speech", "demo-transcribe"),
        aliases={"shaky": "demo-flaky-1"},
        canned=ANSWERS,
        settings=_SETTINGS,
        providers=_MORE_PROVIDERS,
    ) as stack:
        yield stack.open()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Start a browser for all tests of the pages that follow each other.

    As long as it runs so does its event loop, beside which no other test may run one.
    """
    with chromium() as browser:
        yield browser


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test of a page its looks."""
    if "look" in metafunc.fixturenames:
        every = metafunc.definition.get_closest_marker("every_look") is not None
        # A file that is not about looks names its own.
        own = getattr(metafunc.module, "LOOKS", None)
        wanted = own or looks.chosen(metafunc.function.__name__, every=every)
        metafunc.parametrize("look", wanted, ids=str)


@pytest.fixture
def profiles(browser: Browser, pages_stack: Stack, look: Look) -> Iterator[Profiles]:
    """Profiles of one test; all pages must be good at its end."""
    with good_profiles(browser, pages_stack.url, look) as profiles:
        yield profiles


@pytest.fixture
def chat_key(pages_stack: Stack) -> str:
    """Return an API key of somebody new: nobody else's conversations are in the way."""
    return new_key(pages_stack)


@pytest.fixture
def chat(profiles: Profiles, chat_key: str) -> ChatDriver:
    """Open the chat page, signed in."""
    driver = ChatDriver(profiles.signed_in(chat_key))
    driver.page.get_by_role("heading", name="What would you like to know?").wait_for()
    return driver


@pytest.fixture(scope="package")
def scene(pages_stack: Stack) -> Scene:
    """Jobs of every kind, which tests look at and leave as they are."""
    return play(pages_stack)


@pytest.fixture
def maker(pages_stack: Stack) -> Iterator[Maker]:
    """Make jobs for one test, which it may change."""
    with Maker(pages_stack) as maker:
        yield maker


@pytest.fixture
def admin(profiles: Profiles, pages_stack: Stack) -> AdminDriver:
    """Open the admin pages, signed in."""
    driver = AdminDriver(profiles.signed_in(admin_secret(pages_stack), "/admin"))
    driver.wait_loaded()
    return driver
