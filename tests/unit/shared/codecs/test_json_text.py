"""Lossless JSON text: what is refused and where, and that edits change only what they name."""

from __future__ import annotations

import json
import sys
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.codecs.json_text import (
    MAX_DEPTH,
    Edit,
    RepeatedNames,
    elements,
    members,
    parse_document,
    removals,
    splice,
)
from shared.errors import MalformedJson

_spaces = st.text(" \t\r\n", max_size=2)
_scalars = st.sampled_from(
    ["1.50", "-0", "1E400", "1e-9", "9" * 400, "null", "true", '""', '"\\ud83d"', '"\\u00e9é"',
     '"a,b]}"', '"\\"\\\\"', '"{["', '"\\/"', "[]", "{}", "[ ]", "{\n}"]
)  # fmt: skip
_names = st.sampled_from(['"a"', '"b"', '"\\u0061"', '"model"', '""', '"\\ud800"', '"é"'])


def _object_text(pairs: list[tuple[str, str, str]]) -> str:
    return "{" + ",".join(f"{sp}{name}{sp}:{sp}{value}{sp}" for name, value, sp in pairs) + "}"


def _array_text(items: list[tuple[str, str]]) -> str:
    return "[" + ",".join(f"{sp}{value}{sp}" for value, sp in items) + "]"


_json_texts = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(st.tuples(inner, _spaces), max_size=4).map(_array_text)
        | st.lists(st.tuples(_names, inner, _spaces), max_size=4).map(_object_text)
    ),
    max_leaves=8,
)
_object_texts = st.lists(st.tuples(_names, _json_texts, _spaces), max_size=5).map(_object_text)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        pytest.param(b"", "it is empty (line 1, column 1)", id="nothing"),
        pytest.param(b" \n ", "it is empty (line 2, column 2)", id="only white space"),
        pytest.param(b"\xef\xbb\xbf{}", "byte order mark", id="a byte order mark"),
        pytest.param(b'{"a":\n"\xff"}', "not UTF-8 (line 2, column 2)", id="not UTF-8"),
        pytest.param(b'"\xed\xa0\x80"', "not UTF-8 (line 1, column 2)", id="an encoded surrogate"),
        pytest.param('{"a":1}'.encode("utf-16"), "not UTF-8 (line 1, column 1)", id="UTF-16"),
        pytest.param(b'{"a":1}\n x', "Extra data (line 2, column 2)", id="trailing garbage"),
        pytest.param(b'{"a":1} {}', "Extra data (line 1, column 9)", id="a second document"),
        pytest.param(b'{"a":1,}', "(line 1, column ", id="a trailing comma"),
        pytest.param(b"{'a':1}", "(line 1, column 2)", id="single quotes"),
        pytest.param(b'{"a":01}', "(line 1, column 7)", id="a leading zero"),
        pytest.param(b'{"a":"\t"}', "control character at (line 1, column 7)", id="a raw tab"),
        pytest.param(b'{"a":"\\x"}', "(line 1, column 7)", id="an unknown escape"),
        pytest.param(b'{"a":"', "(line 1, column 6)", id="a string without end"),
        pytest.param(b'["NaN",\n NaN]', "no NaN and no Infinity (line 2, column 2)", id="NaN"),
        pytest.param(b'["\\"NaN", NaN]', "(line 1, column 11)", id="NaN after an escaped quote"),
        pytest.param(b"[-Infinity]", "no NaN and no Infinity (line 1, column 2)", id="-Infinity"),
        pytest.param(b'["1",\n-' + b"1" * 5000 + b"]", "digits (line 2, column 1)", id="digits"),
        pytest.param(b"[" * 100_000, "deeper than 128 levels (line 1, column 129)", id="deep"),
        pytest.param(b'{"a":' * 129 + b"1" + b"}" * 129, "(line 1, column 641)", id="129 objects"),
        pytest.param(
            b'["[[[",' + b"[" * 128 + b"]" * 129, "(line 1, column 135)", id="deep after a string"
        ),
        pytest.param(
            b'{"a":' + b"[" * 128 + b"]" * 128 + b',"a":1}',
            "128 levels",
            id="deep under a name that is given again",
        ),
    ],
)
def test_parse_document_says_what_is_wrong_and_where_for(raw: bytes, message: str) -> None:
    with pytest.raises(MalformedJson) as caught:
        parse_document(raw)
    assert message in caught.value.message
    assert caught.value.message.startswith("The body is not valid JSON: ")


