"""The main flows by the keyboard alone: Tab, Enter, Space, arrows, Escape, and never a click."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.acceptance.pages.driving.admin_driver import AdminDriver
from tests.acceptance.pages.driving.admin_scene import Maker, admin_api, issue_key
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.keyboard import Keyboard
from tests.acceptance.pages.driving.looks import DESK_DARK
from tests.acceptance.system.stack import Stack

#: Keyboards stand on desks; that the focus is seen in the light, too, is for test_quality.py.
LOOKS = (DESK_DARK,)

#: Whether the focus is in the dialog, or with the browser itself.
_IS_TRAPPED = (
    """(one => one === document.body || !!one.closest("dialog"))(document.activeElement)"""
)
_IS_SOMEWHERE = "() => document.activeElement !== document.body"


def test_somebody_chooses_a_model_asks_stops_and_edits(chat: ChatDriver) -> None:
    page, keys = chat.page, Keyboard(chat.page)
    keys.wait_at("Message")
    keys.to("demo", back=True).press("Enter")
    keys.wait_at("Search models")
    keys.press("Escape")
    keys.wait_at("demo")
    keys.press("Enter")
    keys.wait_at("Search models")
    keys.write("endless").press("ArrowDown", "ArrowUp", "Enter")
    keys.wait_at("endless")
    keys.to("Message").write("Slowly").press("Enter")
    chat.expect_text("word1")
    keys.enter("Stop")
    chat.wait_done()
    keys.wait_at("Message")

    keys.enter("Edit message", back=True)
    keys.wait_at("Edited message")
    keys.write("Half a thou").press("Escape")
    keys.wait_at("Edit message")
    keys.press("Enter")
    keys.wait_at("Edited message")
    keys.write("More slowly").enter("Send as a new branch")
    expect(page.locator(".question .said")).to_have_text("More slowly")
    chat.expect_text("word1")
    keys.enter("Stop")
    chat.wait_done()


def test_somebody_renames_deletes_and_brings_back_a_conversation(chat: ChatDriver) -> None:
    keys = Keyboard(chat.page)
    keys.wait_at("Message")
    keys.write("Yaks").press("Enter")
    chat.wait_done()
    chat.wait_saved('"state": "done"')
    keys.enter("Rename “Yaks”", back=True)
    keys.wait_at("New title")
    keys.write("Not this").press("Escape")
    keys.wait_at("Yaks")
    keys.enter("Rename “Yaks”")
    keys.wait_at("New title")
    keys.write("Zebras").press("Enter")
    keys.wait_at("Zebras")
    expect(chat.heads).to_have_text(["Zebras"])

    keys.enter("Delete “Zebras”")
    chat.page.get_by_role("dialog").wait_for()
    keys.enter("Delete")
    expect(chat.heads).to_have_count(0)
    # The field of a new conversation has the focus, and is not robbed of it: it is near.
    keys.wait_at("Message")
    keys.enter("Undo")
    expect(chat.heads).to_have_text(["Zebras"])
    keys.page.reload()
    chat.last_answer.wait_for()
    keys.wait_at("Message")
    keys.skip()
    keys.wait_at("Messages")


def test_provider_is_added_by_a_tile_tested_edited_and_deleted(
    admin: AdminDriver, maker: Maker, pages_stack: Stack
) -> None:
    keys, dialog = Keyboard(admin.page), admin.dialog
    admin.open("/providers")
    keys.skip().enter("Add a provider")
    keys.wait_at("OpenAI")
    keys.press("Space")
    keys.wait_at("API key")
    keys.write("sk-" + "x" * 40).to("Name", back=True).write(maker.tag)
    keys.to("Base URL").write(pages_stack.llm.url).enter("List models")
    expect(dialog.get_by_label("demo-echo", exact=True)).to_be_visible()
    keys.to("demo-echo").press("Space").enter("Save and test")
    expect(dialog).to_contain_text(f"Test “{maker.tag}”")
    keys.enter("Send")
    expect(dialog.get_by_role("status")).to_contain_text("Say hello")
    keys.press("Escape")
    keys.wait_at("Add a provider")

    admin.open(f"/providers?name={maker.tag}")
    keys.skip().enter("Edit …")
    keys.wait_at("Name")
    keys.to("Priority").write("7").press("Enter")
    expect(admin.row(maker.tag)).to_contain_text(re.compile("Priority\\s*7"))
    keys.wait_at("Edit …")
    keys.enter("Delete")
    dialog.wait_for()
    keys.enter("Delete")
    expect(admin.row(maker.tag)).to_have_count(0)
    keys.page.wait_for_function(_IS_SOMEWHERE)


def test_key_with_a_budget_is_created_copied_and_revoked(
    admin: AdminDriver, maker: Maker, pages_stack: Stack
) -> None:
    page, keys = admin.page, Keyboard(admin.page)
    admin.open("/keys")
    keys.skip().enter("Create a key")
    keys.wait_at("Name")
    keys.write(maker.tag).to("Budget per month").write("5").press("Enter")
    secret = admin.dialog.locator(".secret code").inner_text()
    keys.wait_at("Copy the key")
    keys.press("Escape", "Escape", "Enter")
    keys.wait_at("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == secret
    keys.enter("I have saved it")
    keys.wait_at("Create a key")
    expect(admin.row(maker.tag)).to_contain_text("5.00/month")

    with admin_api(pages_stack) as api:
        owner = issue_key(api, name=f"{maker.tag}-2")["owner"]
    admin.open(f"/keys?owner={owner}")
    keys.skip().enter("Revoke")
    admin.dialog.wait_for()
    keys.enter("Revoke")
    expect(admin.row(maker.tag)).to_contain_text("revoked")
    page.wait_for_function(_IS_SOMEWHERE)


def test_dialogs_keep_the_focus_ask_and_give_it_back(admin: AdminDriver) -> None:
    page, keys = admin.page, Keyboard(admin.page)
    admin.open("/keys")
    keys.skip().enter("Create a key")
    keys.wait_at("Name")
    for _ in range(30):
        keys.press("Tab")
        assert page.evaluate(_IS_TRAPPED)
    keys.press("Escape")
    keys.wait_at("Create a key")
    keys.press("Enter")
    keys.wait_at("Name")
    keys.write("A name").press("Escape")
    expect(page.get_by_role("button", name="Keep writing")).to_be_visible()
    keys.enter("Keep writing")
    keys.wait_at("Name")
    expect(admin.dialog.get_by_label("Name", exact=True)).to_have_value("A name")
    keys.press("Escape")
    expect(page.get_by_role("button", name="Discard")).to_be_visible()
    keys.enter("Discard")
    expect(admin.dialog).to_have_count(0)
    keys.wait_at("Create a key")


def test_jobs_are_searched_opened_retried_selected_and_cancelled(
    admin: AdminDriver, maker: Maker
) -> None:
    page, keys = admin.page, Keyboard(admin.page)
    refused, first, second = maker.ended("refuses"), maker.job("far"), maker.job("far")
    admin.open("/jobs")
    keys.skip().to("Search jobs").write(f"tag:{maker.tag} Failed").press("Enter")
    expect(admin.rows).to_have_count(1)
    keys.enter(str(refused))
    admin.expect_heading(f"Job {refused}", "Failed")
    keys.wait_at("Jobs")
    keys.enter("Retry")
    admin.expect_toast("It is queued again.")

    admin.open(f"/jobs?tag={maker.tag}&model=far&state=Queued")
    expect(admin.rows).to_have_count(2)
    keys.skip()
    for job_id in (second, first):
        keys.to(f"Select job {job_id}").press("Space")
    keys.enter("Cancel 2", back=True)
    admin.dialog.wait_for()
    keys.enter("Cancel them")
    admin.expect_toast("2 jobs are being cancelled.")
    expect(admin.rows).to_have_count(0)
    page.wait_for_function(_IS_SOMEWHERE)


def test_callback_is_sent_again_and_a_schedule_paused_and_resumed(
    admin: AdminDriver, maker: Maker
) -> None:
    keys = Keyboard(admin.page)
    job_id = maker.called_back("Stopped", 410)
    admin.open(f"/callbacks?state=Stopped&tag={maker.tag}")
    keys.skip().enter(str(job_id))
    admin.expect_heading("Callback of job", "Stopped")
    keys.enter("Send again")
    admin.expect_heading("Callback of job", "Delivered")

    name = f"schedule {maker.tag}"
    schedule = maker.schedule(name)
    admin.open("/bulk")
    keys.skip().enter("Schedules")
    expect(admin.row(name)).to_contain_text("active")
    keys.enter(f"Pause {name}")
    expect(admin.row(name)).to_contain_text("paused")
    keys.wait_at(f"Resume {name}")
    keys.press("Enter")
    expect(admin.row(name)).to_contain_text("active")
    maker.api.post("/api/DeleteSchedule", json={"id": schedule["id"]})


def test_values_of_a_plot_are_read_and_their_jobs_found(admin: AdminDriver) -> None:
    plot = admin.page.locator(".plot").filter(has_text="Jobs per second")
    plot.locator("canvas").wait_for()
    keys = Keyboard(admin.page).skip().to("Jobs per second", first=True)
    keys.press("ArrowLeft")
    expect(plot.locator(".legend strong").first).to_be_visible()
    keys.press("Shift+ArrowLeft", "Shift+ArrowLeft", "Enter")
    expect(admin.page.get_by_role("heading", name="Jobs", level=1)).to_be_visible()
    assert re.search("from=.*to=", admin.page.url)
    keys.wait_at("Jobs")
