"""Working with a page by the keyboard alone, and seeing at each step where one is."""

from __future__ import annotations

from typing import Any, Final

from playwright.sync_api import Page

#: Longest way by Tab to anything on a page.
_MOST_TABS: Final = 60
#: What has the focus: its name, whether there is a ring around it, and whether nothing covers it;
#: null when it is the browser's own. A composer has the ring of its field; messages in passing may
#: cover anything.
_FOCUSED: Final = """() => {
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    const ringed = [one, one.closest(".composer")].filter(Boolean);
    const hasRing = ({ outlineStyle, outlineWidth, outlineColor }) =>
        outlineStyle !== "none" && parseFloat(outlineWidth) >= 1 && !/, 0\\)$/.test(outlineColor);
    const isRinged = ringed.some((each) => hasRing(getComputedStyle(each)));
    const { left, right, top, bottom } = one.getClientRects()[0] ?? one.getBoundingClientRect();
    const x = (Math.max(left, 0) + Math.min(right, innerWidth)) / 2;
    const y = (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2;
    const hit = document.elementFromPoint(x, y);
    const isOne = (other) => one.contains(other) || other.contains(one);
    const isSeen = Boolean(hit) && (isOne(hit) || hit.closest("label")?.control === one
        || Boolean(hit.closest(".toasts")));
    const name = (one.ariaLabel ?? (one.labels?.[0] ?? one).innerText ?? "").trim();
    return { name, isRinged, isSeen, what: one.outerHTML.slice(0, 200) };
}"""


class Keyboard:
    """Two hands at a keyboard. A step to where nobody sees the focus fails."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def to(self, name: str, *, back: bool = False, first: bool = False) -> Keyboard:
        """Press Tab, or Shift and Tab, until what is called so has the focus.

        `first`: what only begins so will do.
        """
        passed: list[str] = []
        for _ in range(_MOST_TABS):
            self.press("Shift+Tab" if back else "Tab")
            focused = self._focused()
            if focused is None:
                continue
            passed.append(focused["name"])
            if passed[-1] == name or (first and passed[-1].startswith(name)):
                return self
        raise AssertionError(f"{name} is not reached: {passed}")

    def enter(self, name: str, *, back: bool = False, first: bool = False) -> Keyboard:
        """Go to what is called so, and press Enter."""
        self.to(name, back=back, first=first)
        return self.press("Enter")

    def skip(self) -> Keyboard:
        """Pass over what all pages begin with, from the beginning of one."""
        return self.enter("Skip to", first=True)

    def press(self, *keys: str) -> Keyboard:
        """Press these keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def write(self, text: str) -> Keyboard:
        """Write where the focus is, in place of what stands there."""
        self.press("ControlOrMeta+a")
        self.page.keyboard.type(text)
        return self

    def wait_at(self, name: str, *, first: bool = False) -> None:
        """Wait until what is called so has the focus, which was not moved there."""
        is_there = "one.startsWith(wanted)" if first else "one === wanted"
        called = f"""(wanted) => {{
            const now = ({_FOCUSED})(), one = now?.name ?? "";
            return now?.isSeen && {is_there};
        }}"""
        self.page.wait_for_function(called, arg=name)
        self._focused()

    def _focused(self) -> dict[str, Any] | None:
        focused: dict[str, Any] | None = self.page.evaluate(_FOCUSED)
        if focused is not None:
            assert focused["isRinged"], f"nobody sees the focus of {focused}"
            assert focused["isSeen"], f"something covers {focused}"
        return focused
