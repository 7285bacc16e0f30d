"""A real Chromium for tests of the pages: Debian's, headless, alone with this machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

#: Only itself: no updates, no look-ups of its maker's hosts.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A microphone that hums, and nobody who has to allow it.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the Chromium of this machine. Fails when there is none: nothing is skipped."""
    # Without a window of its own it takes a third less time for the same pages.
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    assert path, "no chromium on PATH; on Debian: apt-get install chromium-headless-shell"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
