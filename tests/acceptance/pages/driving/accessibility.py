"""What axe-core has to say of a page that has come to rest."""

from __future__ import annotations

from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

#: Colours in the middle of a transition are nobody's look; what turns for ever is not waited for.
_AT_REST: Final = """() => document.getAnimations()
    .filter((one) => Number.isFinite(one.effect?.getComputedTiming().endTime ?? Infinity))
    .every((one) => one.playState === "finished" || one.playState === "idle")"""
_BLAMED: Final = frozenset(("moderate", "serious", "critical"))
#: Only what was found is asked for: the rest is long.
_OPTIONS: Final = {"resultTypes": ["violations"]}


def violations(page: Page) -> list[str]:
    """Return what axe-core finds that is more than minor once nothing on the page moves."""
    page.wait_for_function(_AT_REST)
    found: list[dict[str, Any]] = Axe().run(page, options=_OPTIONS).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        if one["impact"] in _BLAMED
        for node in one["nodes"]
    ]
