"""Files made to hurt: each is refused or comes out harmless; nothing else is read or reached."""

from __future__ import annotations

import io
import struct
import wave
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from PIL import Image

from tests.acceptance.system.api import Api
from tests.acceptance.system.stack import Stack

SCRIPT = b"<script>alert(document.domain)</script>"


def picture(form: str = "GIF", size: tuple[int, int] = (8, 8)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "red").save(written, form)
    return written.getvalue()


def convert(api: Api, kind: str, form: str, content: bytes) -> requests.Response:
    names = {"image": "ConvertImage", "video": "ConvertVideo", "audio": "ConvertAudio"}
    files = {kind: ("a.bin", content)}
    return api.post(f"/api/{names[kind]}", data={"outputFormat": form}, files=files)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of(width: int, height: int, rows: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def text_bomb() -> bytes:
    """A PNG whose comment is 200 MB once it is decompressed."""
    comment = b"Comment\0\0" + zlib.compress(b"a" * 200_000_000, 9)
    whole = png_of(1, 1, b"\0\0\0\0")
    return whole[:33] + chunk(b"zTXt", comment) + whole[33:]


def gif_bomb() -> bytes:
    """A GIF whose screen is 65,000 x 65,000."""
    return b"GIF89a" + struct.pack("<HH", 65_000, 65_000) + picture()[10:]


def tiff_bomb() -> bytes:
    """A TIFF that says it has 60,000 x 60,000 pixels."""
    tags = [(256, 60_000), (257, 60_000), (258, 8), (259, 1), (262, 1), (273, 8), (278, 60_000)]
    tags.append((279, 100))
    body = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + body + b"\0" * 4


def zipped() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        file.writestr("a.png", picture("PNG"))
    return written.getvalue()


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: png_of(10_000, 10_000, b"\0" * 30_001), id="png of 100 megapixels"),
        pytest.param(lambda: png_of(2**31 - 1, 2**31 - 1, b""), id="png as large as can be said"),
        pytest.param(text_bomb, id="png with a comment of 200 MB"),
        pytest.param(gif_bomb, id="gif of 4 gigapixels"),
        pytest.param(tiff_bomb, id="tiff of 4 gigapixels"),
        pytest.param(lambda: picture("PNG")[:50], id="png cut off"),
        pytest.param(lambda: picture("JPEG")[:-40], id="jpeg cut off"),
        pytest.param(lambda: picture("WEBP")[:20], id="webp cut off"),
        pytest.param(zipped, id="zip with a picture"),
        pytest.param(lambda: b"\x89PNG\r\n\x1a\n" + SCRIPT, id="page that begins as a png"),
        pytest.param(lambda: b"%PDF-1.7\n1 0 obj<</JS(app.alert(1))>>endobj", id="pdf"),
        pytest.param(lambda: b"\xff\xd8\xff" + b"\0" * 100_000, id="zeros that begin as a jpeg"),
        pytest.param(lambda: b'<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>', id="svg"),
        pytest.param(lambda: b"", id="nothing"),
    ],
)
def test_a_picture_that_would_hurt_is_refused(api: Api, make: Callable[[], bytes]) -> None:
    refused = convert(api, "image", "png", make())
    assert refused.status_code == 400, refused.text[:300]
    assert refused.json()["responseStatus"]["message"]


@pytest.mark.parametrize("form", ["GIF", "PNG", "JPEG"])
def test_a_picture_that_is_a_page_as_well_comes_out_as_a_picture(api: Api, form: str) -> None:
    made = convert(api, "image", "png", picture(form) + SCRIPT)
    assert made.status_code == 200, made.text
    content = requests.get(made.json()["results"][0]["url"], timeout=10)
    assert SCRIPT not in content.content
    assert content.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["a.png", "a.html", "a.svg"])
def test_a_page_that_is_called_a_picture_is_never_run(api: Api, name: str) -> None:
    files = {"file": (name, SCRIPT, "image/svg+xml")}
    kept = api.post("/v1/files", data={"purpose": "user_data"}, files=files).json()
    told = api.get(f"/v1/files/{kept['id']}/content")
    assert told.content == SCRIPT
    assert "svg" not in told.headers["Content-Type"]
    assert "html" not in told.headers["Content-Type"]
    assert told.headers["X-Content-Type-Options"] == "nosniff"


def playlist_in_avi(target: str) -> bytes:
    """An AVI with subtitles that are a playlist (GAB2), which some demuxers open."""
    text = f"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1.0,\n{target}\n#EXT-X-ENDLIST\n".encode()
    gab2 = b"GAB2\0\2\0" + struct.pack("<I", 2) + b"s\0" + b"\4\0" + struct.pack("<I", len(text))
    data = gab2 + text
    head = b"strh" + struct.pack("<I", 56) + b"txts" + b"\0" * 52
    stream = b"LIST" + struct.pack("<I", 4 + len(head)) + b"strl" + head
    main = b"avih" + struct.pack("<I", 56) + b"\0" * 24 + struct.pack("<I", 1) + b"\0" * 28
    header = b"LIST" + struct.pack("<I", 4 + len(main) + len(stream)) + b"hdrl" + main + stream
    piece = b"00tx" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    movie = b"LIST" + struct.pack("<I", 4 + len(piece)) + b"movi" + piece
    return b"RIFF" + struct.pack("<I", 4 + len(header + movie)) + b"AVI " + header + movie


