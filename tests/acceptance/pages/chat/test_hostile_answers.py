"""Answers that take a reader of Markdown too long: the page stays usable, and shows their text."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.profile import Profiles
from tests.acceptance.system.stack import Stack

#: How long nothing may hold the page up (milliseconds): patient, for the machine is busy.
_HELD_UP_MS = 1500
#: Reads a text as the page does with an answer that has ended.
_READ = """async (text) => {
  const names = performance.getEntriesByType("resource").map((one) => one.name);
  const any = names.find((name) => name.includes("/js/lib/"));
  const library = any.replace(/lib\\/.*/, "lib/markdown.js");
  const { toFragment, setMath, colour } = await import(library);
  await toFragment("warm $x$");
  let heldUp = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    heldUp = Math.max(heldUp, performance.now() - last);
    last = performance.now();
  }, 10);
  const root = document.createElement("div");
  root.append(await toFragment(text));
  await setMath(root);
  for (const code of root.querySelectorAll("pre > code")) await colour(code, "python");
  clearInterval(watch);
  return {
    heldUp: Math.max(heldUp, performance.now() - last),
    text: root.textContent.slice(-100),
    links: [...root.querySelectorAll("a")].map((link) => link.getAttribute("href")),
    images: root.querySelectorAll("img").length,
  };
}"""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\\[" * 20_000, id="formulas that never end"),
        pytest.param(">" * 5_000, id="quotes in quotes"),
        pytest.param("- " * 3_000 + "a", id="lists in lists"),
        pytest.param("**a_" * 6_000, id="emphasis that never ends"),
        pytest.param("a" + " " * 50_000 + "b", id="blanks"),
        pytest.param("a." * 20_000 + "@", id="almost an address"),
        pytest.param("[" * 20_000, id="links in links"),
        pytest.param("&" * 40_000, id="almost entities"),
        pytest.param("```python\n" + "(" * 50_000 + "\n```", id="code"),
        pytest.param("$" + "{" * 900 + "$", id="a formula nested deep"),
        pytest.param("$x^2$ " * 1_500, id="many formulas"),
    ],
)
def test_page_stays_usable_whatever_an_answer_holds(chat: ChatDriver, text: str) -> None:
    # Apart, at the end of the same text: it is shown, with what it is or as it was written.
    found = chat.page.evaluate(_READ, f"{text}\n\nthe end")
    assert found["text"].rstrip().endswith("the end")
    assert found["heldUp"] < _HELD_UP_MS
    assert chat.page.evaluate(_READ, "**next**")["text"] == "next\n"


def test_pictures_are_pictures_or_links_to_the_web(chat: ChatDriver) -> None:
    texts = (
        "![page](data:text/html;base64,PGI+) ![drawing](data:image/svg+xml;base64,PHN2Zz4=)",
        "![file](file:///etc/passwd) ![blob](blob:http://a/b)",
        "![elsewhere](https://tracker.example/a.png)",
        "![dot](data:image/png;base64,iVBORw0KGgo=)",
    )
    found = chat.page.evaluate(_READ, "\n\n".join(texts))
    assert found["links"] == ["https://tracker.example/a.png"]
    assert found["images"] == 1
    assert "page" in found["text"]


def test_links_lead_to_the_web_alone(chat: ChatDriver) -> None:
    # No model knows addresses of these pages, and what looks like one leads nowhere.
    inner = (
        "[a](/admin/keys) [b](?import=x) [c](#app) [d](//x.example) [e](javascript:x) [f](ftp://x)"
    )
    outer = "[g](https://a.example/?b#c) [h](mailto:a@b.example) [i](HTTP://a.example)"
    found = chat.page.evaluate(_READ, f"{inner} {outer}")
    assert found["links"] == ["https://a.example/?b#c", "mailto:a@b.example", "HTTP://a.example"]
    assert found["text"].split() == list("abcdefghi")


def test_formula_that_is_none_stays_as_it_was_written(chat: ChatDriver) -> None:
    found = chat.page.evaluate(_READ, "$\\frac{1}$ $\\href{a}{b}$ $\\ref{app}$")
    assert found["text"].split() == ["\\frac{1}", "\\href{a}{b}", "app"]
    assert found["links"] == []


def test_picture_that_is_none_keeps_no_other_from_becoming_a_file(
    chat: ChatDriver, profiles: Profiles
) -> None:
    profiles.expect_error("ERR_INVALID_URL")
    chat.ask("Draw", "draws-badly")
    chat.wait_done()
    chat.wait_saved('"file": "file-')


def test_recording_that_is_none_takes_nothing_else_of_its_message_along(
    chat: ChatDriver, pages_stack: Stack, chat_key: str
) -> None:
    nodes = {
        "a": {"id": "a", "role": "user", "text": "Hear", "images": ["data:audio/wav;base64,@"]}
    }
    body = {"id": "odd-sound", "title": "Odd", "content": {"nodes": nodes, "leaf": "a"}}
    with pages_stack.api(chat_key) as api:
        assert api.post("/api/SaveConversation", json=body).ok
    chat.page.goto("/Chat/odd-sound")
    expect(chat.page.locator(".message.question .said")).to_have_text("Hear")
    expect(chat.page.locator(".message.question .badge")).to_be_visible()
