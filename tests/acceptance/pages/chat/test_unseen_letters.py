"""Code shows letters that nobody sees, and nothing is drawn over what stands beside it."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.acceptance.pages.driving.chat_driver import ChatDriver

_CODE = 'if (role != "user\u202e \u2066// admin\u2069") { pass\u200bword(); }'
_HEAPED = "Z" + "\u0310\u0323" * 300
#: What is on top at a place some lines above the answer.
_ABOVE = """(one) => {
    const { left, top } = one.getBoundingClientRect();
    const spots = [10, 14, 18].flatMap((x) => [12, 24, 40].map((y) => [left + x, top - y]));
    return spots.some(([x, y]) => one.contains(document.elementFromPoint(x, y)));
}"""


def test_code_shows_letters_that_nobody_sees_and_copies_them_as_they_are(chat: ChatDriver) -> None:
    chat.ask(f"```js\n{_CODE}\n```", "says-back")
    chat.wait_done()
    signs = chat.last_answer.locator(".unseen")
    expect(chat.last_answer.locator("code.hljs")).to_be_visible()
    expect(signs).to_have_count(4)
    names = signs.evaluate_all("(all) => all.map((one) => one.dataset.name)")
    assert names == ["U+202E", "U+2066", "U+2069", "U+200B"]
    chat.press("Copy")
    expect(chat.last_answer.get_by_role("button", name="Copied", exact=True)).to_be_visible()
    assert chat.page.evaluate("navigator.clipboard.readText()") == f"{_CODE}\n"


def test_formulas_and_marks_are_not_drawn_over_what_stands_beside_them(chat: ChatDriver) -> None:
    formula = "$\\raisebox{3em}{\\rule{20em}{9em}}$"
    for text in (_HEAPED, f"$\\rule{{0em}}{{0em}}\\raisebox{{-9em}}{{x}}$ {formula}"):
        chat.ask(text, "says-back")
        chat.wait_done()
        said = chat.last_answer.locator(".markdown")
        clip = said.evaluate("(one) => getComputedStyle(one).clipPath")
        assert clip.startswith("inset("), clip
        assert not said.evaluate(_ABOVE)
