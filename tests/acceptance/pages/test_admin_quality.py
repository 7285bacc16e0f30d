"""What holds in every section of the admin pages: it is safe, for everybody, and light."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, expect

from tests.acceptance.api import chat
from tests.acceptance.pages.admin_driver import SECTIONS, AdminDriver
from tests.acceptance.pages.admin_scene import Scene, admin_api, admin_secret
from tests.acceptance.pages.canned_answers import ATTACKS
from tests.acceptance.pages.conftest import (
    DESK_LIGHT,
    LOOKS,
    PHONE_DARK,
    Look,
    new_page,
    page_errors,
    sign_in,
)
from tests.acceptance.pages.test_page_quality import FIRST_PAGE_BYTES, overflow, violations
from tests.acceptance.stack import Stack


def _wear(admin: AdminDriver, look: Look) -> None:
    """Look at the page like this from now on."""
    page = admin.page
    page.set_viewport_size({"width": look.width, "height": look.height})
    page.emulate_media(color_scheme="dark" if look.scheme == "dark" else "light")
    page.evaluate("scheme => { document.documentElement.dataset.theme = scheme; }", look.scheme)
    # Colours change in a transition; what axe-core sees in the middle of it is nobody's look.
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0)))")


def _assert_good_in_all_looks(admin: AdminDriver, where: str) -> None:
    for look in LOOKS:
        _wear(admin, look)
        assert overflow(admin.page) <= 0, f"{where} {look}"
        # Both schemes and both widths are among these two.
        if look in (DESK_LIGHT, PHONE_DARK):
            assert violations(admin.page) == [], f"{where} {look}"
    _wear(admin, DESK_LIGHT)


def test_every_section_is_accessible_and_fits(admin: AdminDriver, scene: Scene) -> None:
    places = [*SECTIONS, f"/jobs/{scene.failed}", f"/callbacks/{scene.pending}", "/nowhere"]
    for path in places:
        admin.open(path)
        if path in ("", "/usage"):
            admin.page.locator(".plot canvas").first.wait_for()
        _assert_good_in_all_looks(admin, path)


def test_forms_are_accessible_and_fit(admin: AdminDriver) -> None:
    for path, button in {
        "/providers": "Add a provider",
        "/keys": "Issue a key",
        "/callbacks": "Test a receiver …",
    }.items():
        admin.open(path)
        admin.press(button)
        _assert_good_in_all_looks(admin, path)
        admin.page.keyboard.press("Escape")
        expect(admin.dialog).to_have_count(0)
        expect(admin.page.get_by_role("button", name=button)).to_be_focused()


def test_all_is_reached_by_keyboard(admin: AdminDriver) -> None:
    page = admin.page
    admin.open("/jobs")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("State")).to_be_focused()

    reached = _reached(admin, presses=25)
    assert {"Tag", "To", "Export CSV", "Jobs"} <= reached
    admin.open("/providers")
    assert {"Overview", "Audit", "Sign out", "Add a provider", "Hold"} <= _reached(admin, 26)


def _reached(admin: AdminDriver, presses: int) -> set[str]:
    found = set()
    for _ in range(presses):
        admin.page.keyboard.press("Tab")
        found.add(
            admin.page.evaluate(
                """(() => {
                    const one = document.activeElement;
                    return one.ariaLabel ?? (one.labels?.[0] ?? one).innerText.trim();
                })()"""
            )
        )
    return found


def test_menu_of_a_phone_opens_and_closes(browser: Browser, pages_stack: Stack) -> None:
    page = new_page(browser, pages_stack, Look("dark", 390, 780))
    sign_in(page, admin_secret(pages_stack), "/admin")
    expect(page.get_by_role("navigation", name="Sections")).to_be_hidden()
    page.get_by_role("button", name="Sections").click()
    page.get_by_role("link", name="Audit").click()
    expect(page.get_by_role("heading", name="Audit", level=1)).to_be_visible()
    expect(page.get_by_role("navigation", name="Sections")).to_be_hidden()
    page.context.close()


def test_attacks_are_text_in_every_section(admin: AdminDriver, pages_stack: Stack) -> None:
    page = admin.page
    ids = _attack(pages_stack)
    places = {
        **dict.fromkeys(SECTIONS, ""),
        "/jobs": "<img src=x",
        "/jobs?state=Failed": "<svg onload",
        **{f"/jobs/{one}": "<script>" for one in ids},
        "/queues": "<img src=x",
        f"/callbacks/{ids[0]}": "<script>",
        "/providers": "<svg onload",
        "/keys": "<svg onload",
        "/usage?by=tag": "<img src=x",
        "/audit": "<svg onload",
    }
    for path, shown in places.items():
        admin.open(path)
        if shown:
            expect(page.locator(".content")).to_contain_text(shown)
        assert page.evaluate("window.hacked") is None, path
        assert page.locator("iframe, style, .content form[action], #app #app").count() == 0, path
        assert page.locator("[href^=javascript], [onerror], [onload]").count() == 0, path
    assert page_errors(page) == []
    _mend(pages_stack)


_MODEL = "<img src=x onerror='window.hacked=1'>"


def _attack(stack: Stack) -> list[int]:
    """Put attacks wherever clients and admins may write; return the ids of two jobs."""
    everything = "\n".join(ATTACKS)
    with stack.api() as api, admin_api(stack) as admin:
        for number, attack in enumerate(ATTACKS):
            line = attack.replace("\n", " ")
            key = {"name": line, "userId": line, "notes": attack, "models": [line]}
            assert admin.post("/api/CreateApiKey", json=key).ok
            provider = _provider(stack, f"{attack[:60]}{number}", f"model {attack[:99]}")
            admin.post("/api/CreateAiProvider", json=provider)
            api.post("/api/CancelJob", json={"id": 1, "refId": attack})
        admin.post("/api/CreateAiProvider", json=_provider(stack, "attacked", _MODEL))
        reply_to = stack.receiver.url("/answers?<script>window.hacked=1</script>")
        ids = [
            _queue(api, chat("demo-echo", everything), reply_to, tag=ATTACKS[1], ref=ATTACKS[0]),
            _queue(api, chat("refuses-with-attacks"), reply_to, tag=ATTACKS[2], ref=ATTACKS[2]),
        ]
        api.queue(chat(_MODEL, everything))
        for job_id in ids:
            api.until_ended(job_id)
    return ids


def _provider(stack: Stack, name: str, model: str) -> dict[str, Any]:
    models = [{"model": model, "apiModel": "demo-instant"}]
    return {"name": name, "apiBaseUrl": stack.llm.url, "enabled": True, "models": models}


def _queue(api: Any, request: dict[str, Any], reply_to: str, tag: str, ref: str) -> int:
    number: int = api.queue(request, replyTo=reply_to, tag=tag, refId=ref)["id"]
    return number


def _mend(stack: Stack) -> None:
    with admin_api(stack) as admin:
        for one in admin.get("/api/QueryAiProviders?take=1000").json()["results"]:
            if one["origin"] == "api":
                admin.delete("/api/DeleteAiProvider", json={"id": one["id"]})


def test_first_admin_page_is_light_and_fetches_plots_late(
    browser: Browser, pages_stack: Stack
) -> None:
    page = new_page(browser, pages_stack, DESK_LIGHT)
    sign_in(page, admin_secret(pages_stack), "/admin")
    for path, has_plots in (("/admin/jobs", False), ("/admin", True)):
        page.goto(path)
        page.locator("canvas" if has_plots else "tbody tr").first.wait_for()
        files: list[list[Any]] = page.evaluate(
            """performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
               .filter(({ name }) => !name.includes("/api/"))
               .map(({ name, encodedBodySize }) => [name, encodedBodySize])"""
        )
        weight = sum(size for _, size in files)
        assert 20_000 < weight < FIRST_PAGE_BYTES, weight
        assert any("uplot.js" in name for name, _ in files) is has_plots
        assert all(name.startswith(pages_stack.url) for name, _ in files)
    page.context.close()
