"""How the admin pages do under load: `python -m tests.acceptance.pages.driving.under_load`.

It fills the history, lets many clients work, opens the overview and the list of jobs, and prints
how long their readings took, how long the page showed the same, and how smoothly it scrolled.
"""

from __future__ import annotations

import os
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Final

import click
from playwright.sync_api import Browser, Page

from tests.acceptance.pages.driving import busy_weeks
from tests.acceptance.pages.driving.admin_driver import AdminDriver
from tests.acceptance.pages.driving.admin_scene import admin_secret
from tests.acceptance.pages.driving.looks import DESK_LIGHT
from tests.acceptance.pages.driving.profile import enter, new_page
from tests.acceptance.system.browser import chromium
from tests.acceptance.system.stack import Stack

#: Notes when each reading began and ended (milliseconds since the page was opened).
_NOTE_READINGS: Final = """(() => {
    const seen = [];
    new PerformanceObserver((list) => {
        for (const { name, startTime, responseEnd } of list.getEntries()) {
            if (responseEnd) seen.push([new URL(name).pathname, startTime, responseEnd]);
        }
    }).observe({ type: "resource", buffered: true });
    Object.defineProperty(window, "readings", { value: seen });
})()"""
#: Scrolls a page up and down for some seconds; returns how long each frame took (milliseconds).
_SCROLL: Final = """async (seconds) => {
    const boxes = [document.scrollingElement, ...document.querySelectorAll("main, .content")];
    const box = boxes.find((one) => one.scrollHeight > one.clientHeight + 100);
    if (!box) throw new Error("nothing to scroll");
    const frame = () => new Promise(requestAnimationFrame);
    const took = [];
    let last = await frame(), step = 60;
    for (const end = last + seconds * 1000; last < end; ) {
        const before = box.scrollTop;
        box.scrollBy(0, step);
        if (box.scrollTop === before) step = -step;
        const now = await frame();
        took.push(now - last);
        last = now;
    }
    return took;
}"""
_SCROLL_S: Final = 5
#: The sections that are opened, with the reading that each repeats.
_READINGS: Final = {"": "GetOverview", "/jobs": "QueryJobs"}


@click.command()
@click.option("--jobs", default=100_000, show_default=True, help="Jobs in the history before.")
@click.option("--seconds", default=60, show_default=True, help="How long each page is open.")
def main(jobs: int, seconds: int) -> None:
    """Measure, and print a line for each page."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder) / "stack", demo_models=(), providers=busy_weeks.PRICES) as stack,
        chromium() as browser,
    ):
        secrets = busy_weeks.prepare(stack.open())
        busy_weeks.fill(stack, jobs)
        click.echo(f"{jobs:,} jobs in the history; {os.cpu_count()} cores")
        with busy_weeks.load(stack, secrets):
            for path, reading in _READINGS.items():
                click.echo(_measured(browser, stack, path, reading, seconds))


def _measured(browser: Browser, stack: Stack, path: str, reading: str, seconds: int) -> str:
    page = new_page(browser, stack.url, DESK_LIGHT)
    page.add_init_script(_NOTE_READINGS)
    enter(page, admin_secret(stack), f"/admin{path}")
    AdminDriver(page).wait_loaded()
    ended_before = _ended(page)
    page.wait_for_timeout(seconds * 1000)
    rate = (_ended(page) - ended_before) / seconds
    spans = [(began, end) for name, began, end in page.evaluate("readings") if reading in name]
    frames = sorted(page.evaluate(_SCROLL, _SCROLL_S))
    page.context.close()
    took = sorted(end - began for began, end in spans)
    gaps = [later - end for (_, end), (_, later) in pairwise(spans)]
    return (
        f"/admin{path}: {len(took)} readings ({reading}) at {rate:.0f} jobs/s, "
        f"median {took[len(took) // 2]:.0f} ms, p95 {took[int(len(took) * 0.95)]:.0f} ms, "
        f"longest gap {max(gaps) / 1000:.1f} s, scrolled at {frames[len(frames) // 2]:.1f} ms a "
        f"frame, p95 {frames[int(len(frames) * 0.95)]:.1f} ms, load {os.getloadavg()[0]:.1f}"
    )


def _ended(page: Page) -> int:
    """Return how many jobs have ended since the beginning."""
    counts = page.request.get("/api/GetOverview").json()["counts"]
    return sum(count for name, count in counts.items() if name.startswith("ended_"))


if __name__ == "__main__":
    main()
