"""Plots have their past on arrival; what has no price costs nothing that anybody knows."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

import pytest
from playwright.sync_api import Page, expect

from shared.telemetry.trend import DAY, HOUR, Sample, Trend
from tests.acceptance.pages.driving.admin_driver import AdminDriver
from tests.acceptance.pages.driving.admin_scene import Maker
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.looks import DESK_LIGHT
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack

LOOKS = (DESK_LIGHT,)

#: What stands for a number that nobody knows.
_UNKNOWN = "\N{EN DASH}"


def _past(stack: Stack, trend: Trend) -> None:
    """Have samples of all the time that a trend covers: so many jobs ended since each."""
    now = stack.redis.time()
    now_ms = now[0] * 1000 + now[1] // 1000
    times = range(now_ms - trend.kept_ms + trend.every_ms, now_ms, trend.every_ms)
    rows = {}
    for number, at_ms in enumerate(times):
        sample = Sample(at_ms, 0, 0, 0, 0, 1000 + number % 7, 500, 40, (0,))
        rows[json.dumps(asdict(sample))] = at_ms
    stack.redis.zadd(trend.key, rows)


@pytest.mark.parametrize(
    ("trend", "button", "points"), [(HOUR, "1 h", 200), (DAY, "24 h", 250)], ids=["hour", "day"]
)
def test_plots_begin_with_their_past(
    admin: AdminDriver, pages_stack: Stack, trend: Trend, button: str, points: int
) -> None:
    page = admin.page
    pages_stack.redis.delete(trend.key)
    _past(pages_stack, trend)
    page.reload()
    page.get_by_role("button", name=button, exact=True).click()
    until(lambda: _points(page) > points, "the past is drawn")
    page.locator(".plot canvas").nth(1).wait_for()
    slider = page.get_by_role("slider", name="Jobs: ")
    slider.press("Home")
    # The oldest of them, with its value.
    expect(slider).to_have_attribute(
        "aria-valuetext", re.compile("in flight 1,00[0-6], waiting 500")
    )
    pages_stack.redis.delete(trend.key)


def _points(page: Page) -> int:
    slider = page.get_by_role("slider", name="Jobs: ")
    return int(slider.get_attribute("aria-valuemax") or 0) if slider.count() else 0


def test_cost_without_a_price_is_a_dash(admin: AdminDriver, maker: Maker, chat: ChatDriver) -> None:
    page = admin.page
    free, priced = maker.ended("markdown"), maker.ended("demo-echo")
    for job_id, cost in ((free, _UNKNOWN), (priced, "$")):
        admin.open(f"/jobs/{job_id}")
        expect(page.locator("dl > div", has=page.get_by_text("Cost"))).to_contain_text(cost)
    admin.open("/usage?by=model")
    cell = "[data-label=Cost]"
    expect(admin.row("demo-echo").locator(cell)).to_contain_text("$")
    expect(admin.rows.filter(has_text="markdown").first.locator(cell)).to_have_text(_UNKNOWN)
    rows = admin.exported(page.get_by_role("button", name="Export CSV"))
    costs = {row["\ufeffname" if "\ufeffname" in row else "name"]: row["cost"] for row in rows}
    assert costs["markdown"] == ""
    assert float(costs["demo-echo"]) > 0
    chat.ask("How much?", "markdown")
    chat.wait_done()
    expect(chat.last_answer).not_to_contain_text("$0")


def test_what_failed_before_the_page_was_opened_is_counted(
    admin: AdminDriver, pages_stack: Stack, maker: Maker
) -> None:
    now = pages_stack.redis.time()
    at_ms = (now[0] - 35) * 1000
    before = Sample(at_ms, 0, 0, 0, 0, 0, 0, 0, (0,))
    maker.ended("refuses")
    pages_stack.redis.delete(HOUR.key)
    pages_stack.redis.zadd(HOUR.key, {json.dumps(asdict(before)): at_ms})
    admin.page.reload()
    failed = admin.tile("Failed recently").locator("strong")
    expect(failed).to_have_text(re.compile(r"^[1-9]"))
    pages_stack.redis.delete(HOUR.key)
