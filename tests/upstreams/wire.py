"""Bytes as they go onto the wire: heads, chunks, events, and what compresses them."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable
from typing import Any

JSON = "application/json"
SSE = "text/event-stream; charset=utf-8"
NDJSON = "application/x-ndjson"


def head(kind: str | None = JSON, status: str = "200 OK", **headers: str) -> bytes:
    """Return a head; `headers` with `_` for `-`, `kind` its Content-Type.

    It says that the connection is closed: another call could take it just before that happens.
    """
    headers.setdefault("connection", "close")
    lines = [f"HTTP/1.1 {status}", *([f"content-type: {kind}"] if kind is not None else [])]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer(value: Any, status: str = "200 OK", kind: str | None = JSON, **headers: str) -> bytes:
    """Return a whole answer of a JSON value, or of bytes as they are."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return head(kind, status, content_length=str(len(body)), **headers) + body


def event(value: Any, name: str | None = None) -> bytes:
    """Return an event; bytes and text are its data as they are."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return (f"event: {name}\n".encode() if name else b"") + b"data: %b\n\n" % data


def events(*values: Any) -> bytes:
    """Return events without names."""
    return b"".join(map(event, values))


DONE = event(b"[DONE]")


def chunked(pieces: Iterable[bytes]) -> list[bytes]:
    """Return the pieces as chunks of a chunked body, and its end."""
    return [*(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces), b"0\r\n\r\n"]


def gzipped(pieces: Iterable[bytes]) -> list[bytes]:
    """Return the pieces compressed, each one flushed so that it can be read at once."""
    return _flushed(zlib.compressobj(wbits=16 + zlib.MAX_WBITS), pieces)


def deflated(pieces: Iterable[bytes]) -> list[bytes]:
    """Return the pieces as `deflate` is defined: in zlib's format, each one flushed."""
    return _flushed(zlib.compressobj(), pieces)


def deflated_raw(pieces: Iterable[bytes]) -> list[bytes]:
    """Return the pieces as some servers understand `deflate`: without zlib's frame."""
    return _flushed(zlib.compressobj(wbits=-zlib.MAX_WBITS), pieces)


def members(pieces: Iterable[bytes]) -> list[bytes]:
    """Return each piece as a gzip member of its own."""
    return [gzip.compress(piece) for piece in pieces]


def _flushed(packer: Any, pieces: Iterable[bytes]) -> list[bytes]:
    packed = [packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH) for piece in pieces]
    return [*packed, packer.flush()]
