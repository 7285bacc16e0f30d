"""Choosing a model, and the library of system prompts."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.acceptance.pages.driving.admin_scene import new_key
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.profile import Profiles
from tests.acceptance.system.stack import Stack

#: Those that draw, speak or write down are not for the chat.
DEMO = ["demo", "demo-echo"]


def test_model_is_found_by_parts_of_its_name(chat: ChatDriver) -> None:
    page = chat.page
    # The first one of the file, whatever its name.
    expect(page.locator(".model-button")).to_have_text("demo")
    page.locator(".model-button").click()
    search = page.get_by_label("Search models")
    expect(search).to_be_focused()
    search.fill("echo dem")
    expect(page.get_by_role("option")).to_have_text(["demo-echo"])
    search.fill("no such model")
    expect(page.get_by_text("No model matches.")).to_be_visible()
    search.fill("")
    page.keyboard.press("Escape")
    expect(search).to_have_count(0)


def test_model_is_chosen_by_keyboard_and_remembered(chat: ChatDriver) -> None:
    page = chat.page
    page.locator(".model-button").click()
    page.keyboard.type("demo")
    expect(page.get_by_role("option")).to_have_text(DEMO)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", name="demo-echo")).to_have_class(re.compile("active"))
    page.keyboard.press("Enter")
    expect(page.locator(".model-button")).to_have_text("demo-echo")
    expect(page.locator(".model-button")).to_be_focused()

    page.reload()
    expect(page.locator(".model-button")).to_have_text("demo-echo")


def test_key_sees_only_the_models_that_it_may_ask(profiles: Profiles, pages_stack: Stack) -> None:
    page = profiles.signed_in(new_key(pages_stack, models=["demo*"]))
    page.locator(".model-button").click()
    expect(page.get_by_role("option")).to_have_text(DEMO)


def _library(dialog: Locator) -> Locator:
    return dialog.get_by_label("From the library")


def test_prompts_are_chosen_kept_changed_and_deleted(chat: ChatDriver) -> None:
    dialog = chat.open_settings()
    prompt = dialog.get_by_label("System prompt")
    _library(dialog).select_option(label="Editor")
    expect(prompt).to_have_value(re.compile("You edit prose"))
    prompt.fill("Answer in verse.")
    chat.press("Save as …")
    dialog.get_by_label("Name of the prompt").fill("Poet")
    chat.press("Save")
    expect(_library(dialog).locator("option:checked")).to_have_text("Poet (yours)")

    prompt.fill("Answer in rhymes.")
    chat.press("Save “Poet”")
    expect(chat.page.get_by_role("button", name="Save “Poet”")).to_have_count(0)

    chat.page.reload()
    dialog = chat.open_settings()
    _library(dialog).select_option(label="Poet (yours)")
    expect(prompt).to_have_value("Answer in rhymes.")

    chat.press("Delete from library")
    chat.press("Delete")
    expect(_library(dialog).locator("option", has_text="Poet")).to_have_count(0)
    expect(prompt).to_have_value("Answer in rhymes.")


def test_prompts_are_each_users_own(
    chat: ChatDriver, profiles: Profiles, pages_stack: Stack
) -> None:
    dialog = chat.open_settings()
    dialog.get_by_label("System prompt").fill("Answer in verse.")
    chat.press("Save as …")
    dialog.get_by_label("Name of the prompt").fill("Poet")
    chat.press("Save")
    expect(_library(dialog).locator("option:checked")).to_have_text("Poet (yours)")

    other = ChatDriver(profiles.signed_in(new_key(pages_stack)))
    library = _library(other.open_settings())
    expect(library.locator("option", has_text="Editor")).to_have_count(1)
    expect(library.locator("option", has_text="Poet")).to_have_count(0)
