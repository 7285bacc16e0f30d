"""Pictures, videos and sound are changed by real engines; bad files are refused."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import uuid
import zlib
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from shared.media.ffmpeg import ffmpeg_path
from tests.acceptance.system.api import Api
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack


def png(width: int = 40, height: int = 30, colour: str = "red") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(written, "PNG")
    return written.getvalue()


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("video") / "v.mp4"
    source = ["-f", "lavfi", "-i", "testsrc=size=65x49:rate=15:duration=2", "-pix_fmt", "yuv444p"]
    made = [ffmpeg_path(), "-v", "error", *source, str(path)]
    subprocess.run(made, check=True, timeout=60)
    return path.read_bytes()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("sound") / "s.wav"
    made = [ffmpeg_path(), "-v", "error", "-f", "lavfi", "-i", "sine=duration=1", str(path)]
    subprocess.run(made, check=True, timeout=60)
    return path.read_bytes()


def change(
    api: Api, name: str, form: dict[str, Any], *files: bytes, field: str = "image"
) -> requests.Response:
    names = (field, "watermark")
    parts = {names[at]: (f"my.{field}", content) for at, content in enumerate(files)}
    return api.post(f"/api/{name}", data=form, files=parts)


def made(answer: requests.Response) -> tuple[str, bytes]:
    assert answer.status_code == 200, answer.text
    [one] = answer.json()["results"]
    return one["fileName"], requests.get(one["url"], timeout=10).content


def opened(answer: requests.Response) -> Image.Image:
    return Image.open(io.BytesIO(made(answer)[1]))


@pytest.mark.parametrize("form", ["jpg", "Png", "gif", "BMP", "tiff", "webp"])
def test_a_picture_becomes_one_of_another_format(api: Api, form: str) -> None:
    answer = change(api, "ConvertImage", {"outputFormat": form}, png())
    assert made(answer)[0] == f"my.{form.lower()}"
    assert opened(answer).format == {"jpg": "JPEG"}.get(form.lower(), form.upper())


def test_pictures_are_cropped_scaled_and_marked(api: Api) -> None:
    part = {"x": 0, "y": 5, "width": 10, "height": 20}
    assert opened(change(api, "CropImage", part, png())).size == (10, 20)
    assert opened(change(api, "ScaleImage", {"width": 80}, png())).size == (80, 60)
    assert opened(change(api, "ImageUpscale", {}, png())).size == (80, 60)
    mark = png(8, 8, "blue")
    form = {"position": "Center", "opacity": 1}
    marked = opened(change(api, "WatermarkImage", form, png(), mark))
    assert (marked.getpixel((20, 15)), marked.getpixel((0, 0))) == ((0, 0, 255), (255, 0, 0))


@pytest.mark.parametrize("form", ["MP4", "mov", "webm", "MVK", "avi", "wmv", "mpeg", "ogg"])
def test_a_video_becomes_one_of_another_format(api: Api, video: bytes, form: str) -> None:
    name, content = made(change(api, "ConvertVideo", {"outputFormat": form}, video, field="video"))
    assert name == f"my.{form.lower().replace('mvk', 'mkv')}"
    assert len(content) > 1000


def test_videos_are_cropped_scaled_trimmed_and_marked(api: Api, video: bytes) -> None:
    part = {"x": 0, "y": 1, "width": 32, "height": 20}
    for name, form, more in (
        ("CropVideo", part, ()),
        ("ScaleVideo", {"width": 32}, ()),
        ("TrimVideo", {"startTime": "00:01", "endTime": "-1"}, ()),
        ("WatermarkVideo", {"position": "topright"}, (png(),)),
    ):
        content = made(change(api, name, form, video, *more, field="video"))[1]
        assert content[4:8] == b"ftyp", name
    behind = change(api, "TrimVideo", {"startTime": "00:09"}, video, field="video")
    assert (behind.status_code, "nothing" in behind.text) == (400, True)


@pytest.mark.parametrize("form", ["mp3", "WAV", "aac", "flac", "ogg", "m4a", "wma"])
def test_a_sound_becomes_one_of_another_format(api: Api, sound: bytes, form: str) -> None:
    answer = change(api, "ConvertAudio", {"outputFormat": form}, sound, field="audio")
    assert made(answer)[0] == f"my.{form.lower()}"


def test_a_queued_transform_calls_back(stack: Stack, api: Api) -> None:
    path = f"/{uuid.uuid4().hex}"
    form = {"width": 20, "replyTo": stack.receiver.url(path), "state": "s", "refId": path}
    queued = change(api, "QueueScaleImage", form, png()).json()
    body = json.loads(stack.receiver.wait_for(path)[0].body)
    assert (body["state"], body["refId"], body["outputs"][0]["fileName"]) == ("s", path, "my.png")
    status = api.get("/api/GetArtifactGenerationStatus", params={"jobId": queued["jobId"]}).json()
    assert status["results"][0]["url"] == body["outputs"][0]["url"]


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _bomb() -> bytes:
    """A picture of 100 megapixels that is some kilobytes."""
    head = struct.pack(">IIBBBBB", 10_000, 10_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * (1251 * 10_000), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")
    )


_SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(png()[:40], id="cut off"),
        pytest.param(b"GIF89a" + b"\0" * 20, id="a head alone"),
        pytest.param(_SVG, id="svg with a script"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", id="eps"),
        pytest.param(_bomb(), id="100 megapixels"),
        pytest.param(b"<html>no</html>", id="a page"),
    ],
)
def test_what_is_no_picture_is_refused(api: Api, content: bytes) -> None:
    refused = change(api, "ConvertImage", {"outputFormat": "png"}, content)
    assert refused.status_code == 400, refused.text
    assert refused.json()["responseStatus"]["message"]


def _playlist(secret: Path) -> list[bytes]:
    return [
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n".encode(),
        f"ffconcat version 1.0\nfile '{secret}'\n".encode(),
        f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 {secret}\nm=video 1 RTP/AVP 96\n".encode(),
    ]


@pytest.mark.parametrize("place", range(3))
def test_a_playlist_that_names_another_file_reads_nothing(
    api: Api, tmp_path: Path, video: bytes, place: int
) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(video)
    refused = change(
        api, "ConvertVideo", {"outputFormat": "mp4"}, _playlist(secret)[place], field="video"
    )
    assert refused.status_code == 400, refused.text
    assert str(tmp_path) not in refused.text


@pytest.mark.parametrize(
    ("name", "form", "field"),
    [
        pytest.param("ConvertImage", {"outputFormat": "exe"}, "outputFormat", id="format"),
        pytest.param("ConvertImage", {}, "outputFormat", id="no format"),
        pytest.param("CropImage", {"x": -1, "width": 1, "height": 1}, "x", id="outside"),
        pytest.param("ScaleImage", {}, "width", id="no size"),
        pytest.param("WatermarkImage", {"position": "Top"}, "position", id="position"),
        pytest.param("WatermarkImage", {}, "watermark", id="no watermark"),
        pytest.param("TrimVideo", {"startTime": "x"}, "startTime", id="time"),
    ],
)
def test_what_is_wrong_with_a_wish_is_named(
    api: Api, name: str, form: dict[str, Any], field: str
) -> None:
    kind = "video" if "Video" in name else "image"
    refused = change(api, name, form, png(), field=kind)
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == field


def test_a_job_that_is_cancelled_ends_its_engine(stack: Stack, api: Api) -> None:
    source = ["-f", "lavfi", "-i", "testsrc=size=320x240:rate=30:duration=60", "-c:v", "mpeg4"]
    made = [ffmpeg_path(), "-v", "error", *source, "-f", "avi", "pipe:1"]
    long = subprocess.run(made, check=True, timeout=120, stdout=subprocess.PIPE).stdout
    before = _outputs(api)
    queued = change(api, "QueueConvertVideo", {"outputFormat": "webm"}, long, field="video").json()
    until(_engines, "the engine runs")
    api.post("/api/CancelJob", json={"id": queued["jobId"]})
    assert api.until_ended(queued["jobId"])["jobState"] == "Cancelled"
    until(lambda: not _engines(), "the engine is gone")
    assert _outputs(api) == before


def _outputs(api: Api) -> list[str]:
    """Return what was made for this caller, as far as it is kept."""
    listed = api.get("/v1/files", params={"purpose": "output", "limit": 1000}).json()
    return [one["id"] for one in listed["data"]]


def _engines() -> list[int]:
    """Return the ffmpegs that work in a folder of a job."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if b"-format_whitelist" in words and b"libvpx" in words:
            found.append(int(process.name))
    return found
