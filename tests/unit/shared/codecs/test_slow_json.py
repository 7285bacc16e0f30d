"""Texts of escapes are read piece by piece, to the same value as the library's."""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codecs import slow_json
from shared.codecs.slow_json import slow_decoder, text_in_turns
from shared.codecs.strict_json import parse


def _refuse(name: str) -> Any:
    raise ValueError(name)


SLOW = slow_decoder(_refuse)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(VALUES, st.booleans())
def test_reads_what_the_library_reads(value: Any, is_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii)
    assert SLOW.decode(text) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\\ud83d\\ude00" * 3000, id="pairs"),
        pytest.param("x" + "\\ud83d\\ude00" * 3000, id="pairs, shifted"),
        pytest.param("\\n" * 1023 + "\\ud83d\\ude00", id="a pair between two pieces"),
        pytest.param("\\ud83d" * 3000, id="first halves"),
        pytest.param("\\ude00" * 3000, id="second halves"),
        pytest.param('\\"' * 5000, id="quotes"),
        pytest.param("\\\\" * 5000, id="backslashes"),
        pytest.param("x" * 100_000 + "\\u00e4" + "é" * 70_000, id="few escapes"),
        pytest.param("", id="nothing"),
    ],
)
def test_piecewise_text_is_the_library_s(text: str) -> None:
    document = f'"{text}",'
    assert text_in_turns(document, 1) == json.decoder.scanstring(document, 1)  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ['"' + "\\n" * 2000, '"\\x"', '"\\u12"', '"a\nb"', '{"a":1,}', ""])
def test_what_is_none_is_refused_with_the_library_s_words(text: str) -> None:
    with pytest.raises(json.JSONDecodeError) as ours:
        SLOW.decode(text)
    with pytest.raises(json.JSONDecodeError) as theirs:
        json.loads(text)
    assert ours.value.msg == theirs.value.msg


@pytest.mark.parametrize("document", ['{"a":"%s"}', '{"%s":1}', '["%s"]', '"%s"'])
def test_others_have_their_turns_beside_a_huge_text_of_escapes(document: str) -> None:
    raw = (document % ("\\u4e00" * 500_000)).encode()
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0002)
    try:
        reading = threading.Thread(target=parse, args=(raw,))
        turns = 0
        reading.start()
        while reading.is_alive():
            turns += 1
            time.sleep(0)
        # In one go there would be a handful.
        assert turns > 40
    finally:
        sys.setswitchinterval(before)


def test_many_small_texts_are_read_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_json, "_piece", None)
    value = [{"a": "\n\n\n"}] * 70_000
    assert parse(json.dumps(value).encode()) == value
