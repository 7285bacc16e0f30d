"""What the pages' reader of Markdown makes of mathematics, and how long hostile texts take it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parents[4] / "gateway" / "static" / "js" / "lib" / "markdown-source.js"
_ASK = """
const { toHtml } = await import(process.argv[1]);
const text = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const began = performance.now();
let html = null;
try { html = toHtml(text); } catch {}
console.log(JSON.stringify({ html, ms: performance.now() - began }));
"""


def read(text: str) -> Any:
    """Return the HTML, None where it cannot be read, and how long that took."""
    done = subprocess.run(
        ["node", "--input-type=commonjs", "-e", f"(async () => {{{_ASK}}})()", str(SOURCE)],
        input=json.dumps(text),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return json.loads(done.stdout)


def block(formula: str) -> str:
    return f'<div title="math-block">{formula}</div>'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        pytest.param("a $x^2$ b", '<p>a <span title="math">x^2</span> b</p>\n', id="dollars"),
        pytest.param(r"a \(x\) b", '<p>a <span title="math">x</span> b</p>\n', id="parentheses"),
        pytest.param("$5 and $6", "<p>$5 and $6</p>\n", id="money"),
        pytest.param("$$\nx\n$$", block("x"), id="a block"),
        pytest.param("a\n\\[\nx\n\\]\nb", f"<p>a</p>\n{block('x')}<p>b</p>\n", id="between lines"),
        pytest.param("is \\[\nx\n\\]", f"<p>is {block('x')}</p>\n", id="behind words"),
        pytest.param("$<b>$", '<p><span title="math">&#60;b&#62;</span></p>\n', id="escaped"),
        pytest.param("`$x$`", "<p><code>$x$</code></p>\n", id="code is none"),
        pytest.param("\\[x", "<p>[x</p>\n", id="never closed"),
    ],
)
def test_mathematics_is_kept_for_later(text: str, html: str) -> None:
    assert read(text)["html"] == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        pytest.param("from ~5 $ to ~9 $", "<p>from ~5 $ to ~9 $</p>\n", id="about is no line"),
        pytest.param("a ~b~ c", "<p>a ~b~ c</p>\n", id="nor between two of them"),
        pytest.param("~~gone~~", "<p><del>gone</del></p>\n", id="two strike through"),
        pytest.param(
            "- [x] a\n- [ ] b", "<ul>\n<li>☑ a</li>\n<li>☐ b</li>\n</ul>\n", id="a task list"
        ),
        pytest.param(
            "<details>\n<summary>More</summary>\n\n- x\n\n</details>",
            "<details>\n<summary>More</summary><ul>\n<li>x</li>\n</ul>\n</details>",
            id="what folds",
        ),
        pytest.param("<details onclick=x>", "&#60;details onclick=x&#62;", id="but as text"),
    ],
)
def test_markdown_is_read_as_people_write_it(text: str, html: str) -> None:
    assert read(text)["html"] == html


@pytest.mark.parametrize("text", ["\\[", "\\(", "$$", "$a", "$$a", "\\[a\n", "$$\n"])
def test_formulas_that_never_end_are_read_in_time_that_grows_with_the_text(text: str) -> None:
    """So 40 KB take no 20 s: eight times the text takes far less than 64 times as long."""
    ratios = []
    for _ in range(3):
        short, long = read(text * (5_000 // len(text))), read(text * (40_000 // len(text)))
        assert long["html"] is not None
        ratios.append(long["ms"] / max(short["ms"], 5))
        if ratios[-1] < 40:
            return
    raise AssertionError(ratios)


def test_what_is_nested_too_deep_is_not_read_and_harms_nothing() -> None:
    assert read(">" * 5_000)["html"] is None
