"""Pictures made to hurt, and those that are none: refused with a reason, before they cost much."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from shared.media.formats import ImageFormat, Task
from workers.media import picture_engine


def tiff_of(frames: int) -> bytes:
    """A TIFF of so many frames, each a directory of its own of the same pixel."""
    tags = [(256, 1), (257, 1), (258, 8), (259, 1), (262, 1), (273, 4), (278, 1), (279, 1)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    size = 2 + len(entries) + 4
    heads = [struct.pack("<H", len(tags)) + entries] * frames
    places = [8 + (number + 1) * size for number in range(frames - 1)]
    return b"II*\0\x08\0\0\0" + b"".join(
        head + struct.pack("<I", place) for head, place in zip(heads, [*places, 0], strict=True)
    )


def moving(form: str, frames: int, size: tuple[int, int] = (2, 2)) -> bytes:
    written, ground = io.BytesIO(), Image.new("RGB", size, "red")
    colours = [(number * 97 % 256, number // 256, 0) for number in range(frames)]
    others = [Image.new("RGB", size, colour) for colour in colours]
    ground.save(written, form, save_all=True, append_images=others[1:], duration=20)
    return written.getvalue()


def with_chunk(name: bytes, data: bytes) -> bytes:
    """A PNG that has this chunk behind its head."""
    written = io.BytesIO()
    Image.new("RGB", (1, 1)).save(written, "PNG")
    added = struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return written.getvalue()[:33] + added + written.getvalue()[33:]


def convert(folder: Path, content: bytes, form: ImageFormat) -> None:
    (folder / "input").write_bytes(content)
    picture_engine.change(folder, {"task": Task.CONVERT_IMAGE, "format": form})


@pytest.mark.parametrize(
    ("make", "why"),
    [
        pytest.param(lambda: tiff_of(30_000), "too many frames", id="tiff of 30,000 frames"),
        pytest.param(lambda: moving("GIF", 501), "too many frames: 501", id="gif"),
        pytest.param(
            lambda: with_chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)),
            "too many frames",
            id="png that says it moves for ever",
        ),
        pytest.param(lambda: moving("WEBP", 30, (8, 8)), "too many frames", id="webp that unfolds"),
        pytest.param(
            lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "it is image/heic, and", id="heic"
        ),
        pytest.param(lambda: b"<svg xmlns='x'/>", r"it is image/svg\+xml, and", id="svg"),
        pytest.param(lambda: b"\x89PNG\r\n\x1a\n", "no picture that can be read", id="no png"),
    ],
)
def test_is_refused_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[], bytes], why: str
) -> None:
    monkeypatch.setattr(picture_engine, "MOST_PIXELS", 100)
    with pytest.raises(picture_engine.Refused, match=why):
        convert(tmp_path, make(), ImageFormat.GIF)
    assert not (tmp_path / "output").exists()


def test_a_profile_of_50_mb_is_not_unfolded(tmp_path: Path) -> None:
    profile = b"x\0\0" + zlib.compress(b"\0" * 50_000_000, 9)
    with pytest.raises(ValueError, match="too large"):
        convert(tmp_path, with_chunk(b"iCCP", profile), ImageFormat.PNG)


def test_of_many_frames_the_first_is_shown_where_none_moves(tmp_path: Path) -> None:
    convert(tmp_path, tiff_of(30_000), ImageFormat.PNG)
    with Image.open(tmp_path / "output") as made:
        assert made.size == (1, 1)


def test_each_frame_of_a_tiff_is_there_where_they_move(tmp_path: Path) -> None:
    convert(tmp_path, moving("TIFF", 5), ImageFormat.WEBP)
    with Image.open(tmp_path / "output") as made:
        assert getattr(made, "n_frames", 1) == 5
