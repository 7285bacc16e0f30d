"""The overview: how things stand, followed while it is open."""

from __future__ import annotations

import re
import time

from playwright.sync_api import expect

from shared.machines.self_check import SelfCheck
from tests.acceptance.pages.driving.admin_driver import SECTIONS, AdminDriver
from tests.acceptance.pages.driving.admin_scene import Maker, Scene
from tests.acceptance.pages.driving.profile import Profiles
from tests.acceptance.system.api import chat as request
from tests.acceptance.system.stack import CALLBACKS, GATEWAY, Stack


def test_sections_are_reached_from_one_another(admin: AdminDriver) -> None:
    for path, title in SECTIONS.items():
        admin.go(title)
        assert admin.page.url.endswith(f"/admin{path}")
        expect(admin.page).to_have_title(f"{title} · ReplyTo")
    admin.page.go_back()
    expect(admin.page.get_by_role("heading", name="Settings", level=1)).to_be_visible()


def test_overview_tells_how_things_stand(admin: AdminDriver, scene: Scene) -> None:
    expect(admin.tile("Workers")).to_contain_text("3")
    expect(admin.tile("Callbacks pending")).to_contain_text(re.compile("pending[1-9]"))
    expect(admin.tile("Waiting")).to_contain_text(re.compile("Waiting[1-9]"))
    expect(admin.row("far").first).to_be_visible()
    admin.page.locator(".plot canvas").first.wait_for()
    attention = admin.page.get_by_role("region", name="Needs attention")
    away = attention.get_by_role("listitem").filter(has_text="Provider “away” is offline")
    expect(away).to_contain_text("waits for its models.")
    admin.press("Check", away)
    admin.expect_toast("“away” does not answer")
    callbacks = attention.get_by_role("listitem").filter(has_text="given up since yesterday")
    callbacks.get_by_role("link", name="See them").click()
    expect(admin.page.get_by_role("heading", name="Callbacks", level=1)).to_be_visible()
    expect(admin.rows.first).to_contain_text("Exhausted")


def test_overview_follows_what_happens(
    admin: AdminDriver, maker: Maker, pages_stack: Stack
) -> None:
    with pages_stack.api() as api:
        assert api.post("/v1/chat/completions", json=request("demo-echo")).ok
        expect(admin.tile("Latency")).to_contain_text(re.compile(r"\d ms|\d s"))

        job_id = maker.job("endless")
        try:
            expect(admin.tile("In flight")).to_contain_text(re.compile("In flight[1-9]"))
        finally:
            api.post("/api/CancelJob", json={"id": job_id})
    maker.ended("refuses")
    expect(admin.tile("Failed recently").locator(".bad")).to_have_text(re.compile("[1-9]"))


def test_worker_that_ends_is_missed_and_one_that_begins_is_seen(
    admin: AdminDriver, pages_stack: Stack
) -> None:
    expect(admin.tile("Workers")).to_contain_text("3")
    pages_stack.stop(CALLBACKS)
    try:
        expect(admin.tile("Workers")).to_contain_text("2")
    finally:
        pages_stack.start(CALLBACKS)
        pages_stack.wait_ready()
    expect(admin.tile("Workers")).to_contain_text("3")


def test_processes_that_are_not_like_the_others_are_named_while_they_are_not(
    admin: AdminDriver, pages_stack: Stack
) -> None:
    own, ahead_s = {"callback_secret": "0123456789abcdef"}, [-3 * 3600.0]
    check = SelfCheck(
        pages_stack.redis, "chat1@second", lambda: own, lambda: time.time() + ahead_s[0]
    )
    box = admin.page.get_by_role("region", name="The processes do not agree")
    expect(admin.tile("Workers")).to_be_visible()
    expect(box).to_have_count(0)

    check()
    told = box.get_by_role("listitem").filter(has_text="chat1@second")
    expect(told.filter(has_text="REPLYTO_CALLBACK_SECRET")).to_have_count(1)
    expect(told.filter(has_text=re.compile(r"clock is 10\d{3} s behind"))).to_have_count(1)

    own.clear()
    ahead_s[0] = 0
    check()
    expect(box).to_have_count(0)


def test_numbers_lead_to_what_they_count(admin: AdminDriver, scene: Scene) -> None:
    admin.tile("Callbacks pending").click()
    expect(admin.page.get_by_role("heading", name="Callbacks", level=1)).to_be_visible()
    expect(admin.row("/busy").first).to_contain_text("Pending")


def test_page_says_that_it_is_not_up_to_date_and_recovers_by_itself(
    admin: AdminDriver, profiles: Profiles, pages_stack: Stack
) -> None:
    profiles.expect_error("net::ERR_|dynamically imported module")
    notice = admin.page.get_by_text("Not up to date: The server cannot be reached.")
    pages_stack.stop(GATEWAY)
    try:
        expect(notice).to_be_visible()
        expect(admin.tile("Workers")).to_be_visible()
    finally:
        pages_stack.start(GATEWAY)
        pages_stack.wait_ready()
    expect(notice).to_have_count(0)
