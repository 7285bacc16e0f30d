"""Chat as people use it: Markdown as they write it, and what they see first."""

from __future__ import annotations

import json
import re
from typing import Final

from playwright.sync_api import expect

from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.looks import DESK_LIGHT
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack

#: These are about what is said, not how it looks.
LOOKS = (DESK_LIGHT,)

#: How many conversations a long list has: more than the API tells at once.
_MANY: Final = 230
_HOW_FAR: Final = """one => one.scrollHeight - one.scrollTop - one.clientHeight"""


def test_markdown_is_read_as_people_write_it(chat: ChatDriver) -> None:
    chat.ask("Say it all", "as-written")
    chat.wait_done()
    said = chat.last_answer.locator(".markdown").last
    expect(said).to_contain_text("It costs ~5 to ~7 euros.")
    expect(said.locator("del")).to_have_count(0)
    expect(said.locator("li")).to_have_text(["☑ done", "☐ to do"])
    expect(said.locator("strong")).to_have_text("「大事」")
    right = said.locator("td").nth(1)
    expect(right).to_have_css("text-align", re.compile("right|end"))
    expect(said.get_by_text("שלום עולם")).to_have_css("direction", "rtl")
    expect(said.get_by_text("It costs")).to_have_css("direction", "ltr")
    # What it thought is folded.
    expect(said).not_to_contain_text("They want")
    thought = chat.last_answer.locator("details")
    expect(thought.get_by_text("They want all of it.")).to_be_hidden()
    thought.locator("summary").click()
    expect(thought.get_by_text("They want all of it.")).to_be_visible()


def test_end_of_an_answer_is_followed_until_the_reader_scrolls(chat: ChatDriver) -> None:
    page = chat.page
    page.set_viewport_size({"width": 400, "height": 320})
    chat.ask("Go on for long", "endless-lines")
    box = page.locator(".messages")
    until(lambda: box.evaluate("one => one.scrollTop") > 250, "it grows and is followed")
    box.hover()
    page.mouse.wheel(0, -10_000)
    until(lambda: box.evaluate("one => one.scrollTop") == 0, "the reader is at the top")
    before = box.evaluate("one => one.scrollHeight")
    until(lambda: box.evaluate("one => one.scrollHeight") > before, "it grows on")
    assert box.evaluate("one => one.scrollTop") == 0
    page.get_by_role("button", name="To the end").click()
    until(lambda: box.evaluate(_HOW_FAR) < 80, "it is followed again")
    chat.press("Stop")
    page.set_viewport_size({"width": DESK_LIGHT.width, "height": DESK_LIGHT.height})


def test_message_that_is_sent_while_an_answer_runs_waits_for_its_end(chat: ChatDriver) -> None:
    page = chat.page
    chat.ask("The first", "slow")
    page.get_by_label("Message", exact=True).fill("And the second")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Queued messages")).to_contain_text("And the second")
    expect(page.get_by_label("Message", exact=True)).to_have_value("")
    chat.choose("demo-echo")
    expect(page.locator(".message.question .said")).to_have_text(["The first", "And the second"])
    expect(page.locator(".message.answer")).to_have_count(2)
    chat.wait_done()


def test_first_model_is_the_default_and_odd_ones_come_last(
    chat: ChatDriver, pages_stack: Stack
) -> None:
    with pages_stack.api() as api:
        names = [one["id"] for one in api.get("/v1/models?operation=chat").json()["data"]]
    ordinary = [name for name in names if not name.startswith("demo-") or name == "demo-echo"]
    expect(chat.page.locator(".model-button")).to_contain_text(ordinary[0])
    chat.page.locator(".model-button").click()
    offered = chat.page.get_by_role("option").all_inner_texts()
    odd = [name.startswith("demo-") and name.strip() != "demo-echo" for name in offered]
    assert odd == sorted(odd)


def test_all_conversations_are_listed(chat: ChatDriver, chat_key: str, pages_stack: Stack) -> None:
    node = {"id": "a", "parent": None, "role": "user", "text": "Hello"}
    content = {"nodes": {"a": node}, "leaf": "a", "settings": {}}
    with pages_stack.api(chat_key) as api:
        for number in range(_MANY):
            body = {"id": f"many-{number}", "title": f"Number {number}", "model": "demo-echo"}
            saved = api.post(
                "/api/SaveConversation", json={**body, "version": 0, "content": content}
            )
            assert saved.ok, json.dumps(saved.json())
    chat.page.reload()
    more = chat.page.get_by_role("button", name="Show more")
    more.scroll_into_view_if_needed()
    more.click()
    expect(chat.heads).to_have_count(_MANY)
    expect(more).to_have_count(0)


def test_page_is_called_as_the_conversation_whose_title_is_seen(chat: ChatDriver) -> None:
    title = "About zebras and stripes"
    chat.ask(title, "demo-echo")
    expect(chat.page).to_have_title(f"{title} · ReplyTo")
    chat.wait_done()
    chat.page.locator(".messages").hover()
    head = chat.page.locator(".heads .current a")
    expect(head).to_have_text(title)
    assert head.evaluate("one => one.scrollWidth <= one.clientWidth")
