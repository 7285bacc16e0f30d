"""What an admin does on the admin pages."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

#: Every section, by its address below /admin and its heading.
SECTIONS = {
    "": "Overview",
    "/jobs": "Jobs",
    "/queues": "Queues and workers",
    "/callbacks": "Callbacks",
    "/providers": "Providers",
    "/keys": "API keys",
    "/usage": "Usage and cost",
    "/settings": "Settings",
    "/audit": "Audit",
}


class AdminDriver:
    """Hands and eyes on the admin pages."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, path: str) -> None:
        """Open an address below /admin; return when it shows what it has."""
        self.page.goto(f"/admin{path}")
        self.wait_loaded()

    def wait_loaded(self) -> None:
        """Wait until nothing is being fetched for the first time."""
        self.page.locator(".content").wait_for()
        expect(self.page.locator(".content .spinner")).to_have_count(0)

    def press(self, name: str, within: Locator | None = None) -> None:
        """Press a button."""
        (within or self.page).get_by_role("button", name=name, exact=True).click()

    def confirm(self, action: str) -> None:
        """Say yes to what is asked."""
        self.press(action, self.dialog)
        self.dialog.wait_for(state="detached")

    @property
    def dialog(self) -> Locator:
        """The dialog that is open."""
        return self.page.get_by_role("dialog")

    def fill(self, **values: str) -> None:
        """Fill in fields of the dialog, by their labels with _ for a space."""
        for label, value in values.items():
            self.dialog.get_by_label(label.replace("_", " "), exact=True).fill(value)

    def row(self, text: str) -> Locator:
        """Return the rows of a table, or the cards, that hold a text."""
        return self.page.locator(".content tbody tr, .content article").filter(has_text=text)

    def expect_toast(self, text: str) -> None:
        """Wait until this is said in passing."""
        expect(self.page.locator(".toast").filter(has_text=text).first).to_be_visible()
