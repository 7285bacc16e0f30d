"""What an answer shows on the chat page, and what can be done with it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.acceptance.pages.driving.canned_answers import PIXEL
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.looks import Look
from tests.acceptance.pages.driving.profile import Profiles

_AT_END = """() => {
    const one = document.querySelector(".messages");
    return one.scrollHeight - one.scrollTop - one.clientHeight < 80;
}"""


def test_markdown_code_tables_and_mathematics_are_shown(chat: ChatDriver) -> None:
    chat.ask("Show me all", "markdown")
    chat.wait_done()

    answer = chat.last_answer
    expect(answer.get_by_role("heading", name="A title")).to_be_visible()
    expect(answer.locator("pre .hljs-keyword").first).to_have_text("def")
    expect(answer.locator("td").first).to_have_text("one")
    expect(answer.locator("math")).to_be_visible()
    link = answer.get_by_role("link", name="a link")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    # A picture from elsewhere would tell its host who reads.
    expect(answer.locator("img")).to_have_count(0)


def test_answer_tells_its_tokens_time_provider_and_cost(chat: ChatDriver) -> None:
    chat.ask("Show me all", "markdown")
    chat.wait_done()
    facts = chat.last_answer.locator(".facts")
    expect(facts).to_contain_text("11 + 22 tokens")
    expect(facts).to_contain_text(re.compile(r"\d (ms|s)\b"))
    expect(facts).to_contain_text("canned")

    chat.ask("What does it cost?", "demo-echo")
    chat.wait_done()
    expect(chat.last_answer.locator(".facts")).to_contain_text(re.compile(r"\$0\.0*[1-9]"))

    # The end is in sight until somebody scrolls up; then a button leads there.
    chat.page.set_viewport_size({"width": chat.page.evaluate("innerWidth"), "height": 400})
    chat.ask("And once more")
    chat.wait_done()
    chat.page.wait_for_function(_AT_END)
    chat.page.locator(".messages").evaluate("one => one.scrollBy(0, -300)")
    chat.press("To the end")
    chat.page.wait_for_function(_AT_END)
    expect(chat.page.get_by_role("button", name="To the end")).to_have_count(0)


def test_copy_buttons_copy_the_code_the_answer_and_the_question(chat: ChatDriver) -> None:
    chat.ask("Show me all", "markdown")
    chat.wait_done()
    read = "navigator.clipboard.readText()"

    answer = chat.last_answer
    answer.get_by_role("button", name="Copy", exact=True).click()
    expect(answer.get_by_role("button", name="Copied", exact=True)).to_be_visible()
    code = chat.page.evaluate(read)
    assert code == "def double(number: int) -> int:\n    return 2 * number  # twice\n"

    answer.get_by_role("button", name="Copy answer").click()
    expect(answer.locator(".tools [aria-label=Copied]")).to_be_visible()
    assert chat.page.evaluate(read).startswith("## A title\n")
    chat.press("Copy message")
    expect(chat.page.locator(".question [aria-label=Copied]")).to_be_visible()
    assert chat.page.evaluate(read) == "Show me all"


def test_reasoning_and_tool_calls_are_folded(chat: ChatDriver) -> None:
    chat.ask("What is the weather?", "thinks")
    chat.expect_text("It rains.")
    chat.wait_done()

    reasoning = chat.last_answer.locator("details", has_text="Reasoning")
    expect(reasoning.locator("strong")).to_be_hidden()
    reasoning.locator("summary").click()
    expect(reasoning.locator("strong")).to_have_text("weather")
    tool = chat.last_answer.locator("details", has_text="get_weather")
    expect(tool.locator("pre")).to_be_hidden()
    tool.locator("summary").click()
    expect(tool.locator("pre")).to_contain_text('"city": "Oslo"')


def test_picture_reaches_the_model(chat: ChatDriver) -> None:
    chat.choose("demo-echo")
    file = {"name": "dot.png", "mimeType": "image/png", "buffer": PIXEL}
    for _ in range(2):
        chat.page.locator("input[type=file]").set_input_files(file)
    waiting = chat.page.get_by_role("list", name="recordings to send")
    expect(waiting.get_by_role("img")).to_have_count(2)
    chat.press("Remove image 2")
    chat.ask("What is this?")
    chat.wait_done()

    expect(chat.page.locator(".question img")).to_be_visible()
    expect(waiting).to_have_count(0)
    chat.expect_text("data:image/png;base64,")


def test_file_that_is_no_picture_is_refused(chat: ChatDriver) -> None:
    file = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"notes"}
    chat.page.locator("input[type=file]").set_input_files(file)
    expect(chat.page.locator(".toast")).to_contain_text("“notes.txt” is not a PNG")


def test_picture_of_the_model_is_shown_and_kept(chat: ChatDriver) -> None:
    chat.ask("Draw a dot", "draws")
    chat.wait_done()
    # One that is elsewhere is not loaded.
    expect(chat.last_answer.get_by_role("img")).to_have_count(1)
    chat.wait_saved('"state": "done"')

    chat.page.reload()
    picture = chat.last_answer.get_by_alt_text("Image 1")
    expect(picture).to_have_attribute("src", re.compile("^data:image/png;base64,"))
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") == 1


def test_failure_shows_the_providers_message_as_text(chat: ChatDriver, profiles: Profiles) -> None:
    profiles.expect_error("400")
    chat.ask("Too long", "refuses")

    expect(chat.last_answer.get_by_role("alert")).to_have_text("This <b>prompt</b> is too long.")
    expect(chat.page.get_by_role("button", name="Answer again")).to_be_enabled()


def test_answer_that_was_cut_says_why_and_goes_on(chat: ChatDriver) -> None:
    chat.ask("Go on", "goes-on-and-on")
    expect(chat.last_answer).to_contain_text("It stopped at the token limit.")
    expect(chat.last_answer.get_by_role("button", name="Try again", exact=True)).to_be_enabled()
    chat.press("Continue")
    expect(chat.page.locator(".question")).to_have_count(2)
    expect(chat.page.locator(".question").last).to_contain_text("Continue where you stopped.")
    chat.wait_done()


def test_settings_go_to_the_model_and_stay(chat: ChatDriver) -> None:
    dialog = chat.open_settings()
    dialog.get_by_label("System prompt").fill("Be a pirate.")
    dialog.get_by_label("Temperature").fill("0.5")
    dialog.get_by_label("Top P").press_sequentially("0.05")
    dialog.get_by_label("Max tokens").fill("300")
    dialog.get_by_label("Reasoning effort").select_option("low")
    chat.press("Done")
    chat.ask("Ahoy", "demo-echo")
    chat.wait_done()
    for sent in (
        '"role":"system","content":"Be a pirate."',
        '"temperature":0.5',
        '"top_p":0.05',
        '"max_tokens":300',
        '"reasoning_effort":"low"',
    ):
        chat.expect_text(sent)
    chat.wait_saved('"state": "done"')

    chat.page.reload()
    expect(chat.open_settings().get_by_label("Temperature")).to_have_value("0.5")


_ODD = 'It\'s "quoted" & $odd\\n'
_RUN = {
    "curl": ["bash", "-c"],
    "Python (openai)": [sys.executable, "-c"],
    "Python (servicestack)": [sys.executable, "-c"],
}


def _codes(chat: ChatDriver) -> dict[str, str]:
    """Ask, have the request shown as code, and return it by language."""
    chat.ask(_ODD, "demo-echo")
    chat.wait_done()
    chat.press("Show the request as code")
    dialog = chat.page.get_by_role("dialog")
    codes = {}
    for language in (*_RUN, "TypeScript", "C#"):
        button = dialog.get_by_role("button", name=language, exact=True)
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        codes[language] = dialog.locator("pre").inner_text()
    return codes


def test_request_is_shown_as_code(chat: ChatDriver, chat_key: str) -> None:
    codes = _codes(chat)
    assert len(set(codes.values())) == 5
    for code in codes.values():
        assert "$odd" in code
        assert chat_key not in code
    copy = chat.page.get_by_role("button", name="Copy code").bounding_box()
    code = chat.page.locator(".code-sample code").bounding_box()
    assert copy is not None
    assert code is not None
    assert copy["y"] + copy["height"] <= code["y"]
    chat.press("Copy code")
    expect(chat.page.get_by_role("button", name="Copied")).to_be_visible()
    assert chat.page.evaluate("navigator.clipboard.readText()") == codes["C#"]


def test_shown_code_runs(chat: ChatDriver, chat_key: str, look: Look, tmp_path: Path) -> None:
    if look.is_phone:
        pytest.skip("the code is the same on every screen")
    env = {"REPLYTO_API_KEY": chat_key, "PATH": "/usr/bin:/bin"}
    codes = _codes(chat)
    for language, argv in _RUN.items():
        command = [*argv, codes[language]]
        ran = subprocess.run(
            command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        assert "quoted" in ran.stdout
    assert json.dumps(_ODD)[1:-1] in codes["TypeScript"]
