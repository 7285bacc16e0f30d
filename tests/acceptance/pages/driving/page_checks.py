"""What must hold on every page at the end of every test, whatever the test was about."""

from __future__ import annotations

import re
from typing import Any, Final

from playwright.sync_api import ConsoleMessage, Page
from playwright.sync_api import Error as PlaywrightError

from tests.acceptance.pages.driving import looks
from tests.acceptance.pages.driving.looks import Look

#: The ground of each scheme, `--ground` of base.css as browsers write it.
_GROUNDS: Final = {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 22, 27)"}

#: Notes which grounds the first frames of a page have: a flash of the wrong one is seen, too.
_NOTE_GROUNDS: Final = """(() => {
    const grounds = new Set();
    let frames = 30;
    const look = () => {
        if (frames <= 0) return;
        if (document.body) grounds.add(getComputedStyle(document.body).backgroundColor);
        frames -= 1;
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    Object.defineProperty(window, "seenGrounds", { value: () => [...grounds] });
    Object.defineProperty(window, "noteNoMore", { value: () => { frames = 0; } });
})()"""

#: Whether the page has this ground now.
_HAS_GROUND: Final = "(wanted) => getComputedStyle(document.body).backgroundColor === wanted"

#: What must not be wider than it is: the page, and the parts that scroll downwards only.
_WIDER: Final = """() => {
    const parts = ".messages, .content, .sidebar, .side, .composer, .popover, dialog";
    return [document.documentElement, ...document.querySelectorAll(parts)]
        .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0)
        .map((one) => `${one.tagName}.${one.className}: ${one.scrollWidth} > ${one.clientWidth}`);
}"""

#: Words of tables that are broken over two lines (code, such as addresses, may be, and what has
#: more letters than words have), and tables whose last columns are cut.
_BROKEN: Final = """() => {
    const cut = [...document.querySelectorAll(".table-frame")]
        .filter((one) => one.scrollWidth > one.clientWidth + 1);
    const found = cut.map((one) => `cut: ${one.ariaLabel} ${one.scrollWidth}`);
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
        if (!node.parentElement.closest(".table, .tile, .button, .badge")) continue;
        if (node.parentElement.closest("code, .visually-hidden, .truncate")) continue;
        // Markup that somebody put into a name has no words.
        if (/[<>]|\\]\\(/.test(node.data)) continue;
        const runs = [...node.data.matchAll(/[^\\s\\-/]+/g)].filter(([run]) => run.length > 20);
        const isIn = (run, at) => run.index <= at && at < run.index + run[0].length;
        const isLong = (at) => runs.some((run) => isIn(run, at));
        for (const { 0: word, index } of node.data.matchAll(/[^\\s\\-/:@_.,]+/g)) {
            if (isLong(index)) continue;
            const range = document.createRange();
            range.setStart(node, index);
            range.setEnd(node, index + word.length);
            const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
            if (lines.size > 1) found.push(`broken: ${word}`);
        }
    }
    return found;
}"""


#: Links to parts of the page that it does not have.
_DANGLING: Final = """() => [...document.querySelectorAll('a[href^="#"]')]
    .map((one) => one.getAttribute("href").slice(1))
    .filter((name) => !name.startsWith("/") && !document.getElementById(name))"""


class PageChecks:
    """Watches one page from its first moment."""

    def __init__(self, page: Page, look: Look) -> None:
        self._page = page
        self._look = look
        self._scheme: str = look.scheme
        self._errors: list[str] = []
        self._expected: list[re.Pattern[str]] = []
        page.add_init_script(_NOTE_GROUNDS)
        page.on("pageerror", lambda error: self._errors.append(f"thrown: {error}"))
        page.on("console", self._note)

    def expect_error(self, pattern: str) -> None:
        """Take no offence at errors that this regular expression is found in."""
        self._expected.append(re.compile(pattern))

    def expect_scheme(self, scheme: str) -> None:
        """Expect another scheme than the system's: somebody chose it."""
        self._scheme = scheme

    def assert_good(self) -> None:
        """Fail on an error that was not expected, on overflow, and on a wrong ground."""
        unexpected = [e for e in self._errors if not any(one.search(e) for one in self._expected)]
        assert not unexpected, unexpected
        if self._page.is_closed() or self._page.url == "about:blank":
            return
        wider = self.overflow()
        assert not wider, f"wider than its place: {wider}"
        assert self._page.evaluate(_DANGLING) == [], "links to parts that are not there"
        now = self._page.evaluate("getComputedStyle(document.body).backgroundColor")
        grounds = {now, *self._page.evaluate("seenGrounds()")}
        assert grounds == {_GROUNDS[self._scheme]}, f"{self._scheme} page with grounds {grounds}"

    def overflow(self) -> list[str]:
        """Return what is wider than its place."""
        width = self._page.evaluate("document.documentElement.clientWidth")
        assert self._look.width - 20 <= width <= self._look.width, f"laid out {width} wide"
        found: list[str] = self._page.evaluate(_WIDER)
        return found

    def broken_words(self) -> list[str]:
        """Return words of tables, tiles and buttons that are not on one line, and cut tables."""
        found: list[str] = self._page.evaluate(_BROKEN)
        return found

    def look_as(self, look: Look) -> None:
        """Look at the page on another screen, of a system that is light or dark."""
        self._page.evaluate("noteNoMore()")
        self._look = look
        self._page.set_viewport_size({"width": look.width, "height": look.height})
        self._page.emulate_media(color_scheme=look.scheme)
        self._page.wait_for_function(_HAS_GROUND, arg=_GROUNDS[look.scheme])

    def assert_fits_everywhere(self, where: str) -> None:
        """Look at the page as it is on all screens of its kind, light and dark."""
        own = self._look
        for look in looks.of_the_same_kind(own):
            self.look_as(look)
            found = self.overflow() + self.broken_words()
            assert not found, f"{where}, {look}: {found}"
        self.look_as(own)

    def text(self) -> str:
        """Return where the page is and what stands on it, for the report of a failure."""
        try:
            return f"{self._page.url}\n{self._page.locator('body').inner_text(timeout=1000)}"
        except PlaywrightError as error:
            return f"{self._page.url}\n{error}"

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where: Any = message.location
            self._errors.append(f"console: {message.text} {where.get('url', '')}")
