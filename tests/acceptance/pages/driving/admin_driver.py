"""What an admin does on the admin pages, at a desk or on a phone."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.acceptance.pages.driving.looks import is_phone

#: Every section, by its address below /admin and its heading.
SECTIONS = {
    "": "Overview",
    "/jobs": "Jobs",
    "/queues": "Queues and workers",
    "/bulk": "Batches and schedules",
    "/callbacks": "Callbacks",
    "/providers": "Providers",
    "/keys": "API keys",
    "/usage": "Usage and cost",
    "/files": "Files",
    "/settings": "Settings",
    "/audit": "Audit",
}


class AdminDriver:
    """Hands and eyes on the admin pages. On a phone sections are in a drawer, filters folded."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._is_phone = is_phone((page.viewport_size or {"width": 0})["width"])

    # --- going somewhere ------------------------------------------------------------------------

    def open(self, path: str) -> None:
        """Open an address below /admin; return when it shows what it has."""
        self.page.goto(f"/admin{path}")
        self.wait_loaded()

    def go(self, title: str) -> None:
        """Go to a section as people do, by the list of sections."""
        self.open_sections()
        self.sections.get_by_role("link", name=title, exact=True).click()
        expect(self.page.get_by_role("heading", name=title, level=1)).to_be_visible()
        if self._is_phone:
            expect(self.sections).to_be_hidden()
        self.wait_loaded()

    @property
    def sections(self) -> Locator:
        """The list of sections."""
        return self.page.get_by_role("navigation", name="Sections")

    def open_sections(self) -> None:
        """See the list of sections: on a phone it has to be asked for."""
        if self._is_phone and not self.sections.is_visible():
            self.press("Sections")
        expect(self.sections.get_by_role("link", name="Audit")).to_be_in_viewport()

    def wait_loaded(self) -> None:
        """Wait until nothing is being fetched for the first time."""
        self.page.locator(".content").first.wait_for()
        expect(self.page.locator(".content .spinner")).to_have_count(0)

    # --- acting ---------------------------------------------------------------------------------

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

    def filter(self, **values: str) -> None:
        """Filter a list, by the labels of its filters with _ for a space."""
        fold = self.page.locator(".filters-fold")
        if fold.get_attribute("open") is None:
            fold.locator("summary").click()
        for label, value in values.items():
            field = fold.get_by_label(label.replace("_", " "), exact=True)
            if field.evaluate("one => one.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    def exported(self, link: Locator) -> list[dict[str, str]]:
        """Press what exports a table as CSV; return its rows."""
        with self.page.expect_download() as download:
            link.click()
        text = Path(download.value.path()).read_text("utf-8")
        return list(csv.DictReader(io.StringIO(text)))

    # --- seeing ---------------------------------------------------------------------------------

    @property
    def rows(self) -> Locator:
        """The rows of the tables, which are cards on a phone."""
        return self.page.locator(".content tbody tr")

    def row(self, text: str) -> Locator:
        """Return the rows of a table, or the cards, that hold a text."""
        return self.page.locator(".content tbody tr, .content article").filter(has_text=text)

    def card(self, title: str) -> Locator:
        """Return the part of a page that stands below this heading."""
        heading = self.page.get_by_role("heading", name=title)
        return self.page.locator(".card").filter(has=heading).last

    def tile(self, label: str) -> Locator:
        """Return a number that is shown large."""
        name = self.page.locator(".label").get_by_text(label, exact=True)
        return self.page.locator(".tile").filter(has=name)

    def expect_heading(self, title: str, state: str) -> None:
        """Wait until the heading of one thing tells this state."""
        expect(self.page.get_by_role("heading", name=title)).to_contain_text(state)

    def expect_toast(self, text: str) -> None:
        """Wait until this is said in passing."""
        expect(self.page.locator(".toast").filter(has_text=text).first).to_be_visible()
