"""Every pair of colours that the pages use can be told apart, light and dark (WCAG 2.2 AA)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

CSS: Final = (Path(__file__).parents[4] / "gateway" / "static" / "css" / "base.css").read_text(
    "utf-8"
)
GROUNDS: Final = ("ground", "ground-2", "ground-3", "raised")
TONES: Final = ("accent", "good", "warn", "bad", "info")
#: (in front, behind): texts, in the contrast of 4.5 that they need.
TEXTS: Final = (
    *((front, ground) for front in ("text", "text-2") for ground in GROUNDS),
    *((tone, ground) for tone in TONES for ground in ("ground", "ground-2", "raised")),
    *((tone, f"{tone}-ground") for tone in TONES),
    ("on-accent", "accent"),
    ("ground", "text"),
)
#: Borders of fields, rings of the focus and lines of plots, in the 3 that they need.
SIGNS: Final = (
    *(("line-strong", ground) for ground in ("ground", "raised")),
    *(("accent", ground) for ground in (*GROUNDS, "accent-ground")),
    *((f"plot-{number}", ground) for number in range(1, 5) for ground in ("ground", "raised")),
)


def _colours(scheme: str) -> dict[str, str]:
    light, _, rest = CSS.partition('[data-theme="dark"]')
    dark = rest.partition("}")[0]
    found: dict[str, str] = {}
    for part in (light, dark) if scheme == "dark" else (light,):
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", part))
    return found


def _luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_told_apart(scheme: str) -> None:
    colours = _colours(scheme)
    for pairs, least in ((TEXTS, 4.5), (SIGNS, 3.0)):
        low = {
            f"{front} on {behind}": round(contrast(colours[front], colours[behind]), 2)
            for front, behind in pairs
            if contrast(colours[front], colours[behind]) < least
        }
        assert low == {}, scheme


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
