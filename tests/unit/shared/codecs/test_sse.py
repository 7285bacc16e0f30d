"""Server-sent events: the same events however the bytes are cut, and what is written reads back."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from openai._streaming import SSEDecoder

from shared.codecs.sse import MAX_EVENT_BYTES, ErrorEvent, EventParser, EventTooLarge, encode

_BOM = b"\xef\xbb\xbf"

_streams = st.lists(
    st.sampled_from(
        [b"data", b"data: ", b"data:", b":", b" ", b"\r", b"\n", b"\r\n", b"\n\n", b"x", b"id: 7",
         b"event: e", b"retry: 1", _BOM, b"\xe2\x82\xac", b"\xff", b"\0"]
    )
    | st.binary(max_size=3),
    max_size=30,
).map(b"".join)  # fmt: skip


def _cuts(stream: bytes) -> st.SearchStrategy[list[bytes]]:
    places = st.lists(st.integers(0, len(stream)), max_size=8).map(sorted)
    return places.map(
        lambda at: [
            stream[start:end] for start, end in zip([0, *at], [*at, len(stream)], strict=True)
        ]
    )


_cut_streams = _streams.flatmap(_cuts)


def _read(pieces: Iterable[bytes], parser: EventParser | None = None) -> list[bytes]:
    parser = parser or EventParser()
    return [event for piece in pieces for event in parser.feed(piece)]


def _one_by_one(stream: bytes) -> list[bytes]:
    return [stream[at : at + 1] for at in range(len(stream))]


def _read_by_the_standard(stream: bytes) -> list[bytes]:
    """Interpret a whole stream as the standard words it, step by step, in no hurry.

    But for marks, NULs and blanks before lines, which are passed over.
    """
    events = []
    buffer = b""
    *lines, _unterminated = re.split(b"\r\n|\r|\n", stream)
    for line in (one.lstrip(_BOM + b"\0 \t") for one in lines):
        if line == b"":
            if buffer != b"":
                events.append(buffer[:-1] if buffer.endswith(b"\n") else buffer)
            buffer = b""
        elif line.startswith(b":"):
            continue
        elif b":" in line:
            name, value = line.split(b":", 1)
            value = value[1:] if value.startswith(b" ") else value
            buffer += value + b"\n" if name == b"data" else b""
        elif line == b"data":
            buffer += b"\n"
    return events


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(b"data: one\n\n", [b"one"], id="one event"),
        pytest.param(b"data: 1\n\ndata: 2\n\ndata: [DONE]\n\n", [b"1", b"2", b"[DONE]"], id="3"),
        pytest.param(b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"], id="CRLF"),
        pytest.param(b"data: a\r\ndata: b\r\n\r\n", [b"a\nb"], id="CRLF between lines"),
        pytest.param(b"data: a\r\rdata: b\r\r", [b"a", b"b"], id="CR"),
        pytest.param(b"data: a\r\n\ndata: b\n\rdata: c\r\n\r", [b"a", b"b", b"c"], id="mixed ends"),
        pytest.param(b"data: a\n\r\n\ndata: b\n\n", [b"a", b"b"], id="more empty lines"),
        pytest.param(b"data: a\ndata: b\ndata\ndata:c\n\n", [b"a\nb\n\nc"], id="several lines"),
        pytest.param(b"data\n\ndata\ndata\n\ndata:", [b"", b"\n"], id="the standard's own example"),
        pytest.param(b"data:x\n\ndata: x\n\ndata:  x \n\n", [b"x", b"x", b" x "], id="one space"),
        pytest.param(b"data:\tx\n\n", [b"\tx"], id="a tab is no space"),
        pytest.param(b'data: {"a": "b:c"}\n\n', [b'{"a": "b:c"}'], id="colons in the data"),
        pytest.param(b": hi\n\n:\n\ndata: a\n: hi\ndata: b\n\n", [b"a\nb"], id="comments"),
        pytest.param(b"id: 1\n\nevent: e\n\nretry: 9\n\n", [], id="no data, no event"),
        pytest.param(b"event: e\nid: 1\ndata: a\nretry: 9\n\n", [b"a"], id="other fields"),
        pytest.param(b"event: e\n\ndata: a\n\n", [b"a"], id="an event without data before"),
        pytest.param(b"datax: a\nDATA: c\ndata : d\n\n", [], id="other names"),
        pytest.param(_BOM + b"data: a\n\n", [b"a"], id="a byte order mark"),
        pytest.param(_BOM + b"\ndata: a\n\n", [b"a"], id="an empty line after the mark"),
        pytest.param(_BOM + _BOM + b"data: a\n\n", [b"a"], id="marks"),
        pytest.param(b"\n" + _BOM + b"data: a\n\n", [b"a"], id="a mark on the second line"),
        pytest.param(b"data: a\n\n\0data: b\n\n", [b"a", b"b"], id="a NUL behind an event"),
        pytest.param(b"data: a\n\n \tdata: b\n\n", [b"a", b"b"], id="blanks before a field"),
        pytest.param(b"data: " + _BOM + b"a\n\n", [_BOM + b"a"], id="a mark in the data stays"),
        pytest.param("data: é€😀\n\n".encode(), ["é€😀".encode()], id="UTF-8"),
        pytest.param(b"data: \xff\0\x80\n\n", [b"\xff\0\x80"], id="not UTF-8, as it came"),
        pytest.param(b"data: a\x0b\x0c\x1c\x85b\n\n", [b"a\x0b\x0c\x1c\x85b"], id="no line ends"),
        pytest.param("data: a\u2028b\n\n".encode(), ["a\u2028b".encode()], id="U+2028"),
        pytest.param(b"data: a\n\ndata: b\n", [b"a"], id="the last event lacks its empty line"),
        pytest.param(b"data: a\n\ndata: b", [b"a"], id="the last line is not ended"),
    ],
)
def test_events_are_read_by_the_standard_in_one_piece_or_byte_by_byte(
    stream: bytes, events: list[bytes]
) -> None:
    assert _read([stream]) == events
    assert _read(_one_by_one(stream)) == events
    assert _read_by_the_standard(stream) == events


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b': c\n\n{"a": 1}\n\n', [b'{"a": 1}']),
        (b'data: 1\n{"a": 1}\n\ndata: 2\n\n', [b"1", b'{"a": 1}', b"2"]),
        (b'event: error\n{"a": 1}\n\n', [ErrorEvent(b'{"a": 1}')]),
        (b'data: {"a":\ndata: {}}\ndata: {}\ndata: [DONE]\n\n', [b'{"a":\n{}}', b"{}", b"[DONE]"]),
        (b"data: [{},\ndata: {}\ndata: ,{}]\n\n", [b"[{},\n{}\n,{}]"]),
    ],
)
def test_json_ends_and_begins_events_by_itself_although_the_standard_has_none(
    stream: bytes, events: list[bytes]
) -> None:
    assert _read([stream]) == events
    assert [type(one) for one in _read(_one_by_one(stream))] == [type(one) for one in events]


@given(_cut_streams)
@example([b"data: a\r", b"\n\r", b"\ndata: b\r", b"", b"\n\n"])
@example([b"\xef", b"\xbb", b"\xbfdata: a\n\n"])
@example([b"\xef\xbb", b"data: a\n\n"])
@example([b"data: \xe2", b"\x82", b"\xac\n\n"])
def test_events_are_those_of_the_whole_stream_wherever_it_is_cut(pieces: list[bytes]) -> None:
    assert _read(pieces) == _read_by_the_standard(b"".join(pieces))


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), max_size=5))
def test_events_are_those_that_the_sdk_reads(texts: list[str]) -> None:
    stream = b": hello\n\n" + b"".join(encode(text.encode(), "7") for text in texts)
    by_sdk = [event.data for event in SSEDecoder().iter_bytes(iter([stream])) if event.data]
    assert [event.decode() for event in _read([stream])] == by_sdk


def test_an_event_is_returned_by_the_read_that_brings_its_end() -> None:
    parser = EventParser()
    assert parser.feed(b"data: a\n") == []
    assert parser.feed(b"\nda") == [b"a"]
    assert parser.feed(b"ta: b\n\ndata: c\n\n") == [b"b", b"c"]


def test_an_event_does_not_wait_for_the_line_feed_after_its_carriage_return() -> None:
    parser = EventParser()
    assert parser.feed(b"data: a\r\n\r") == [b"a"]
    assert parser.feed(b"\n") == []
    assert parser.feed(b"\n\n") == []
    assert parser.feed(b"data: b\r") == []
    assert parser.feed(b"") == []
    assert parser.feed(b"\n\r\n") == [b"b"]


def test_only_one_line_feed_is_left_out_after_a_carriage_return() -> None:
    assert _read([b"data: a\r", b"\n\n"]) == [b"a"]
    assert _read([b"data: a\r", b"\ndata: b\n\n"]) == [b"a\nb"]
    assert _read([b"data: a\r", b"", b"\ndata: b\n\n"]) == [b"a\nb"]


def test_the_limit_is_sixteen_mebibytes() -> None:
    largest = b"x" * (MAX_EVENT_BYTES - len(b"data: "))
    assert MAX_EVENT_BYTES == 16 * 1024 * 1024
    assert _read([b"data: ", largest, b"\n", b"\n"]) == [largest]
    with pytest.raises(EventTooLarge, match="larger than 16777216 bytes"):
        _read([b"data: ", largest, b"x"])


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b"data: 345678901"], id="a line that does not end"),
        pytest.param([b"data: 345678901\n\n"], id="a whole event"),
        pytest.param([b"data: 1\n" * 4, b"data: 5"], id="lines that together are too large"),
        pytest.param([b"data\n" * 15], id="many lines without text"),
        pytest.param([b":", b"1234567890", b"1234"], id="a comment"),
        pytest.param([b"data: a\n\ndata: 345678901"], id="after an event"),
        pytest.param(_one_by_one(b"data: 345678901"), id="byte by byte"),
    ],
)
def test_an_event_is_refused_when_it_is_larger_than_the_limit(pieces: list[bytes]) -> None:
    with pytest.raises(EventTooLarge):
        _read(pieces, EventParser(max_event_bytes=14))


def test_the_limit_counts_one_event_and_not_the_stream() -> None:
    event = b": 345678901234\ndata: 34567890\n\n"
    assert _read([event * 50], EventParser(max_event_bytes=14)) == [b"34567890"] * 50
    assert _read([event] * 50, EventParser(max_event_bytes=14)) == [b"34567890"] * 50


@given(_cut_streams, st.integers(0, 20))
def test_a_stream_is_refused_or_not_wherever_it_is_cut(pieces: list[bytes], limit: int) -> None:
    assert _is_refused(pieces, limit) == _is_refused([b"".join(pieces)], limit)


def _is_refused(pieces: list[bytes], limit: int) -> bool:
    try:
        _read(pieces, EventParser(max_event_bytes=limit))
    except EventTooLarge:
        return True
    return False


def test_too_large_is_a_value_error() -> None:
    assert issubclass(EventTooLarge, ValueError)


@pytest.mark.parametrize(
    ("data", "event_id", "written"),
    [
        pytest.param(b"[DONE]", None, b"data: [DONE]\n\n", id="without an id"),
        pytest.param(b"{}", "17-0", b"id: 17-0\ndata: {}\n\n", id="with an id"),
        pytest.param(b"", None, b"data: \n\n", id="empty data"),
        pytest.param(b"{}", "", b"id: \ndata: {}\n\n", id="an empty id, which resets it"),
        pytest.param(b"a\nb", "1", b"id: 1\ndata: a\ndata: b\n\n", id="two lines"),
        pytest.param(b"a\r\nb\rc\n", None, b"data: a\ndata: b\ndata: c\ndata: \n\n", id="all ends"),
        pytest.param(b" a", None, b"data:  a\n\n", id="a space of its own"),
        pytest.param("é".encode(), "é", "id: é\ndata: é\n\n".encode(), id="UTF-8"),
    ],
)
def test_encode_writes_an_event(data: bytes, event_id: str | None, written: bytes) -> None:
    assert encode(data, event_id) == written


@given(st.binary(), st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n")))
@example(b"\n", None)
@example(b"a\r\nb\rc\n", "1")
def test_an_encoded_event_reads_back_with_line_feeds(data: bytes, event_id: str | None) -> None:
    expected = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    # An object behind an object is another event.
    assume(not re.search(rb"}\n[{\[]", expected))
    assert _read([encode(data, event_id) * 2]) == [expected, expected]


@pytest.mark.parametrize("event_id", ["a\nb", "a\r", "\0"])
def test_encode_refuses_an_id_that_is_not_one_line(event_id: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        encode(b"{}", event_id)


_NAMED = b"event: response.completed\n"


@pytest.mark.parametrize(
    ("data", "event"),
    [
        (b'{"a":1}', b'{"type":"response.completed","a":1}'),
        (b"{ }", b'{"type":"response.completed"}'),
        (b"", b""),
        (b'{"type":"response.completed"}', b'{"type":"response.completed"}'),
        (b"words", b"words"),
    ],
)
def test_type_that_an_event_tells_by_its_name_is_put_into_its_data(
    data: bytes, event: bytes
) -> None:
    assert _read([_NAMED + b"data: " + data + b"\n\n"]) == [event]


def test_name_that_is_no_type_of_an_api_is_not_put_into_data() -> None:
    assert _read([b'event: chunk\ndata: {"a":1}\n\n']) == [b'{"a":1}']
