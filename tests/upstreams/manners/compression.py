"""Answers that come compressed."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Sequence

from tests.upstreams import good, kinds, wire
from tests.upstreams.kinds import Kind
from tests.upstreams.manner import Failed, Sent, by_kind, manner

_TITLE = "compressed with gzip or deflate, whole or event by event"
Pack = Callable[[Iterable[bytes]], Sequence[bytes]]


def packed(pack: Pack, coding: str) -> Callable[[Kind], Sent]:
    """Return what makes a good answer compressed."""

    @by_kind
    def make(kind: Kind) -> list[bytes]:
        head = wire.head(
            good.media_type(kind), content_encoding=coding, transfer_encoding="chunked"
        )
        return [head, *wire.chunked(pack(good.pieces(kind)))]

    return make


def _at_once(packer: Callable[[bytes], bytes]) -> Pack:
    return lambda pieces: [packer(b"".join(pieces))]


def _bytewise(pieces: Iterable[bytes]) -> list[bytes]:
    return [bytes([byte]) for byte in gzip.compress(b"".join(pieces))]


def _truncated(pieces: Iterable[bytes]) -> list[bytes]:
    return [b"".join(wire.gzipped(pieces))[:-8]]


def _then_garbage(pieces: Iterable[bytes]) -> list[bytes]:
    return [*wire.gzipped(pieces), b"\0\0garbage"]


for name, pack, coding in (
    ("gzip whole", _at_once(gzip.compress), "gzip"),
    ("gzip flushed", wire.gzipped, "gzip"),
    ("GZIP in capitals", wire.gzipped, "GZIP"),
    ("x-gzip", wire.gzipped, "x-gzip"),
    ("gzip members", wire.members, "gzip"),
    ("gzip byte by byte", _bytewise, "gzip"),
    ("gzip without its end", _truncated, "gzip"),
    ("gzip then garbage", _then_garbage, "gzip"),
    ("deflate whole", _at_once(zlib.compress), "deflate"),
    ("deflate flushed", wire.deflated, "deflate"),
    ("deflate raw", wire.deflated_raw, "deflate"),
    ("identity", list, "identity"),
    ("no coding", list, ""),
    ("gzip twice", _at_once(lambda body: gzip.compress(gzip.compress(body))), "gzip, gzip"),
    ("deflate in gzip", _at_once(lambda body: gzip.compress(zlib.compress(body))), "deflate,gzip"),
    ("gzip and identity", wire.gzipped, "gzip, identity"),
    ("identity and gzip", wire.gzipped, "Identity, gzip"),
):
    manner(_TITLE, name, packed(pack, coding), kinds=kinds.EVERY, calls=1)

manner(
    "says gzip and is not compressed",
    "gzip untrue",
    packed(list, "gzip"),
    kinds=kinds.EVERY,
    calls=1,
)
for name, pack, coding in (
    ("gzip told twice", _at_once(gzip.compress), "gzip, gzip"),
    ("gzip told thrice", wire.gzipped, "gzip, x-gzip, gzip"),
    ("gzip told twice, none", list, "gzip, gzip"),
):
    manner(
        "says gzip twice, and is compressed once or not at all",
        name,
        packed(pack, coding),
        kinds=kinds.EVERY,
        calls=1,
    )
#: How a text begins that was compressed by brotli, and by zstd.
_BROTLI = b"\x8b\x1a\x80" + bytes(range(128, 256))
_ZSTD = b"\x28\xb5\x2f\xfd\x04\x58" + bytes(range(128, 256))
for coding, sent in (("br", _BROTLI), ("zstd", _ZSTD), ("gzip, br", _BROTLI), ("x-own", _ZSTD)):
    manner(
        "compressed in a way that nobody asked for (`br`, `zstd`)",
        coding,
        packed(lambda _pieces, sent=sent: [sent], coding),  # type: ignore[misc]
        Failed(f"compressed its answer as '{coding}'", 502, "provider_unavailable"),
        kinds=(kinds.CHAT, kinds.CHAT_STREAM, kinds.CLAUDE_STREAM),
    )
for name, coding in (
    *((coding, coding) for coding in ("utf-8", "UTF8", "none", "binary", "8bit", "chunked")),
    ("quotes", '""'),
    ("two", "utf-8, none"),
    ("a brotli that is none", "br"),
    ("one of its own", "x-own"),
):
    manner(
        "a `Content-Encoding` that is none (`utf-8`, `none`, `binary`), or is not true",
        f"coding, {name}",
        packed(list, coding),
        kinds=kinds.EVERY,
        calls=1,
    )
manner(
    "a `Content-Encoding` that is none (`utf-8`, `none`, `binary`), or is not true",
    "coding, gzip and utf-8",
    packed(wire.gzipped, "gzip, utf-8"),
    kinds=kinds.EVERY,
    calls=1,
)


@by_kind
def _broken(kind: Kind) -> list[bytes]:
    packed_whole = gzip.compress(b"".join(good.pieces(kind)) * 20)
    broken = packed_whole[:12] + b"\xff" * 40 + packed_whole[52:]
    head = wire.head(good.media_type(kind), content_encoding="gzip", transfer_encoding="chunked")
    return [head, *wire.chunked([broken])]


manner(
    "compressed data that is broken",
    "gzip broken",
    _broken,
    Failed("", 502, "provider_unavailable"),
    kinds=kinds.EVERY,
)
