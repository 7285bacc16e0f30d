"""Real browsers for tests of the pages: Debian's, headless, alone with this machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

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
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "no chromium on PATH; on Debian: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


#: Nothing from its maker's hosts: what it would ask there is asked of nobody.
_FOX_PREFERENCES: Final = {
    "app.update.enabled": False,
    "browser.safebrowsing.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "http://127.0.0.1:9",
}


@contextmanager
def firefox() -> Iterator[Browser]:
    """Start the Firefox of this machine: an ordinary one, driven by WebDriver BiDi."""
    path = shutil.which("firefox-esr")
    assert path, "no firefox-esr on PATH; on Debian: apt-get install firefox-esr"
    with sync_playwright() as playwright:
        browser = playwright.firefox.launch(
            channel="moz-firefox",
            executable_path=path,
            firefox_user_prefs=dict(_FOX_PREFERENCES),
        )
        try:
            yield browser
        finally:
            browser.close()
