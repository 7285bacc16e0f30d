"""Usage and cost, the settings in force, and the audit log."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.acceptance.pages.driving.admin_driver import AdminDriver
from tests.acceptance.pages.driving.admin_scene import Maker, admin_api, admin_secret, issue_key
from tests.acceptance.system.stack import Stack


def test_usage_shows_sums_by_what_is_chosen(admin: AdminDriver, maker: Maker) -> None:
    maker.ended()
    maker.ended("refuses")
    admin.open("/usage")
    expect(admin.tile("Jobs")).to_contain_text(re.compile("Jobs[1-9]"))
    expect(admin.tile("Cost")).to_contain_text(re.compile(r"\$0\.0*[1-9]"))
    expect(admin.row("demo-echo")).to_contain_text(re.compile(r"\$0\.0*[1-9]"))
    expect(admin.row("refuses").first).to_contain_text("\N{EN DASH}")
    admin.page.locator(".plot canvas").first.wait_for()

    for by, text in {"Tag": maker.tag, "API key": "bootstrap", "Provider": "canned"}.items():
        admin.press(by)
        expect(admin.row(text).first).to_be_visible()
    admin.press("Day")
    expect(admin.rows.first).to_contain_text(re.compile(r"\d{4}-\d\d-\d\d"))
    admin.press("7 days")
    expect(admin.page).to_have_url(re.compile("days=7"))
    expect(admin.rows.first).to_be_visible()


def test_usage_is_exported_as_csv(admin: AdminDriver, maker: Maker) -> None:
    for _ in range(3):
        maker.ended()
    admin.open("/usage?by=tag")
    rows = admin.exported(admin.page.get_by_role("button", name="Export CSV"))
    [row] = [row for row in rows if row["name"] == maker.tag]
    assert int(row["completed"]) == 3
    assert float(row["cost"]) > 0


def test_settings_are_shown_without_secrets(admin: AdminDriver, pages_stack: Stack) -> None:
    admin.open("/settings")
    expect(admin.row("REPLYTO_API_KEY")).to_contain_text("hidden")
    expect(admin.row("REPLYTO_CALLBACK_ALLOW_PRIVATE")).to_contain_text("true")
    shown = admin.page.content()
    for secret in (
        pages_stack.api_key,
        pages_stack.callback_secret,
        pages_stack.encryption_key,
        admin_secret(pages_stack),
    ):
        assert secret not in shown
    admin.page.get_by_label("Search settings").fill("callback_allow_private")
    expect(admin.rows).to_have_count(1)


def test_audit_lists_what_admins_did(admin: AdminDriver, pages_stack: Stack) -> None:
    with admin_api(pages_stack) as api:
        made = issue_key(api)
        api.post("/api/RevokeApiKey", json={"id": made["id"]})
        for online in (False, True):
            body = {"provider": "away", "online": online}
            api.post("/api/ChangeAiProviderStatus", json=body)
    admin.open("/audit")
    for action in ("CreateApiKey", "RevokeApiKey", "ChangeAiProviderStatus"):
        expect(admin.row(action).first).to_contain_text("admin")
    assert made["key"] not in admin.page.content()
    admin.filter(Target=f"key_{made['id']}")
    expect(admin.rows).to_have_count(2)
    admin.filter(Action="RevokeApiKey")
    expect(admin.rows).to_have_count(1)
    admin.page.get_by_role("link", name=f"key_{made['id']}").click()
    expect(admin.rows).to_have_count(1)
    expect(admin.row(made["name"])).to_contain_text("revoked")
    admin.open("/audit?action=ChangeAiProviderStatus")
    admin.page.get_by_role("link", name="away").first.click()
    expect(admin.page.get_by_role("article")).to_have_count(1)
    admin.page.get_by_role("link", name="Show all providers").click()
    expect(admin.page.get_by_role("article")).not_to_have_count(1)
