"""Tells pictures, sound, films and archives by the bytes that they begin with. Pure.

The signatures are those of the WHATWG's MIME Sniffing standard (https://mimesniff.spec.whatwg.org)
and of the containers' own specifications.
"""

from __future__ import annotations

from typing import Final

#: Types by what stands at the very beginning.
_BEGINNINGS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    # BigTIFF.
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
    (b"\x00\x00\x00\x0cjP  \r\n", "image/jp2"),
    (b"\xff\x4f\xff\x51", "image/jp2"),
    (b"\x00\x00\x00\x0cJXL \r\n", "image/jxl"),
    (b"\xff\x0a", "image/jxl"),
    (b"\x00\x00\x01\x00", "image/x-icon"),
    (b"fLaC", "audio/flac"),
    (b"caff\x00", "audio/x-caf"),
    (b"#!AMR", "audio/amr"),
    (b".snd\x00", "audio/basic"),
    (b"MThd\x00", "audio/midi"),
    # Sony Wave64.
    (b"riff\x2e\x91\xcf\x11", "audio/wav"),
    (b"FLV\x01", "video/x-flv"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x00\x00\x01\xb3", "video/mpeg"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)
#: How a RIFF begins, also one of more than 4 GB (EBU Tech 3306, ITU-R BS.2088), and types by form.
_RIFFS: Final = (b"RIFF", b"RIFX", b"RF64", b"BW64")
_RIFF: Final = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
#: Types of an IFF by its form.
_IFF: Final = {b"AIFF": "audio/aiff", b"AIFC": "audio/aiff"}
#: Pictures by brand: ISO 23008-12, B.4; AV1 Image File Format, 6.
_PICTURES: Final = {
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis"), "image/heic"),
    **dict.fromkeys((b"hevc", b"hevx", b"hevm", b"hevs"), "image/heic"),
}
#: Brands of pictures of which another brand says how they are coded.
_ANY_PICTURE: Final = (b"mif1", b"msf1", b"miaf")
#: Sound, and films, by brand (https://mp4ra.org/registered-types/brands); the others are videos.
_BRANDS: Final = {
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "), "audio/mp4"),
    b"qt  ": "video/quicktime",
}
_MOBILE: Final = {b"3gp": "video/3gpp", b"3gr": "video/3gpp", b"3g2": "video/3gpp2"}
#: With what a film begins that tells no brand: QuickTime's, before there were any.
_ATOMS: Final = (b"moov", b"mdat", b"wide", b"pnot")
#: The id of an EBML file's type (RFC 8794, 11.2.5), and how far from the start it stands.
_DOC_TYPE: Final = b"\x42\x82"
_EBML_HEAD: Final = 128
#: The object of an ASF file that says that there is a video in it.
_ASF: Final = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_VIDEO: Final = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
_TAG_VERSIONS: Final = (b"\x02", b"\x03", b"\x04")
_TAG_HEAD: Final = 10


def signature(head: bytes) -> str | None:
    """Return the media type that a file's first bytes tell, None if they tell none."""
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            return kind
    if head[:4] in _RIFFS:
        return _RIFF.get(head[8:12])
    if head[:4] == b"FORM":
        return _IFF.get(head[8:12])
    return _iso(head) or _container(head) or _tagged(head) or _sound_frame(head) or _bitmap(head)


def _iso(head: bytes) -> str | None:
    """Tell an ISO media file by its brands: ISO 14496-12, 4.3. Their box is never large."""
    if head[:1] != b"\x00":
        return None
    if head[4:8] != b"ftyp":
        return "video/quicktime" if head[4:8] in _ATOMS else None
    main = head[8:12]
    if main in _ANY_PICTURE:
        end = min(int.from_bytes(head[:4]), len(head))
        others = (head[at : at + 4] for at in range(16, end, 4))
        return next((_PICTURES[one] for one in others if one in _PICTURES), "image/heif")
    known = _PICTURES.get(main) or _BRANDS.get(main) or _MOBILE.get(main[:3])
    return known or "video/mp4"


def _container(head: bytes) -> str | None:
    if head.startswith(b"OggS"):
        return "video/ogg" if b"\x80theora" in head else "audio/ogg"
    if head.startswith(b"\x1aE\xdf\xa3"):
        kind = head[:_EBML_HEAD].partition(_DOC_TYPE)[2]
        return "video/webm" if b"webm" in kind[:12] else "video/x-matroska"
    if head.startswith(_ASF):
        return "video/x-ms-wmv" if _ASF_VIDEO in head else "audio/x-ms-wma"
    return None


def _tagged(head: bytes) -> str | None:
    """Tell what stands behind an ID3v2 tag (https://id3.org/id3v2.4.0-structure, 3.1).

    That is MP3 where the tag, with its picture, is longer than what is looked at.
    """
    if not head.startswith(b"ID3") or head[3:4] not in _TAG_VERSIONS:
        return None
    size = 0
    for byte in head[6:_TAG_HEAD]:
        size = size << 7 | byte & 0x7F
    behind = head[_TAG_HEAD + size :]
    return "audio/flac" if behind.startswith(b"fLaC") else _sound_frame(behind) or "audio/mpeg"


def _sound_frame(head: bytes) -> str | None:
    """Tell a frame of MPEG audio or AAC: ISO 11172-3, 2.4.1.3 and ISO 13818-7, 6.2."""
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004
        return None
    if head[1] & 0xF6 == 0xF0:  # noqa: PLR2004
        return "audio/aac"
    is_layer = head[1] & 0x06 and head[1] & 0x18 != 0x08  # noqa: PLR2004
    is_rate = head[2] & 0xF0 not in (0xF0, 0x00) and head[2] & 0x0C != 0x0C  # noqa: PLR2004
    return "audio/mpeg" if is_layer and is_rate else None


def _bitmap(head: bytes) -> str | None:
    """Tell a Windows bitmap: two letters alone might begin a text."""
    is_one = head[:2] == b"BM" and head[6:10] == b"\x00\x00\x00\x00" and len(head) > 18  # noqa: PLR2004
    return "image/bmp" if is_one else None
