"""Colours that a model gives to formulas can be read on each ground of ours."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.acceptance.pages.driving.chat_driver import ChatDriver

_COLOURS = ("black", "white", "blue", "red", "yellow", "gray", "navy", "lime", "#123456")
_FORMULAS = " ".join(f"$\\color{{{one}}}x$ $\\colorbox{{{one}}}{{y}}$" for one in _COLOURS)
#: How each coloured part stands out from what is behind it (WCAG 2.2, contrast ratio).
_CONTRASTS = """() => {
    const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const ground = getComputedStyle(document.body).backgroundColor;
    const lightness = (colour) => {
        for (const one of [ground, colour]) {
            paint.fillStyle = one;
            paint.fillRect(0, 0, 1, 1);
        }
        const [r, g, b] = [...paint.getImageData(0, 0, 1, 1).data].map((value) =>
            value / 255 <= 0.04045 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = ({ color, backgroundColor }) => {
        const [less, more] = [lightness(color), lightness(backgroundColor)].sort((a, b) => a - b);
        return (more + 0.05) / (less + 0.05);
    };
    const parts = document.querySelectorAll("math *:not(:has(*))");
    return [...parts].map((one) => {
        const behind = one.closest(".said-ground, [mathbackground]") ?? document.body;
        return contrast({ color: getComputedStyle(one).color,
            backgroundColor: getComputedStyle(behind).backgroundColor });
    });
}"""


@pytest.mark.every_look
def test_coloured_formulas_can_be_read_on_each_ground(chat: ChatDriver) -> None:
    chat.ask(_FORMULAS, "says-back")
    chat.wait_done()
    expect(chat.last_answer.locator("math")).to_have_count(2 * len(_COLOURS))
    contrasts = chat.page.evaluate(_CONTRASTS)
    assert len(contrasts) >= 2 * len(_COLOURS)
    assert min(contrasts) >= 4.5, contrasts
