"""Decodes the bodies of requests that come compressed, within the limit of bodies (RFC 9110 §8.4).

A few bytes can stand for gigabytes, so nothing is decoded beyond the limit: piece by piece, and
other requests get their turns between the pieces.
"""

from __future__ import annotations

import sys
import time
import zlib
from collections.abc import Callable
from typing import Final, Protocol

from shared.errors import BodyTooLarge, ContentCodingNotSupported, MalformedBody

if sys.version_info >= (3, 14):
    from compression.zstd import DecompressionParameter, ZstdDecompressor, ZstdError
else:
    from backports.zstd import DecompressionParameter, ZstdDecompressor, ZstdError

#: Most bytes put in and taken out at once; others get a turn after each.
_PIECE_BYTES: Final = 65_536
#: Codings on top of each other; nobody has a use for more.
_MOST_CODINGS: Final = 3
#: Members (gzip) or frames (zstd) of one body: parts that are compressed for themselves.
_MOST_MEMBERS: Final = 1000
#: 8 MiB, the most that this coding may ask a receiver for (RFC 9659 §3), as a power of two.
_ZSTD_WINDOW_LOG: Final = 23

#: What a 415 names, and its header `Accept-Encoding` (RFC 9110 §12.5.3).
ACCEPTED: Final = ("gzip", "deflate", "zstd")


class _Decoder(Protocol):
    """Decodes one member."""

    @property
    def eof(self) -> bool:
        """Whether the member has ended."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What follows the end."""
        ...

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Return some of what this and the bytes before stand for; none when it wants more."""
        ...


class _Zlib:
    """zlib's decoder, which keeps what it was given until it is needed, as zstd's does."""

    def __init__(self, window_bits: int) -> None:
        self._inflate = zlib.decompressobj(window_bits)
        self._rest = b""

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        plain = self._inflate.decompress(self._rest + data, max_length)
        self._rest = self._inflate.unconsumed_tail
        return plain


def _gzip(_: bytes) -> _Decoder:
    return _Zlib(zlib.MAX_WBITS | 16)


def _deflate(start: bytes) -> _Decoder:
    """Return a decoder of zlib's format (RFC 1950), or of the bare stream that some send."""
    has_head = len(start) > 1 and start[0] & 0x0F == 8 and (start[0] << 8 | start[1]) % 31 == 0  # noqa: PLR2004
    return _Zlib(zlib.MAX_WBITS if has_head else -zlib.MAX_WBITS)


def _zstd(_: bytes) -> _Decoder:
    decoder: _Decoder = ZstdDecompressor(
        options={DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}
    )
    return decoder


_DECODERS: Final[dict[str, Callable[[bytes], _Decoder]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "zstd": _zstd,
}


def decoded(body: bytes, codings: str, limit: int | None) -> bytes:
    """Return what a body stands for, by its header `Content-Encoding`.

    Raises ContentCodingNotSupported, MalformedBody, and BodyTooLarge for more bytes than the limit.
    """
    names = [name.strip().lower() for name in codings.split(",")]
    names = [name for name in names if name not in ("", "identity")]
    for name in names:
        if name not in _DECODERS:
            raise ContentCodingNotSupported(
                f"The body's Content-Encoding {name[:40]!r} is not one of {', '.join(ACCEPTED)}; "
                "send it in one of these, or plain."
            )
    if len(names) > _MOST_CODINGS:
        raise ContentCodingNotSupported(f"More than {_MOST_CODINGS} Content-Encodings at once.")
    # The last one that was put on comes off first. No body has no coding either.
    for name in reversed(names if body else []):
        body = _all_members(body, name, limit)
    return body


def _all_members(body: bytes, name: str, limit: int | None) -> bytes:
    """Return what the members of a coded body stand for, one after the other."""
    plain = _Plain(limit)
    begins, members = 0, 0
    while begins < len(body) or not members:
        begins = _one_member(body, begins, name, plain)
        members += 1
        if members > _MOST_MEMBERS or (name == "deflate" and begins < len(body)):
            raise MalformedBody(f"The body goes on behind what is {name} in it.")
    return b"".join(plain.pieces)


def _one_member(body: bytes, begins: int, name: str, plain: _Plain) -> int:
    """Decode the member that begins there; return where it ends."""
    decoder = _DECODERS[name](body[begins : begins + 2])
    place = begins
    try:
        while not decoder.eof:
            piece = body[place : place + _PIECE_BYTES]
            place += len(piece)
            told = plain.add(decoder.decompress(piece, _PIECE_BYTES))
            if not (piece or told or decoder.eof):
                raise MalformedBody(f"The body breaks off: it is not whole as {name}.")
    except (zlib.error, ZstdError) as exc:
        raise MalformedBody(f"The body is not {name}, as its Content-Encoding says.") from exc
    return place - len(decoder.unused_data)


class _Plain:
    """What was decoded so far, within a limit."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self.pieces: list[bytes] = []
        self._size = 0

    def add(self, piece: bytes) -> bool:
        """Take a piece; return whether there was anything in it. Raises BodyTooLarge."""
        self._size += len(piece)
        if self._limit is not None and self._size > self._limit:
            raise BodyTooLarge(
                f"The request body stands for more than the {self._limit} bytes this gateway takes."
            )
        self.pieces.append(piece)
        # A turn for the others.
        time.sleep(0)
        return bool(piece)
