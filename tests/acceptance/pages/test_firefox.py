"""The main flows in Firefox, Debian's own: `make test-firefox`. No other run has time for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.pages.driving.admin_scene import Maker, admin_secret, new_key
from tests.acceptance.pages.driving.firefox import Firefox, firefox, path_of_firefox
from tests.acceptance.system.stack import Stack

pytestmark = [
    pytest.mark.skipif(
        os.environ.get("REPLYTO_TEST_FIREFOX") is None, reason="asked for by make test-firefox"
    ),
    pytest.mark.skipif(path_of_firefox() is None, reason="no Firefox: apt-get install firefox-esr"),
]


@pytest.fixture(scope="module")
def fox(pages_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """Start one Firefox for all of them."""
    with firefox(pages_stack.url, tmp_path_factory.mktemp("firefox")) as fox:
        yield fox


def test_somebody_chats_reloads_and_stops(fox: Firefox, pages_stack: Stack) -> None:
    fox.open("/Chat")
    fox.write("API key", new_key(pages_stack))
    fox.press("Sign in")
    fox.press("demo", ".model-button")
    fox.write("Search models", "markdown")
    fox.press("markdown", "[role=option]")
    fox.write("Message", "Show me all")
    fox.press("Send")
    for shown in ("pre .hljs-keyword", "math", ".answer table"):
        fox.see("", shown)
    fox.press("markdown", ".model-button")
    fox.write("Search models", "endless")
    fox.press("endless", "[role=option]")
    fox.write("Message", "Slowly")
    fox.press("Send")
    fox.see("word1", ".answer:last-of-type .markdown")
    fox.call("WebDriver:Refresh")
    fox.see("word1", ".answer:last-of-type .markdown")
    fox.press("Stop")
    fox.see("Stopped.", ".answer:last-of-type")
    fox.see("Try again", ".answer:last-of-type")


def test_an_admin_finds_why_a_job_failed_and_creates_a_key(
    fox: Firefox, pages_stack: Stack, maker: Maker
) -> None:
    job_id = maker.ended("refuses")
    fox.open("/admin")
    fox.write("Admin secret or API key", admin_secret(pages_stack))
    fox.press("Sign in")
    fox.see("Jobs per second", ".tile")
    fox.see("", ".plot canvas")
    fox.press("Jobs", "nav a")
    fox.write("Search jobs", f"tag:{maker.tag} Failed")
    fox.press(str(job_id), "td a")
    fox.see("is too long", ".notice.bad")
    fox.press("Retry")
    fox.see("It is queued again.", ".toast")
    fox.press("API keys", "nav a")
    fox.press("Create a key")
    fox.write("Name", maker.tag)
    fox.write("Budget per month", "5")
    fox.press("Create")
    fox.see("ak-", ".secret code")
    fox.press("I have saved it")
    fox.see("5.00/month", "tbody")


_STRANGE = (
    "#app script, #app iframe, #app style, form[action], [onerror], [onload], [onclick], "
    "math [id], #app #app, [href^=javascript], [href^=vbscript]"
)
#: Counted as they stand there: what would run them is the policy's to forbid.
_HARM = f"""return [(window.wrappedJSObject ?? window).hacked ?? null,
    document.querySelectorAll(`{_STRANGE}`).length];"""


def test_nothing_of_attacks_is_left_in_a_conversation(pages_stack: Stack, tmp_path: Path) -> None:
    with firefox(pages_stack.url, tmp_path) as fox:
        fox.open("/Chat")
        fox.write("API key", new_key(pages_stack))
        fox.press("Sign in")
        fox.press("demo", ".model-button")
        fox.write("Search models", "attacks")
        fox.press("attacks", "[role=option]")
        fox.write("Message", "Attack")
        fox.press("Send")
        fox.see("clobbered", ".answer .markdown")
        fox.see("", ".answer math")
        assert fox.run(_HARM) == [None, 0]
