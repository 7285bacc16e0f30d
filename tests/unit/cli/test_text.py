"""What strangers say, as a terminal gets it."""

from __future__ import annotations

import pytest

from cli.text import printable, readable


@pytest.mark.parametrize(
    ("text", "one_line", "as_a_whole"),
    [
        pytest.param("one\n\ttwo", "one\\n\\ttwo", "one\n\ttwo", id="lines and tabs"),
        pytest.param("\x1b[2J\r\x07", "\\x1b[2J\\r\\x07", "\\x1b[2J\\r\\x07", id="what steers"),
        pytest.param("é 日本", "é 日本", "é 日本", id="letters of all languages"),
        pytest.param("a\u202eb\u2028", "a\\u202eb\\u2028", "a\\u202eb\\u2028", id="hidden ones"),
    ],
)
def test_control_characters_are_escaped(text: str, one_line: str, as_a_whole: str) -> None:
    assert printable(text) == one_line
    assert readable(text) == as_a_whole
