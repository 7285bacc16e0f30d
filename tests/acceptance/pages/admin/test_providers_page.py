"""Providers: their health, added, tested, changed, held, deleted."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.acceptance.pages.driving.admin_driver import AdminDriver
from tests.acceptance.pages.driving.admin_scene import Maker, Scene
from tests.acceptance.pages.driving.profile import Profiles
from tests.acceptance.system.stack import Stack


@pytest.fixture
def form(admin: AdminDriver, maker: Maker, pages_stack: Stack) -> AdminDriver:
    """Open the form of a new provider, filled in but for its name."""
    admin.open("/providers")
    admin.press("Add a provider")
    models = f"model-{maker.tag} = demo-instant"
    admin.fill(Base_URL=pages_stack.llm.url, Models=models)
    return admin


def _delete(admin: AdminDriver, card: Locator) -> None:
    admin.press("Delete", card)
    admin.confirm("Delete")
    expect(card).to_have_count(0)


def test_provider_is_added_after_a_mistake_and_tested(
    form: AdminDriver, maker: Maker, profiles: Profiles
) -> None:
    profiles.expect_error("status of 4")
    form.fill(Name="demo")
    form.press("Save")
    problem = form.dialog.get_by_role("alert")
    expect(problem).to_contain_text("There is a provider 'demo' already.")
    expect(problem).to_have_id("provider-name-problem")

    form.fill(Name=maker.tag)
    form.press("Save and test")
    expect(form.dialog).to_contain_text(f"Test “{maker.tag}”")
    form.press("Send")
    expect(form.dialog.get_by_role("status")).to_contain_text(re.compile(r"\d m?s"))
    form.press("Close")
    card = form.row(f"model-{maker.tag} → demo-instant")
    form.press("Check", card)
    form.expect_toast(f"“{maker.tag}” answers.")
    _delete(form, card)


def test_provider_is_changed_held_and_resumed(
    form: AdminDriver, maker: Maker, pages_stack: Stack
) -> None:
    form.fill(Name=maker.tag, Base_URL=pages_stack.llm.url.replace("//", "//me:pa55word@"))
    form.press("Save")
    card = form.row(f"model-{maker.tag}")
    form.press("Edit …", card)
    # The password of its URL is neither shown nor wiped: what is not changed is not sent.
    expect(form.dialog).to_contain_text("Its password is stored and not shown.")
    assert "pa55word" not in form.page.content()
    form.fill(Priority="7", Concurrent_calls="3")
    form.press("Save")
    expect(card).to_contain_text(re.compile("Concurrent calls\\s*3"))
    expect(card).to_contain_text(re.compile("Priority\\s*7"))
    form.press("Hold", card)
    expect(card.locator(".badge")).to_have_text("held")
    expect(card).to_contain_text("taken offline by the operator")
    form.press("Resume", card)
    expect(card.locator(".badge")).to_have_text("online")
    _delete(form, card)


def test_provider_that_is_away_says_why(admin: AdminDriver, scene: Scene) -> None:
    admin.open("/providers")
    card = admin.row("away")
    expect(card.locator(".badge")).to_have_text("offline")
    expect(card.locator(".notice")).to_contain_text("could not be reached")
    admin.press("Check", card)
    admin.expect_toast("“away” does not answer:")


def test_trial_that_fails_shows_the_providers_message(
    admin: AdminDriver, profiles: Profiles
) -> None:
    profiles.expect_error("status of 400")
    admin.open("/providers")
    admin.press("Test …", admin.row("canned"))
    admin.dialog.get_by_label("Model").select_option("refuses")
    admin.press("Send")
    expect(admin.dialog.get_by_role("alert")).to_contain_text("This <b>prompt</b> is too long.")


def test_key_of_a_provider_is_kept_and_never_shown(form: AdminDriver, maker: Maker) -> None:
    secret = f"sk-{maker.tag}"
    form.fill(Name=maker.tag, API_key=secret)
    form.press("Save")
    card = form.row(f"model-{maker.tag}")
    expect(card).to_contain_text("stored encrypted")
    form.press("Edit …", card)
    expect(form.dialog.get_by_label("API key", exact=True)).to_have_value("")
    expect(form.dialog).to_contain_text("A key is stored")
    assert secret not in form.page.content()
    form.press("Cancel")
    _delete(form, card)


def test_provider_is_added_by_a_tile_its_key_and_ticks(
    admin: AdminDriver, maker: Maker, pages_stack: Stack
) -> None:
    admin.open("/providers")
    admin.press("Add a provider")
    admin.press("OpenAI")
    expect(admin.dialog.get_by_label("Base URL")).to_have_value("https://api.openai.com/v1")
    expect(admin.dialog.get_by_label("API key", exact=True)).to_be_focused()
    admin.fill(Name=maker.tag, Base_URL=pages_stack.llm.url, API_key="sk-" + "x" * 40)
    admin.press("List models")
    admin.dialog.get_by_label("demo-echo", exact=True).check()
    expect(admin.dialog.get_by_label("Models", exact=True)).to_have_value("demo-echo")
    admin.press("Save and test")
    admin.press("Send")
    expect(admin.dialog.get_by_role("status")).to_contain_text("Say hello")
    admin.press("Close")
    admin.press("Delete", admin.row(maker.tag))
    admin.confirm("Delete")