def test_parse_document_counts_characters_not_bytes_when_text_is_not_ascii() -> None:
    with pytest.raises(MalformedJson, match=r"line 1, column 8\)"):
        parse_document('{"é":  x}'.encode())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * MAX_DEPTH + "]" * MAX_DEPTH, id="the deepest nesting allowed"),
        pytest.param("[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH, id="a value at the deepest level"),
        pytest.param('["' + "[{" * 10_000 + '"]', id="brackets in a string"),
        pytest.param("[" + "[],{}," * 10_000 + "1]", id="many brackets side by side"),
        pytest.param("[1e400, 1.50, -0, 0.1e+1]", id="unusual numbers"),
        pytest.param("[" + "9" * sys.get_int_max_str_digits() + "]", id="the longest integer"),
        pytest.param("[" + "9" * 5000 + ".0]", id="a long number that is no integer"),
        pytest.param('"\\ud800"', id="an escaped lone surrogate"),
        pytest.param(' \n"x"\t', id="white space around"),
    ],
)
def test_parse_document_returns_the_text_as_it_came_for(text: str) -> None:
    assert parse_document(text.encode()) == (text, json.loads(text))


def test_parse_document_takes_linear_time_when_a_string_is_huge() -> None:
    text = '{"a":"' + '\\n\\"[' * 1_000_000 + '"}'
    assert len(parse_document(text.encode())[0]) == len(text)


def test_parse_document_marks_an_object_when_a_name_is_repeated() -> None:
    _, value = parse_document(b'{"a":{"b":1,"c":2,"\\u0062":3}}')
    assert isinstance(value, dict)
    inner = value["a"]
    assert isinstance(inner, RepeatedNames)
    assert (inner.repeated(), inner["b"]) == ("b", 3)


def test_repeated_names_finds_the_name_quickly_when_there_are_many() -> None:
    names = [(str(n), None) for n in range(200_000)]
    assert RepeatedNames([*names, ("199999", None)]).repeated() == "199999"


@given(st.binary() | st.text('[]{}",:1.eE+-ntrufalsNIiy\\ud8 é\n').map(str.encode))
@example(b'{"a":NaN')
@example(b'["\\ud800"]')
def test_parse_document_raises_nothing_but_malformed_json(raw: bytes) -> None:
    try:
        text, value = parse_document(raw)
    except MalformedJson:
        return
    assert text.encode() == raw
    assert value == json.loads(raw)


@given(st.text('[]{}",:1.e-ntrufalsN\\u \n'), st.integers(0, 5))
@example('{"a":' + "[" * 100_000, 0)
@example("[NaN]", 0)
@example("[" + "1" * 5000 + "]", 0)
@example('{"a', 0)
@example("", 3)
def test_spans_raise_nothing_but_malformed_json(text: str, start: int) -> None:
    for find in (members, elements):
        with suppress(MalformedJson):
            find(text, start)


@given(_object_texts, _spaces)
def test_members_cover_names_and_values_of_any_object(text: str, before: str) -> None:
    found = members(f"{before}{text} tail", len(before))
    whole = f"{before}{text} tail"
    pairs = json.loads(text, object_pairs_hook=list)
    assert [member.name for member in found] == [name for name, _ in pairs]
    for member in found:
        assert json.loads(whole[member.start : member.name_end]) == member.name
        assert json.loads(whole[member.value_start : member.end]) == member.value


@given(st.lists(st.tuples(_json_texts, _spaces), max_size=5).map(_array_text))
def test_elements_cover_the_values_of_any_array(text: str) -> None:
    found = elements(text)
    assert [json.loads(text[item.start : item.end]) for item in found] == json.loads(text)
    assert [item.value for item in found] == json.loads(text)


@given(_object_texts, st.sets(st.sampled_from(["a", "b", "model", "", "\ud800"])))
def test_removals_leave_the_other_members_byte_for_byte(text: str, names: set[str]) -> None:
    def written(source: str) -> list[str]:
        return [source[member.start : member.end] for member in members(source)]

    left = splice(text, removals(members(text), names))
    kept = [text[m.start : m.end] for m in members(text) if m.name not in names]
    assert written(left) == kept
    assert names & {m.name for m in members(text)} or left == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param('{"a":1, "x":2}', '{"a":1}', id="the last goes with the comma before it"),
        pytest.param('{ "x":2, "a":1 }', '{ "a":1 }', id="the first goes with the comma after it"),
        pytest.param('{"a":1 , "x":2 , "b":3}', '{"a":1 , "b":3}', id="one in the middle"),
        pytest.param('{ "x":1, "x":2 }', "{  }", id="all of them"),
        pytest.param('{"x":1,"a":1,"x":2,"x":3,"b":1,"x":4}', '{"a":1,"b":1}', id="many"),
        pytest.param('{"a":{"x":1}}', '{"a":{"x":1}}', id="not one further down"),
    ],
)
def test_removals_take_one_comma_with_each_member_when_it_is(text: str, left: str) -> None:
    assert splice(text, removals(members(text), {"x"})) == left


def test_splice_replaces_within_a_part_of_the_text_in_any_order_of_edits() -> None:
    edits = [Edit(6, 7, "SEVEN"), Edit(3, 5, "")]
    assert splice("0123456789", edits, 2, 9) == "25SEVEN78"
