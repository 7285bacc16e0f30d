"""The header fields of an answer: whatever they look like, what http.client reads in them."""

from __future__ import annotations

import io
import socket
from http.client import (
    HTTPException,
    HTTPMessage,
    IncompleteRead,
    LineTooLong,
    parse_headers,
)

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import HeaderParsingError
from urllib3.util.response import assert_header_parsing

from shared.egress.answer_fields import read_fields
from shared.egress.answer_head import AnswerHead

ENDS = ("\r\n", "\n", "\r")
PARTS = st.sampled_from(
    [*ENDS, *":;, \t=-", "Content-Type", "x", "\xe9", "\x00", "\x0b", "\x85", "=?utf-8?q?a?="]
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A: b\r\n",
        "A:b\r\nA: c \t\r\nX-Empty:\r\nX-Blank: \t \r\n",
        "A: b\nC: d\n",
        "A: b\r\n folded\r\n\tonce more\r\nC: d\r\n",
        " begins: folded\r\nA: b\r\n",
        "no colon\r\nA: b\r\n",
        "A : b\r\nC: d\r\n",
        "A: b\rC: d\r\n",
        "A: caf\xe9 \x85 \x0b x\r\n",
        ": no name\r\n",
        "From someone\r\nA: b\r\n",
        "Content-Type: multipart/mixed; boundary=x\r\n",
    ],
)
def test_fields_are_those_of_http_client(text: str) -> None:
    is_same(text)


@given(st.lists(PARTS, max_size=12).map("".join))
def test_any_fields_are_those_of_http_client(text: str) -> None:
    is_same(text)


def is_same(text: str) -> None:
    data = f"{text}\r\nbody".encode("iso-8859-1")
    ours, theirs = io.BytesIO(data), io.BytesIO(data)
    read, wanted = read_fields(ours), parse_headers(theirs)
    assert read.items() == wanted.items()
    assert is_sound(read) == is_sound(wanted)
    assert ours.read() == theirs.read()


def is_sound(message: HTTPMessage) -> bool:
    try:
        assert_header_parsing(message)
    except HeaderParsingError:
        return False
    return True


def test_long_and_many_lines_are_refused() -> None:
    with pytest.raises(LineTooLong):
        read_fields(io.BytesIO(b"A: " + b"x" * 70_000))
    with pytest.raises(HTTPException, match="100"):
        read_fields(io.BytesIO(b"A: b\r\n" * 101))


def test_an_answer_is_read_with_them() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A:  b\r\n\r\nhi")
        head = AnswerHead(ours, method="POST")
        head.begin()
        assert (head.status, head.headers["x-a"], head.length) == (200, "b", 2)
        assert head.read() == b"hi"


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        pytest.param(
            b"Transfer-Encoding: chunked", b"2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n", id="as it should be"
        ),
        pytest.param(
            b"Transfer-Encoding: Chunked, chunked", b"3\r\nhi!\r\n0\r\n\r\n", id="said twice"
        ),
        pytest.param(b"Transfer-Encoding: chunked", b"02\nhi\n01\n!\n0\n\n", id="line feeds"),
        pytest.param(b"Content-Length: 3, 3", b"hi!HTTP/1.1 200", id="a length that is said twice"),
    ],
)
def test_body_is_read_to_where_it_ends(fields: bytes, body: bytes) -> None:
    assert _read(fields, body) == b"hi!"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"2\r\nhi!\r\n0\r\n\r\n", id="a longer chunk"),
        pytest.param(b"2\r\nhi\r0\r\n\r\n", id="half an end"),
        pytest.param(b"-2\r\nhi\r\n0\r\n\r\n", id="a size below nothing"),
        pytest.param(b"2\r\nhi\r\nx\r\n", id="a size that is none"),
    ],
)
def test_chunk_that_does_not_end_where_it_says_is_no_whole_answer(body: bytes) -> None:
    with pytest.raises(IncompleteRead):
        _read(b"Transfer-Encoding: chunked", body)


def _read(fields: bytes, body: bytes) -> bytes:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n\r\n" + body)
        theirs.shutdown(socket.SHUT_WR)
        head = AnswerHead(ours, method="POST")
        head.begin()
        read = b""
        while piece := head.read1(100):
            read += piece
        return read
