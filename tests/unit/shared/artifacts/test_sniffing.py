"""What a file is, by its bytes before its sender's word."""

from __future__ import annotations

import pytest

from shared.artifacts.artifact import tidy_name
from shared.artifacts.sniffing import HEAD_BYTES, media_type_of


@pytest.mark.parametrize(
    ("head", "said", "name", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", "text/html", "x.html", "image/png"),
        (b"\xff\xd8\xff\xe0....", None, "", "image/jpeg"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", None, "", "image/webp"),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", None, "", "audio/wav"),
        (b"\x00\x00\x00\x20ftypM4A \x00", None, "", "audio/mp4"),
        (b"\x00\x00\x00\x20ftypisom\x00", None, "", "video/mp4"),
        (b"\x00\x00\x00\x20ftypM4V \x00", None, "", "video/mp4"),
        (b"\x00\x00\x00\x20ftypqt  \x00", None, "", "video/quicktime"),
        (b"\x00\x00\x00\x20ftyp3gp5\x00", None, "", "video/3gpp"),
        (b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat", None, "", "video/quicktime"),
        (b"\x00\x00\x00\x20ftypmp42\x00", "audio/x-m4a", "", "audio/mp4"),
        (b"\x00\x00\x00\x18ftypheix\x00\x00\x00\x00mif1heix", None, "", "image/heic"),
        (b"\x00\x00\x00\x18ftyphevc\x00", None, "", "image/heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", None, "", "image/heic"),
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1miafavif", None, "", "image/avif"),
        (b"\x00\x00\x00\x14ftypmsf1\x00\x00\x00\x00msf1avis", None, "", "image/heif"),
        (b"\x00\x00\x00\x1cftypavis\x00", None, "", "image/avif"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", None, "", "video/webm"),
        (b"\x1aE\xdf\xa3\x9fB\x82\x84webm", "audio/webm;codecs=opus", "", "audio/webm"),
        (b"\x1aE\xdf\xa3\x9fB\x82\x88matroska ... webm", None, "", "video/x-matroska"),
        (b"RF64\xff\xff\xff\xffWAVEds64", None, "", "audio/wav"),
        (b"BW64\xff\xff\xff\xffWAVEds64", None, "", "audio/wav"),
        (b"FORM\x00\x00\x00\x10AIFFCOMM", None, "", "audio/aiff"),
        (b"ID3\x04\x00", None, "", "audio/mpeg"),
        (b"ID3\x04\x00\x00\x00\x00\x00\x02xxfLaC", None, "", "audio/flac"),
        (b"ID3\x03\x00\x00\x00\x00\x00\x02xx\xff\xf1\x50\x80", None, "", "audio/aac"),
        (b"ID3 is a tag", None, "", "text/plain"),
        (b"MM\x00+\x00\x08", None, "", "image/tiff"),
        (b"\x00\x00\x00\x0cJXL \r\n\x87\n", None, "", "image/jxl"),
        (b"\x00\x00\x01\x00\x01\x00", None, "", "image/x-icon"),
        ("h\xfcte".encode("utf-16"), None, "", "text/plain"),
        ("\ufeff<html>".encode("utf-16-be"), None, "", "text/html"),
        ("<svg onload='a()'>".encode("utf-16"), "image/png", "", "image/svg+xml"),
        (b"\xff\xfb\x90\x64\x00", None, "", "audio/mpeg"),
        (b"\xff\xf1\x50\x80\x00", None, "", "audio/aac"),
        (b"OggS\x00\x02........OpusHead", None, "", "audio/ogg"),
        # What a browser would run is what it is, whatever it is called.
        (b"<svg xmlns='x' onload='alert(1)'>", "image/png", "x.png", "image/svg+xml"),
        (b"<?xml version='1.0'?>\n<!-- a --><svg>", "text/plain", "", "image/svg+xml"),
        (b'\xef\xbb\xbf<!--a--><!DOCTYPE svg [<!ENTITY a "b">]><svg>', "", "", "image/svg+xml"),
        (b"<?xml-stylesheet href='a'?><x:svg xmlns:x='y'>", "", "", "image/svg+xml"),
        (b"  <!DOCTYPE HTML><p>", "text/plain", "x.txt", "text/html"),
        (b"<script>alert(1)</script>", "application/json", "", "text/html"),
        # What is no picture is none.
        (b"hello", "image/png", "x.png", "text/plain"),
        (b"\x01\x02\x03\x04", "image/png", "x.png", "application/octet-stream"),
        (b"\x01\x02\x03\x04", "text/html", "x", "application/octet-stream"),
        (b"\x01\x02\x03\x04", "audio/pcm; rate=24000", "x", "audio/pcm"),
        (b'{"custom_id": 1}', None, "in.jsonl", "application/jsonl"),
        (b'{"custom_id": 1}', "application/json", "", "application/json"),
        (b"a;b\n1;2", "text/csv", "", "text/csv"),
        ("grün".encode(), "text/html", "", "text/plain"),
        (b"", None, "", "text/plain"),
        (b"BM is a name", None, "", "text/plain"),
    ],
)
def test_media_type(head: bytes, said: str | None, name: str, kind: str) -> None:
    assert media_type_of(head, said, name) == kind


@pytest.mark.timeout(10)
@pytest.mark.parametrize("piece", [b"<!---->", b"<??>", b"<!doctype svg[]>", b" ", b"]>"])
def test_a_file_of_what_may_stand_before_a_picture_is_looked_at_once(piece: bytes) -> None:
    assert media_type_of((piece * HEAD_BYTES)[:HEAD_BYTES]) == "text/plain"


def test_character_that_the_look_cuts_through_is_text() -> None:
    assert media_type_of(("x" + "ü" * 4096).encode()[:4096], None) == "text/plain"


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        ("a b.png", "a b.png"),
        ("C:\\x\\y.txt", "y.txt"),
        # A name that is a folder's.
        ("../..", "file"),
        ("..", "file"),
        (".profile", ".profile"),
        ("", "file"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("a\x00\n\x85.png", "a.png"),
        ("x" * 10_000 + ".png", "x" * 251 + ".png"),
    ],
)
def test_names(name: str, tidy: str) -> None:
    assert tidy_name(name) == tidy
