"""Browser profiles: each is somebody's own, with a look, a session and pages that are checked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, Page, expect

from tests.acceptance.pages.driving.looks import Look
from tests.acceptance.pages.driving.page_checks import PageChecks
from tests.acceptance.system.polling import PATIENCE_S

#: How long a page may take to show something (milliseconds).
PATIENCE_MS: Final = PATIENCE_S * 1000

expect.set_options(timeout=PATIENCE_MS)


def new_page(browser: Browser, url: str, look: Look, *, bypass_csp: bool = False) -> Page:
    """Return a page of a fresh profile. `url` is what its addresses begin with.

    With `bypass_csp` it passes over the pages' policy.
    """
    context = browser.new_context(
        base_url=url,
        color_scheme=look.scheme,
        viewport={"width": look.width, "height": look.height},
        is_mobile=look.is_phone,
        has_touch=look.is_phone,
        permissions=["clipboard-read", "clipboard-write"],
        bypass_csp=bypass_csp,
    )
    context.set_default_timeout(PATIENCE_MS)
    return context.new_page()


def sign_in(page: Page, key: str, path: str = "/Chat") -> None:
    """Sign in by the form, as people do, and see the page."""
    page.goto(path)
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Sign in").wait_for(state="detached")


def enter(page: Page, key: str, path: str = "/Chat") -> None:
    """Open the page with a session that was begun before."""
    # The admin pages have a session of their own.
    headers = {"x-replyto-page": "admin"} if path.startswith("/admin") else {}
    answer = page.request.post("/session", data={"key": key}, headers=headers)
    assert answer.ok, answer.text()
    page.goto(path)


class Profiles:
    """The profiles of one test, all with the same look; each page is checked at the end."""

    def __init__(self, browser: Browser, url: str, look: Look, *, bypass_csp: bool) -> None:
        self.look = look
        self._browser = browser
        self._url = url
        self._bypass_csp = bypass_csp
        self._pages: dict[Page, PageChecks] = {}
        self._expected: list[str] = []

    def new(self, look: Look | None = None, url: str = "") -> Page:
        """Return a page of somebody who is not signed in."""
        wanted = look or self.look
        page = new_page(self._browser, url or self._url, wanted, bypass_csp=self._bypass_csp)
        return self._watched(page, wanted)

    def signed_in(self, key: str, path: str = "/Chat") -> Page:
        """Return a page of somebody who is signed in with this key."""
        page = self.new()
        enter(page, key, path)
        return page

    def another_tab(self, page: Page) -> Page:
        """Return one more page of the same profile."""
        return self._watched(page.context.new_page(), self.look)

    def expect_error(self, pattern: str) -> None:
        """Take no offence at errors on any page that this regular expression is found in."""
        self._expected.append(pattern)
        for checks in self._pages.values():
            checks.expect_error(pattern)

    def of(self, page: Page) -> PageChecks:
        """Return the checks of one page."""
        return self._pages[page]

    def assert_good(self) -> None:
        """Check all pages."""
        for checks in self._pages.values():
            checks.assert_good()

    def close(self) -> None:
        """Forget all of them."""
        for context in {page.context for page in self._pages}:
            context.close()

    def logs(self) -> dict[str, str]:
        """Return what the pages show, for the report of a failure."""
        return {f"page {n}": checks.text() for n, checks in enumerate(self._pages.values(), 1)}

    def _watched(self, page: Page, look: Look) -> Page:
        self._pages[page] = checks = PageChecks(page, look)
        for pattern in self._expected:
            checks.expect_error(pattern)
        return page


@contextmanager
def good_profiles(
    browser: Browser, url: str, look: Look, *, bypass_csp: bool = False
) -> Iterator[Profiles]:
    """Give profiles for a test at this gateway; check all pages at its end."""
    profiles = Profiles(browser, url, look, bypass_csp=bypass_csp)
    try:
        yield profiles
        profiles.assert_good()
    finally:
        profiles.close()
