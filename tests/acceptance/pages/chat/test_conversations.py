"""The history of conversations: each key's own, searched, renamed, exported, deleted."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from tests.acceptance.pages.driving.admin_scene import new_key
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.profile import Profiles
from tests.acceptance.system.stack import Stack


def _ask_and_save(chat: ChatDriver, text: str, model: str = "") -> None:
    chat.ask(text, model)
    chat.wait_done()
    chat.wait_saved('"state": "done"')


def test_conversations_are_found_renamed_exported_and_deleted(chat: ChatDriver) -> None:
    page = chat.page
    _ask_and_save(chat, "Tell me about zebras", "demo-echo")
    chat.new()
    _ask_and_save(chat, "Tell me about yaks")

    chat.search("zebra")
    expect(chat.heads).to_have_text(["Tell me about zebras"])
    chat.act_on("Tell me about zebras", "Rename")
    page.get_by_label("New title").fill("Stripes")
    page.keyboard.press("Enter")
    expect(chat.heads).to_have_text(["Stripes"])

    name, exported = chat.exported("Stripes")
    assert name == "Stripes.json"
    assert "zebras" in json.dumps(exported["content"])

    chat.act_on("Stripes", "Delete")
    chat.press("Delete")
    expect(chat.heads).to_have_count(0)
    chat.search("")
    expect(chat.heads).to_have_text(["Tell me about yaks"])
    page.reload()
    chat.open_list()
    expect(chat.heads).to_have_text(["Tell me about yaks"])


def test_search_finds_what_was_said_not_only_titles(chat: ChatDriver) -> None:
    _ask_and_save(chat, "About animals\nand their stripes", "demo-echo")
    chat.new()
    _ask_and_save(chat, "About plants")
    chat.search("stripes")
    expect(chat.heads).to_have_text(["About animals"])
    chat.search("no such thing")
    expect(chat.page.get_by_text("Nothing found.")).to_be_visible()


def test_deletion_is_asked_for_first(chat: ChatDriver) -> None:
    _ask_and_save(chat, "Keep me", "demo-echo")
    chat.act_on("Keep me", "Delete")
    expect(chat.page.get_by_role("dialog")).to_contain_text(
        "“Keep me” and its answers are deleted."
    )
    chat.press("Cancel")
    expect(chat.heads).to_have_text(["Keep me"])


def test_each_key_has_its_own_history(
    chat: ChatDriver, profiles: Profiles, pages_stack: Stack
) -> None:
    _ask_and_save(chat, "Between us", "demo-echo")

    other = ChatDriver(profiles.signed_in(new_key(pages_stack)))
    profiles.expect_error("404")
    other.open_list()
    expect(other.page.get_by_text("Your conversations will be listed here.")).to_be_visible()
    other.page.goto(chat.page.url)
    expect(other.page.get_by_role("alert")).to_be_visible()
    expect(other.page.get_by_text("Between us")).to_have_count(0)


def test_history_is_there_in_another_browser(
    chat: ChatDriver, profiles: Profiles, chat_key: str
) -> None:
    _ask_and_save(chat, "Known everywhere", "demo-echo")
    other = ChatDriver(profiles.signed_in(chat_key))
    other.open_conversation("Known everywhere")
    other.expect_text("Known everywhere")


def test_draft_stays_while_another_conversation_is_looked_at(chat: ChatDriver) -> None:
    message = chat.page.get_by_label("Message", exact=True)
    _ask_and_save(chat, "Something to look up", "demo-echo")
    chat.new()
    message.fill("Half a thou")
    chat.open_conversation("Something to look up")
    expect(message).to_have_value("")
    chat.new()
    expect(message).to_have_value("Half a thou")
