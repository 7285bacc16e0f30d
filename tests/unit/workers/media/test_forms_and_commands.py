"""Forms are as long as they say, and ffmpeg is told what it may read."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image
from werkzeug.formparser import MultiPartParser

from shared.media.formats import AudioFormat, ImageFormat, Position, Task, VideoFormat
from workers.media import ffmpeg_commands, picture_engine
from workers.providers.media.multipart import CONTENT_TYPE, FilePart, Form


def test_a_form_is_read_as_it_was_meant_and_can_be_sent_again() -> None:
    part = FilePart("image[]", 'ä "x"\r\n.png', "image/png", 6, lambda: iter((b"abc", b"\r\n-")))
    told = {"model": "m", "include[]": ["a", "b"], "flag": True, "none": None, "a": {"b": 1}}
    form = Form(told, [part])
    sent = b"".join(form)
    assert len(sent) == len(form)
    assert b"".join(form) == sent
    boundary = CONTENT_TYPE.partition("boundary=")[2].encode()
    fields, files = MultiPartParser().parse(io.BytesIO(sent), boundary, len(sent))
    read = {"model": ["m"], "include[]": ["a", "b"], "flag": ["true"], "a": ['{"b": 1}']}
    assert fields.to_dict(flat=False) == read
    with closing(files["image[]"]) as file:
        assert file.read() == b"abc\r\n-"


@pytest.mark.parametrize("task", [one for one in Task if not one.is_of_a_picture])
def test_ffmpeg_reads_local_files_of_known_kinds_only(task: Task) -> None:
    asked = {"task": task, "start_s": 1, "width": 8, "height": 8, "x": 0, "y": 0}
    asked["position"] = Position.CENTER
    if task in (Task.CONVERT_AUDIO, Task.TRIM_AUDIO):
        asked["format"] = AudioFormat.MP3
    told = ffmpeg_commands.arguments(asked, "video/webm")
    inputs = [at for at, word in enumerate(told) if word == "-i"]
    assert len(inputs) == (2 if "Watermark" in task else 1)
    for at in inputs:
        before = told[at - 6 : at]
        assert before[:2] == ["-protocol_whitelist", "file"]
        kinds = before[3].split(",")
        assert not {"hls", "concat", "dash", "sdp", "image2", "lavfi", "tee"} & set(kinds)
    assert told[-1] == "file:output"


def test_a_video_stays_what_it_is_unless_it_is_converted() -> None:
    assert ffmpeg_commands.extension({}, "video/webm") == "webm"
    assert ffmpeg_commands.extension({}, "video/x-unknown") == "mp4"
    assert ffmpeg_commands.extension({"format": VideoFormat.AVI}, "video/webm") == "avi"


def test_a_picture_of_too_many_pixels_is_refused_also_as_what_comes_of_it(tmp_path: Path) -> None:
    Image.new("RGB", (10, 10)).save(tmp_path / "input", "PNG")
    asked = {"task": Task.SCALE_IMAGE, "width": 7680, "height": 7680}
    with pytest.raises(picture_engine.Refused, match="pixels"):
        picture_engine.change(tmp_path, asked)


def test_a_part_beyond_a_picture_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (10, 10)).save(tmp_path / "input", "PNG")
    asked = {"task": Task.CROP_IMAGE, "x": 5, "y": 0, "width": 6, "height": 1}
    with pytest.raises(picture_engine.Refused, match="10x10"):
        picture_engine.change(tmp_path, asked)


@pytest.mark.parametrize("form", [ImageFormat.GIF, ImageFormat.WEBP])
def test_each_frame_of_a_picture_that_moves_is_seen_as_long_as_it_was(
    tmp_path: Path, form: ImageFormat
) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    lasts = [50, 100, 3000]
    frames[0].save(
        tmp_path / "input", "GIF", save_all=True, append_images=frames[1:], duration=lasts
    )
    picture_engine.change(tmp_path, {"task": Task.CONVERT_IMAGE, "format": form})
    with Image.open(tmp_path / "output") as made:
        seen = []
        for at in range(3):
            made.seek(at)
            made.load()
            seen.append(made.info["duration"])
    assert seen == lasts


@pytest.mark.parametrize("mode", ["I;16", "I;16B"])
def test_grey_of_16_bits_stays_what_it_is(tmp_path: Path, mode: str) -> None:
    deep = Image.new("I;16", (2, 2))
    deep.putdata([0, 1000, 32768, 65535])
    if mode != deep.mode:
        deep = deep.convert("I").convert(mode)
    deep.save(tmp_path / "input", "TIFF")
    picture_engine.change(tmp_path, {"task": Task.CONVERT_IMAGE, "format": ImageFormat.PNG})
    with Image.open(tmp_path / "output") as made:
        assert [made.getpixel((at % 2, at // 2)) for at in range(4)] == [
            (grey, grey, grey) for grey in (0, 3, 128, 255)
        ]


def test_a_frame_shows_nothing_of_the_one_before_it(tmp_path: Path) -> None:
    frames = [Image.new("RGBA", (8, 4)), Image.new("RGBA", (8, 4))]
    frames[0].paste("red", (0, 0, 4, 4))
    frames[1].paste("blue", (4, 0, 8, 4))
    frames[0].save(tmp_path / "input", "GIF", save_all=True, append_images=frames[1:], disposal=2)
    picture_engine.change(tmp_path, {"task": Task.CONVERT_IMAGE, "format": ImageFormat.GIF})
    with Image.open(tmp_path / "output") as made:
        made.seek(1)
        alphas = made.convert("RGBA").getchannel("A")
        assert (alphas.getpixel((1, 1)), alphas.getpixel((6, 1))) == (0, 255)