def reference_movie(target: str) -> bytes:
    """A QuickTime movie that says its data is at a URL."""
    alias = b"url " + struct.pack(">I", len(target) + 1) + target.encode() + b"\0"
    rdrf = struct.pack(">I", 12 + len(alias)) + b"rdrf" + b"\0\0\0\0" + alias
    rmda = struct.pack(">I", 8 + len(rdrf)) + b"rmda" + rdrf
    rmra = struct.pack(">I", 8 + len(rmda)) + b"rmra" + rmda
    moov = struct.pack(">I", 8 + len(rmra)) + b"moov" + rmra
    return struct.pack(">I", 20) + b"ftypqt  \0\0\0\0qt  " + moov


def box(name: bytes, *parts: bytes) -> bytes:
    """A box of an ISO media file."""
    return struct.pack(">I", 8 + sum(map(len, parts))) + name + b"".join(parts)


def words(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def external_sound(target: str) -> bytes:
    """An MP4 whose samples are in another file, which it names (ISO 14496-12, 8.7.2)."""
    unity = words(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    entry = box(b"sowt", words(0, 1), words(0, 0), struct.pack(">HHHHI", 1, 16, 0, 0, 8000 << 16))
    table = (
        box(b"stsd", words(0, 1), entry),
        box(b"stts", words(0, 1, 8000, 1)),
        box(b"stsc", words(0, 1, 1, 8000, 1)),
        box(b"stsz", words(0, 2, 8000)),
        box(b"stco", words(0, 1, 44)),
    )
    place = box(b"dref", words(0, 1), box(b"url ", words(0), target.encode() + b"\0"))
    media = box(b"minf", box(b"smhd", words(0, 0)), box(b"dinf", place), box(b"stbl", *table))
    handler = box(b"hdlr", words(0, 0), b"soun", words(0, 0, 0), b"\0")
    sound = box(b"mdia", box(b"mdhd", words(0, 0, 0, 8000, 8000, 0)), handler, media)
    head = box(b"tkhd", words(7, 0, 0, 1, 0, 8000, 0, 0, 0, 0x01000000), unity, words(0, 0))
    movie = box(b"mvhd", words(0, 0, 0, 8000, 8000, 0x10000, 0x01000000, 0, 0), unity, b"\0" * 28)
    return box(b"ftyp", b"qt  ", words(0), b"qt  ") + box(b"moov", movie, box(b"trak", head, sound))


def lists(target: str) -> dict[str, bytes]:
    hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n"
    mpd = f'<?xml version="1.0"?><MPD><Period><BaseURL>{target}</BaseURL></Period></MPD>'
    return {
        "hls": hls.encode(),
        "concat": f"ffconcat version 1.0\nfile '{target}'\n".encode(),
        "dash": mpd.encode(),
        "avi": playlist_in_avi(target),
        "quicktime": reference_movie(target),
        "mp4": external_sound(target),
        "subfile": f"ffconcat version 1.0\nfile 'subfile,,start,0,end,0,,:{target}'\n".encode(),
        "ram": f"{target}\n".encode(),
        "pls": f"[playlist]\nFile1={target}\nNumberOfEntries=1\n".encode(),
        "sdp": f"v=0\ns=x\nc=IN IP4 127.0.0.1\nm=video 1 RTP/AVP 96\na=control:{target}\n".encode(),
    }


@pytest.mark.parametrize("kind", list(lists("")))
@pytest.mark.parametrize("reached", ["file", "network"])
def test_a_list_of_other_places_leads_nowhere(
    stack: Stack, api: Api, tmp_path: Path, kind: str, reached: str
) -> None:
    secret = tmp_path / "secret.wav"
    with wave.open(str(secret), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\1\2" * 8000)
    target = f"file://{secret}" if reached == "file" else stack.receiver.url(f"/{tmp_path.name}")
    answer = convert(api, "audio", "wav", lists(target)[kind])
    # An MP4 that names another file may be read as if its samples were in itself.
    assert answer.status_code == (200 if answer.ok and kind == "mp4" else 400), answer.text[:300]
    assert str(tmp_path) not in answer.text
    for made in answer.json().get("results") or ():
        assert b"\1\2" * 50 not in requests.get(made["url"], timeout=10).content
    assert not stack.receiver.received(f"/{tmp_path.name}")


def test_a_wav_that_says_it_is_four_gigabytes_is_what_it_is(api: Api) -> None:
    head = b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    made = convert(api, "audio", "wav", head + b"data\xff\xff\xff\xff" + b"\0" * 16_000)
    assert made.status_code in (200, 400), made.text
    silent = convert(api, "audio", "wav", head + b"data\0\0\0\0")
    assert silent.status_code == 400, silent.text
    assert "there is nothing in" in silent.json()["responseStatus"]["message"]
    broken = convert(api, "audio", "wav", b"fLaC" + b"\0" * 300)
    assert "it is broken, or no sound or film" in broken.json()["responseStatus"]["message"]
