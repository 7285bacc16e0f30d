"""Heads of requests: read in one way, or refused."""

from __future__ import annotations

import pytest

from gateway.server.request_head import BadHead, keeps_open, parse_fields, parse_request_line

HOST = b"Host: x\r\n"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("GET /up\r\n", id="HTTP/0.9"),
        pytest.param("GET /up HTTP/2.0\r\n", id="another version"),
        pytest.param("PRI * HTTP/2.0\r\n", id="how HTTP/2 begins"),
        pytest.param("CONNECT db:5432 HTTP/1.1\r\n", id="a tunnel"),
        pytest.param("GET * HTTP/1.1\r\n", id="a star"),
        pytest.param("\x16\x03\x01\x02\x00\x01\n", id="TLS"),
        pytest.param("GET /up HTTP/1.1\n", id="a line feed alone"),
        pytest.param("GET  /up HTTP/1.1\r\n", id="two spaces"),
        pytest.param("GET\t/up HTTP/1.1\r\n", id="a tab"),
        pytest.param("GET /u\x0bp HTTP/1.1\r\n", id="a control character"),
        pytest.param("G(T /up HTTP/1.1\r\n", id="no method"),
        pytest.param("get /up HTTP/1.1\r\n", id="method in small letters"),
        pytest.param("Post /up HTTP/1.1\r\n", id="method in mixed letters"),
        pytest.param("GET /up HTTP/1.1", id="cut off"),
        pytest.param("\r\n", id="empty"),
    ],
)
def test_request_line_that_is_not_http_is_refused(line: str) -> None:
    with pytest.raises(BadHead):
        parse_request_line(line)


def test_request_line_is_read() -> None:
    assert parse_request_line("POST /v1/x?a=%20b HTTP/1.1\r\n") == (
        "POST",
        "/v1/x?a=%20b",
        "HTTP/1.1",
        None,
    )


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", id="two framings"),
        pytest.param(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", id="the other order"),
        pytest.param(b"Content-Length: 5\r\nContent-Length: 5\r\n", id="length twice, the same"),
        pytest.param(b"Content-Length: 5\r\ncontent-length: 6\r\n", id="two lengths"),
        pytest.param(b"Content-Length: 5, 5\r\n", id="a list of lengths"),
        pytest.param(b"Content-Length: +5\r\n", id="a length with a sign"),
        pytest.param(b"Content-Length: -5\r\n", id="a negative length"),
        pytest.param(b"Content-Length: 5_0\r\n", id="a length as Python writes it"),
        pytest.param(b"Content-Length: 0x5\r\n", id="a hexadecimal length"),
        pytest.param(b"Content-Length: \xb2\r\n", id="a digit that is not ASCII"),
        pytest.param(b"Content-Length:\r\n", id="an empty length"),
        pytest.param(b"Content-Length: " + b"9" * 19 + b"\r\n", id="a length beyond 64 bits"),
        pytest.param(b"Transfer-Encoding: identity\r\n", id="another coding"),
        pytest.param(b"Transfer-Encoding: gzip, chunked\r\n", id="two codings"),
        pytest.param(b"Transfer-Encoding: chunked\r\n" * 2, id="a coding twice"),
        pytest.param(b"Transfer-Encoding: xchunked\r\n", id="almost that coding"),
        pytest.param(b"Transfer-Encoding: \x0bchunked\r\n", id="a control character before it"),
        pytest.param(b"Transfer-Encoding : chunked\r\n", id="a space before the colon"),
        pytest.param(b"X: 1\r\n Transfer-Encoding: chunked\r\n", id="a folded line"),
        pytest.param(b" X: 1\r\n", id="a folded first line"),
        pytest.param(b"X: 1\nTransfer-Encoding: chunked\r\n", id="a line feed alone"),
        pytest.param(b"X: 1\rY: 2\r\n", id="a carriage return alone"),
        pytest.param(b"X: 1\x00\r\n", id="a zero"),
        pytest.param(b": 1\r\n", id="no name"),
        pytest.param(b"X\r\n", id="no colon"),
        pytest.param(b"X\xe9: 1\r\n", id="a name that is not ASCII"),
        pytest.param(b"Host: y\r\n", id="two hosts"),
        pytest.param(b"X: 1\r\n" * 101, id="too many lines"),
    ],
)
def test_ambiguous_head_is_refused(lines: bytes) -> None:
    with pytest.raises(BadHead):
        parse_fields(HOST + lines + b"\r\n", "HTTP/1.1")


def test_head_without_host_is_refused_but_of_old_clients() -> None:
    assert parse_fields(b"\r\n", "HTTP/1.0") == {}
    with pytest.raises(BadHead):
        parse_fields(b"\r\n", "HTTP/1.1")


def test_chunks_are_refused_where_there_are_none() -> None:
    with pytest.raises(BadHead):
        parse_fields(b"Transfer-Encoding: chunked\r\n\r\n", "HTTP/1.0")


def test_error_tells_no_value() -> None:
    with pytest.raises(BadHead) as refused:
        parse_fields(b"Host: x\r\nAuthorization: Bearer ak-secret\x00\r\n\r\n", "HTTP/1.1")
    assert "secret" not in str(refused.value)


def test_fields_are_named_as_wsgi_names_them() -> None:
    head = (
        b"host: x:1\r\nContent-Type: \t text/plain \r\ncontent-type: other\r\n"
        b"Content-length: 12\r\nx-one: a\xe9\r\nX-One:b\r\nCookie: a=1\r\nCookie: b=2\r\n"
        b"X_One: hidden\r\nX-Empty:\r\n\r\n"
    )
    assert parse_fields(head, "HTTP/1.1") == {
        "HTTP_HOST": "x:1",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "12",
        "HTTP_X_ONE": "a\xe9,b",
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_X_EMPTY": "",
    }


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [
        ("HTTP/1.1", "", True),
        ("HTTP/1.1", "close", False),
        ("HTTP/1.1", "TE, Close", False),
        ("HTTP/1.1", "keep-alive", True),
        ("HTTP/1.0", "", False),
        ("HTTP/1.0", "Keep-Alive", True),
    ],
)
def test_connection_is_kept_as_the_client_says(
    version: str, connection: str, *, kept: bool
) -> None:
    assert keeps_open(version, connection) is kept
