"""The chat page, as people use it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.pages.canned_answers import SLOW_WORDS
from tests.acceptance.pages.chat_driver import ChatDriver
from tests.acceptance.pages.conftest import DESK_LIGHT, PHONE_DARK, new_page, page_errors, sign_in
from tests.acceptance.stack import CHAT, GATEWAY, Stack

#: A picture of one pixel.
_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63606060f80f00010401005fe5c34b0000000049454e44ae426082"
)


@pytest.fixture
def chat(chat_page: Page) -> ChatDriver:
    return ChatDriver(chat_page)


def test_wrong_key_is_refused_and_said_so(browser: Browser, pages_stack: Stack) -> None:
    page = new_page(browser, pages_stack, DESK_LIGHT)
    page.goto("/Chat")

    page.get_by_label("API key").fill("ak-wrong")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_contain_text("not valid")
    page.context.close()


def test_sign_out_ends_what_the_page_may_do(chat: ChatDriver) -> None:
    chat.page.get_by_role("button", name="Sign out").click()

    expect(chat.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert chat.page.request.get("/api/ActiveAiModels").status == 401


def test_answer_shows_markdown_code_tables_and_mathematics(chat: ChatDriver) -> None:
    chat.ask("Show me all", "markdown")
    chat.wait_done()

    answer = chat.last_answer
    expect(answer.get_by_role("heading", name="A title")).to_be_visible()
    expect(answer.locator("pre .hljs-keyword").first).to_have_text("def")
    expect(answer.locator("td").first).to_have_text("one")
    expect(answer.locator("math")).to_be_visible()
    link = answer.get_by_role("link", name="a link")
    assert link.get_attribute("rel") == "noopener noreferrer"
    # A picture from elsewhere would tell its host who reads.
    assert answer.locator("img").count() == 0
    expect(answer.locator(".facts")).to_contain_text("11 + 22 tokens")


def test_answer_tells_what_it_cost_once_that_is_known(chat: ChatDriver) -> None:
    chat.ask("What does it cost?", "demo-echo")
    chat.wait_done()

    expect(chat.last_answer.locator(".facts")).to_contain_text(re.compile(r"\$0\.0*[1-9]"))


def test_copy_button_copies_the_code(chat: ChatDriver) -> None:
    chat.ask("Show me all", "markdown")
    chat.wait_done()

    chat.last_answer.get_by_role("button", name="Copy", exact=True).click()
    expect(chat.last_answer.get_by_role("button", name="Copied", exact=True)).to_be_visible()

    text = chat.page.evaluate("navigator.clipboard.readText()")
    assert text == "def double(number: int) -> int:\n    return 2 * number  # twice\n"


def test_reasoning_and_tool_calls_are_folded(chat: ChatDriver) -> None:
    chat.ask("What is the weather?", "thinks")
    chat.expect_text("It rains.")
    chat.wait_done()

    reasoning = chat.last_answer.locator("details", has_text="Reasoning")
    expect(reasoning.locator("strong")).to_be_hidden()
    reasoning.locator("summary").click()
    expect(reasoning.locator("strong")).to_have_text("weather")
    tool = chat.last_answer.locator("details", has_text="get_weather")
    tool.locator("summary").click()
    expect(tool.locator("pre")).to_contain_text('"city": "Oslo"')


def test_failure_shows_the_providers_message_as_text(chat: ChatDriver) -> None:
    chat.ask("Too long", "refuses")

    expect(chat.last_answer.get_by_role("alert")).to_have_text("This <b>prompt</b> is too long.")
    expect(chat.page.get_by_role("button", name="Answer again")).to_be_enabled()


def test_stop_ends_the_answer_and_the_llms_call(chat: ChatDriver, pages_stack: Stack) -> None:
    chat.ask("marker-stop", "slow")
    chat.expect_text("word3")

    chat.page.get_by_role("button", name="Stop", exact=True).click()
    chat.wait_done()

    expect(chat.last_answer).to_contain_text("Stopped.")
    assert "word49" not in chat.last_answer.inner_text()
    call = pages_stack.canned_calls("marker-stop")[0]
    chat.page.wait_for_timeout(1500)
    assert call.ended_at is not None
    assert not call.is_whole


def test_reload_in_mid_answer_goes_on_with_the_same_answer(
    chat: ChatDriver, pages_stack: Stack
) -> None:
    chat.ask("marker-reload", "slow")
    chat.expect_text("word5 ")

    chat.page.reload()

    chat.expect_text("word20 ")
    chat.wait_done()
    chat.expect_exactly("".join(SLOW_WORDS).strip())
    assert len(pages_stack.canned_calls("marker-reload")) == 1


def test_answer_goes_on_by_itself_when_the_gateway_was_killed(
    chat: ChatDriver, pages_stack: Stack
) -> None:
    chat.ask("marker-killed", "slow")
    chat.expect_text("word5 ")

    pages_stack.kill(GATEWAY)
    expect(chat.last_answer).to_contain_text("The connection is lost")
    pages_stack.start(GATEWAY)

    chat.wait_done()
    chat.expect_exactly("".join(SLOW_WORDS).strip())
    assert len(pages_stack.canned_calls("marker-killed")) == 1


def test_waiting_question_tells_its_place_in_line(chat: ChatDriver, pages_stack: Stack) -> None:
    pages_stack.stop(CHAT)
    try:
        chat.ask("Anybody there?", "markdown")
        expect(chat.last_answer.get_by_role("status")).to_contain_text("Queued, next in line")
    finally:
        pages_stack.start(CHAT)

    chat.expect_text("A title")


def test_retry_and_edit_make_branches(chat: ChatDriver) -> None:
    chat.ask("First question", "demo-echo")
    chat.wait_done()

    chat.page.get_by_role("button", name="Answer again").click()
    expect(chat.page.get_by_text("2 / 2")).to_be_visible()
    chat.wait_done()
    chat.page.get_by_role("button", name="Edit message").click()
    chat.page.get_by_label("Edited message").fill("Second question")
    chat.page.get_by_role("button", name="Send as a new branch").click()
    chat.expect_text("Second question")
    chat.wait_done()
    assert "First question" not in chat.page.locator(".messages").inner_text()

    chat.page.get_by_role("button", name="Version before").first.click()

    chat.expect_text("First question")
    expect(chat.page.get_by_text("2 / 2")).to_be_visible()


def test_conversation_goes_to_the_model_with_its_settings(chat: ChatDriver) -> None:
    chat.page.get_by_role("button", name="Settings of this conversation").click()
    chat.page.get_by_label("System prompt").fill("Be a pirate.")
    chat.page.get_by_label("Temperature").fill("0.5")
    chat.page.get_by_role("button", name="Done").click()
    chat.ask("Ahoy", "demo-echo")
    chat.wait_done()

    chat.expect_text('"role":"system","content":"Be a pirate."')
    chat.expect_text('"temperature":0.5')


def test_system_prompt_is_kept_in_the_library(chat: ChatDriver) -> None:
    page = chat.page
    page.get_by_role("button", name="Settings of this conversation").click()
    page.get_by_label("From the library").select_option(label="Editor")
    expect(page.get_by_label("System prompt")).to_have_value(re.compile("You edit prose"))
    page.get_by_label("System prompt").fill("Answer in verse.")
    page.get_by_role("button", name="Save as").click()
    page.get_by_label("Name of the prompt").fill("Poet")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("From the library")).to_have_value(re.compile(".+"))

    page.reload()
    page.get_by_role("button", name="Settings of this conversation").click()
    page.get_by_label("From the library").select_option(label="Poet (yours)")
    expect(page.get_by_label("System prompt")).to_have_value("Answer in verse.")

    page.get_by_role("button", name="Delete from library").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("option", name="Poet (yours)")).to_have_count(0)


def test_picture_reaches_the_model(chat: ChatDriver) -> None:
    chat.choose("demo-echo")
    chat.page.locator("input[type=file]").set_input_files(
        {"name": "dot.png", "mimeType": "image/png", "buffer": _PIXEL}
    )
    expect(chat.page.get_by_alt_text("Image 1")).to_be_visible()
    chat.ask("What is this?")
    chat.wait_done()

    expect(chat.page.locator(".question img")).to_be_visible()
    chat.expect_text("data:image/png;base64,")


def test_conversations_are_found_renamed_exported_and_deleted(chat: ChatDriver) -> None:
    page = chat.page
    chat.ask("Tell me about zebras", "demo-echo")
    chat.wait_done()
    chat.wait_saved("zebras")
    chat.new()
    chat.ask("Tell me about yaks")
    chat.wait_done()
    chat.wait_saved("yaks")

    page.get_by_label("Search conversations").fill("zebra")
    expect(page.locator(".heads a")).to_have_text(["Tell me about zebras"])
    page.locator(".heads li").hover()
    page.get_by_role("button", name="Rename “Tell me about zebras”").click()
    page.get_by_label("New title").fill("Stripes")
    page.keyboard.press("Enter")
    expect(page.locator(".heads a")).to_have_text(["Stripes"])

    page.locator(".heads li").hover()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export “Stripes”").click()
    exported = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert download.value.suggested_filename == "Stripes.json"
    assert "zebras" in json.dumps(exported["content"])

    page.get_by_role("button", name="Delete “Stripes”").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".heads a")).to_have_count(0)
    page.get_by_label("Search conversations").fill("")
    expect(page.locator(".heads a").first).to_have_text("Tell me about yaks")
    page.reload()
    assert "Stripes" not in chat.heads()


def test_several_conversations_are_answered_at_once(chat: ChatDriver) -> None:
    chat.ask("slow one", "slow")
    chat.expect_text("word1")
    first = chat.page.url
    chat.new()
    chat.ask("slow two")
    chat.expect_text("word1")

    expect(chat.page.get_by_role("img", name="Being answered")).to_have_count(2)
    chat.page.goto(first)
    chat.wait_done()

    chat.expect_exactly("".join(SLOW_WORDS).strip())


def test_other_page_that_saved_meanwhile_is_noticed(
    chat: ChatDriver, browser: Browser, pages_stack: Stack
) -> None:
    chat.ask("From the first page", "demo-echo")
    chat.wait_done()
    chat.wait_saved('"done"')
    other_page = new_page(browser, pages_stack, DESK_LIGHT)
    sign_in(other_page, pages_stack.api_key, chat.page.url)
    other = ChatDriver(other_page)
    other.expect_text("From the first page")
    other.ask("From the other page")
    other.wait_done()
    other.wait_saved("From the other page")

    chat.ask("From the first page again")
    chat.page.get_by_role("button", name="Changed elsewhere").click()

    chat.expect_text("From the other page")
    assert page_errors(other_page) == []
    other_page.context.close()


def test_shown_code_runs(chat: ChatDriver, pages_stack: Stack, tmp_path: Path) -> None:
    chat.ask('It\'s "quoted" & $odd\\n', "demo-echo")
    chat.wait_done()
    page = chat.page
    page.get_by_role("button", name="Show the request as code").click()
    dialog = page.get_by_role("dialog")
    codes = {}
    for language in ("curl", "Python (openai)", "Python (servicestack)", "TypeScript", "C#"):
        dialog.get_by_role("button", name=language, exact=True).click()
        codes[language] = dialog.locator("pre").inner_text()

    env = {"REPLYTO_API_KEY": pages_stack.api_key, "PATH": "/usr/bin:/bin"}
    for language, argv in {
        "curl": ["bash", "-c"],
        "Python (openai)": [sys.executable, "-c"],
        "Python (servicestack)": [sys.executable, "-c"],
    }.items():
        ran = subprocess.run(
            [*argv, codes[language]],
            env=env,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        assert "quoted" in ran.stdout
    for language in ("TypeScript", "C#"):
        assert "$odd" in codes[language]
        assert pages_stack.api_key not in codes[language]


def test_phone_shows_the_list_when_asked(browser: Browser, pages_stack: Stack) -> None:
    page = new_page(browser, pages_stack, PHONE_DARK)
    sign_in(page, pages_stack.api_key)
    chat = ChatDriver(page)
    chat.ask("On the way", "demo-echo")
    chat.wait_done()

    page.get_by_role("button", name="Conversations").click()
    expect(page.get_by_role("link", name="On the way").first).to_be_visible()
    page.get_by_role("button", name="New conversation").click()

    expect(page.get_by_role("heading", name="What would you like to know?")).to_be_visible()
    assert page_errors(page) == []
    page.context.close()


def test_keyboard_alone_is_enough(chat: ChatDriver) -> None:
    page = chat.page
    page.get_by_label("Message", exact=True).focus()
    page.keyboard.press("Shift+Tab")
    for _ in range(3):
        if page.evaluate("document.activeElement.classList.contains('model-button')"):
            break
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Search models")).to_be_focused()
    page.keyboard.type("demo-echo")
    page.keyboard.press("Enter")
    page.get_by_label("Message", exact=True).focus()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")

    chat.expect_text("By keyboard")
