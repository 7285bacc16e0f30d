"""Answers on their way: stopped, lost and found again, waited for, several at once, in branches."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.acceptance.pages.driving.canned_answers import SLOW_WORDS
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.line import Line
from tests.acceptance.pages.driving.profile import Profiles, enter
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import CHAT, GATEWAY, Stack

_WHOLE = "".join(SLOW_WORDS).strip()
#: What a browser logs of a server that is away.
_AWAY = r"net::ERR_|status of 503"


@pytest.fixture
def marker() -> str:
    """Return a text that no other test sends: the LLM's calls are known by it."""
    return f"marker-{uuid.uuid4().hex[:8]}"


def test_stop_ends_the_answer_and_the_llms_call(
    chat: ChatDriver, pages_stack: Stack, marker: str
) -> None:
    chat.ask(marker, "endless")
    chat.expect_text("word3")

    chat.press("Stop")
    chat.wait_done()

    expect(chat.last_answer).to_contain_text("Stopped.")
    [call] = pages_stack.canned_calls(marker)
    until(lambda: call.ended_at is not None, "the call is over")
    assert not call.is_whole


def test_reload_in_mid_answer_goes_on_with_the_same_answer(
    chat: ChatDriver, pages_stack: Stack, marker: str
) -> None:
    chat.ask(marker, "slow")
    chat.expect_text("word5 ")

    chat.page.reload()

    chat.expect_text("word20 ")
    chat.wait_done()
    chat.expect_exactly(_WHOLE)
    assert len(pages_stack.canned_calls(marker)) == 1


@pytest.fixture
def line(pages_stack: Stack) -> Iterator[Line]:
    """A line to the gateway that can be cut."""
    with Line(urlsplit(pages_stack.url).port or 0) as line:
        yield line


def test_answer_goes_on_by_itself_when_the_connection_was_lost(
    profiles: Profiles, pages_stack: Stack, chat_key: str, line: Line, marker: str
) -> None:
    page = profiles.new(url=line.url)
    profiles.expect_error(_AWAY)
    enter(page, chat_key)
    chat = ChatDriver(page)
    chat.ask(marker, "unhurried")
    chat.expect_text("word5 ")

    line.cut()
    expect(chat.last_answer).to_contain_text("The connection is lost")
    line.mend()

    chat.wait_done()
    chat.expect_exactly(_WHOLE)
    assert len(pages_stack.canned_calls(marker)) == 1


def test_answer_goes_on_by_itself_when_the_gateway_was_killed(
    chat: ChatDriver, profiles: Profiles, pages_stack: Stack, marker: str
) -> None:
    profiles.expect_error(_AWAY)
    chat.ask(marker, "unhurried")
    chat.expect_text("word5 ")

    pages_stack.kill(GATEWAY)
    try:
        expect(chat.last_answer).to_contain_text("The connection is lost")
    finally:
        pages_stack.start(GATEWAY)
        pages_stack.wait_ready()

    chat.wait_done()
    chat.expect_exactly(_WHOLE)
    assert len(pages_stack.canned_calls(marker)) == 1


def test_waiting_question_tells_its_place_in_line(chat: ChatDriver, pages_stack: Stack) -> None:
    pages_stack.stop(CHAT)
    try:
        chat.ask("Anybody there?", "markdown")
        expect(chat.last_answer.get_by_role("status")).to_contain_text("Queued, next in line")
        chat.new()
        chat.ask("And for me?")
        expect(chat.last_answer.get_by_role("status")).to_contain_text("Queued, 1 job before it")
    finally:
        pages_stack.start(CHAT)
        pages_stack.wait_ready()

    chat.expect_text("A title")


def test_several_conversations_are_answered_at_once(chat: ChatDriver) -> None:
    titles = ("one without an end", "another without an end")
    for title in titles:
        chat.ask(title, "endless")
        chat.expect_text("word1")
        chat.new()
    chat.ask("one with an end", "slow")
    chat.wait_done()
    chat.expect_exactly(_WHOLE)

    chat.open_list()
    expect(chat.page.get_by_role("img", name="Being answered")).to_have_count(2)
    for title in titles:
        chat.open_conversation(title)
        chat.press("Stop")
        chat.wait_done()
        expect(chat.last_answer).to_contain_text("Stopped.")


def test_retry_and_edit_make_branches(chat: ChatDriver) -> None:
    page = chat.page
    chat.ask("First question", "demo-echo")
    chat.wait_done()

    chat.press("Answer again")
    expect(page.get_by_text("2 / 2")).to_be_visible()
    chat.wait_done()
    chat.press("Edit message")
    page.get_by_label("Edited message").fill("Second question")
    chat.press("Send as a new branch")
    chat.expect_text("Second question")
    chat.wait_done()
    expect(page.locator(".messages")).not_to_contain_text("First question")

    page.get_by_role("button", name="Previous version").first.click()

    chat.expect_text("First question")
    expect(page.locator(".message.answer").get_by_text("2 / 2")).to_be_visible()
    until(lambda: _kept_question(chat) == "First question", "the branch is kept", every_s=0.2)
    page.reload()
    chat.expect_text("First question")
    expect(page.locator(".message.question").get_by_text("1 / 2")).to_be_visible()


def _kept_question(chat: ChatDriver) -> str:
    """Return the last question of the branch that the server would show."""
    nodes, leaf = (chat.kept()["content"][name] for name in ("nodes", "leaf"))
    text: str = nodes[nodes[leaf]["parent"]]["text"]
    return text
