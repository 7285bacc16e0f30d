"""The pages while their database is away: a real PostgreSQL, stopped and started again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.pages.driving.admin_driver import AdminDriver
from tests.acceptance.pages.driving.admin_scene import admin_secret, new_key
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.looks import Look
from tests.acceptance.pages.driving.profile import Profiles, good_profiles
from tests.acceptance.system.stack import Stack
from tests.support.servers.postgres import PostgresServer


@pytest.fixture(scope="module")
def outage_stack(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Stack]:
    """Start a ReplyTo whose history is in PostgreSQL."""
    settings = {"REPLYTO_DATABASE_URL": postgres_server.new_database("pages")}
    with Stack(
        tmp_path_factory.mktemp("outage"), demo_models=("demo-echo",), settings=settings
    ) as stack:
        yield stack.open()


@pytest.fixture
def profiles(browser: Browser, outage_stack: Stack, look: Look) -> Iterator[Profiles]:
    """Profiles of this ReplyTo."""
    with good_profiles(browser, outage_stack.url, look) as profiles:
        yield profiles


@contextmanager
def _away(server: PostgresServer, profiles: Profiles) -> Iterator[None]:
    profiles.expect_error("status of 503")
    server.stop()
    try:
        yield
    finally:
        server.start()


def test_chat_goes_on_without_its_history_and_is_kept_afterwards(
    profiles: Profiles, outage_stack: Stack, postgres_server: PostgresServer
) -> None:
    key = new_key(outage_stack)
    chat = ChatDriver(profiles.signed_in(key))
    chat.ask("Before it went away", "demo-echo")
    chat.wait_done()
    chat.wait_saved('"state": "done"')

    with _away(postgres_server, profiles):
        chat.ask("While it is away")
        chat.expect_text("While it is away")
        chat.wait_done()
        expect(chat.page.get_by_text("Not saved")).to_be_visible()
        chat.search("Before")
        message = "The database cannot be reached"
        expect(chat.page.locator(".sidebar").get_by_role("alert")).to_contain_text(message)
        # What was read before stays.
        expect(chat.heads.first).to_have_text("Before it went away")
        chat.close_list()

    expect(chat.page.get_by_text("Not saved")).to_have_count(0)
    chat.wait_saved("While it is away")
    expect(chat.page.locator(".sidebar [role=alert]")).to_have_count(0)
    chat.open_list()
    expect(chat.heads.first).to_have_text("Before it went away")
    chat.close_list()
    chat.page.reload()
    chat.expect_text("While it is away")


def test_admin_pages_say_what_is_missing_and_recover_by_themselves(
    profiles: Profiles, outage_stack: Stack, postgres_server: PostgresServer
) -> None:
    admin = AdminDriver(profiles.signed_in(admin_secret(outage_stack), "/admin/jobs"))
    admin.wait_loaded()
    missing = admin.page.get_by_text("The database cannot be reached")

    with _away(postgres_server, profiles):
        admin.go("Overview")
        expect(admin.tile("Workers")).to_contain_text("3")
        for title in ("API keys", "Usage and cost", "Audit"):
            admin.go(title)
            expect(missing).to_be_visible()

    expect(missing).to_have_count(0)
    expect(admin.page.locator(".content [role=alert]")).to_have_count(0)


def test_list_of_jobs_recovers_by_itself(
    profiles: Profiles, outage_stack: Stack, postgres_server: PostgresServer
) -> None:
    admin = AdminDriver(profiles.signed_in(admin_secret(outage_stack), "/admin/jobs"))
    admin.wait_loaded()
    missing = admin.page.get_by_text("The database cannot be reached")
    with _away(postgres_server, profiles):
        expect(missing).to_be_visible()
        expect(admin.page.get_by_role("button", name="Export CSV")).to_be_visible()
    expect(missing).to_have_count(0)


def test_job_in_redis_is_shown_without_the_database(
    profiles: Profiles, outage_stack: Stack, postgres_server: PostgresServer
) -> None:
    admin = AdminDriver(profiles.signed_in(admin_secret(outage_stack)))
    with outage_stack.api() as api:
        request = {"model": "demo-echo", "messages": [{"role": "user", "content": "Still there"}]}
        with _away(postgres_server, profiles):
            job_id = api.queue(request)["id"]
            api.until_state(job_id, "Completed")
            admin.open(f"/jobs/{job_id}")
            admin.expect_heading(f"Job {job_id}", "Completed")
            expect(admin.card("Request")).to_contain_text("Still there")
