"""API keys: issued, used, changed, rotated, revoked."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.acceptance.pages.driving.admin_driver import AdminDriver
from tests.acceptance.pages.driving.admin_scene import Maker
from tests.acceptance.pages.driving.profile import Profiles
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack

RATE = "Rate limit (requests per minute)"
WAIT = "Wait for limits (seconds)"
#: As pages have it that are not served by HTTPS.
_NO_CLIPBOARD = """() => {
    window.board = navigator.clipboard;
    Object.defineProperty(navigator, "clipboard", { value: undefined });
}"""


def _issue(admin: AdminDriver, name: str) -> str:
    """Issue a key by the form; return its secret."""
    admin.open("/keys")
    admin.press("Create a key")
    admin.fill(Name=name, Models="demo*", **{RATE: "60"})
    admin.press("Create")
    return admin.dialog.locator(".secret code").inner_text()


def test_key_is_issued_and_its_secret_shown_once(
    admin: AdminDriver, maker: Maker, pages_stack: Stack
) -> None:
    secret = _issue(admin, maker.tag)
    assert _may_call(pages_stack, secret)
    admin.press("Copy the key")
    expect(admin.dialog.get_by_role("button", name="Copied")).to_be_visible()
    assert admin.page.evaluate("navigator.clipboard.readText()") == secret
    admin.press("I have saved it")
    expect(admin.dialog).to_have_count(0)
    expect(admin.row(maker.tag)).to_be_visible()
    assert secret not in admin.page.content()


def test_key_is_changed_rotated_and_revoked(
    admin: AdminDriver, maker: Maker, pages_stack: Stack
) -> None:
    secret = _issue(admin, maker.tag)
    admin.press("I have saved it")
    row = admin.row(maker.tag)
    expect(row).to_contain_text("60 requests/min")
    admin.press("Edit", row)
    admin.fill(Notes="For invoices", **{RATE: "", "Jobs in a row": "3", WAIT: "20"})
    admin.dialog.get_by_label("Priority").select_option("low")
    admin.press("Save")
    expect(row).not_to_contain_text("requests/min")
    expect(row).to_contain_text("priority low, 3 jobs in a row, waits up to 20 s")

    admin.press("Rotate", row)
    admin.press("Rotate", admin.dialog)
    another = admin.dialog.locator(".secret code").inner_text()
    assert another != secret
    assert _may_call(pages_stack, another)
    admin.page.evaluate(_NO_CLIPBOARD)
    admin.press("Copy the key")
    expect(admin.dialog.get_by_role("button", name="Copied")).to_be_visible()
    assert admin.page.evaluate("board.readText()") == another
    admin.press("I have saved it")

    admin.press("Revoke", row)
    admin.confirm("Revoke")
    expect(row).to_have_count(0)
    until(lambda: not _may_call(pages_stack, another), "the key is refused")
    admin.page.get_by_role("link", name="Show revoked keys").click()
    expect(row).to_contain_text("revoked")


def _may_call(stack: Stack, key: str) -> bool:
    with stack.api(key) as api:
        return api.get("/v1/models").status_code == 200


def test_mistake_in_the_form_is_said_at_its_field(
    admin: AdminDriver, maker: Maker, profiles: Profiles
) -> None:
    profiles.expect_error("status of 4")
    admin.open("/keys")
    admin.press("Create a key")
    admin.fill(Name=f"odd-{maker.tag}", **{RATE: "1000000000"})
    admin.press("Create")
    expect(admin.dialog.get_by_role("alert")).to_have_id("key-requestsPerMinute-problem")
    admin.press("Cancel")
    expect(admin.row(f"odd-{maker.tag}")).to_have_count(0)
