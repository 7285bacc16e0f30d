"""Changes one picture by Pillow, within limits; a process of its own.

`python -m workers.media.picture_engine LIMITS REQUEST`, both JSON, in a folder with the files
`input`, `watermark` if there is one, and `output`, which it writes.
"""

from __future__ import annotations

import json
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from shared.artifacts.resize import in_eight_bits
from shared.artifacts.sniffing import HEAD_BYTES, media_type_of
from shared.media.formats import ImageFormat, Position, Task
from workers.media.confined import confine

#: Most pixels of a picture, in and out: a small file may unfold to any number.
MOST_PIXELS: Final = 50_000_000
#: What is read: no format that runs programs or names other files.
_READ: Final = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "JPEG2000")
#: The same, as their bytes are called.
_KINDS: Final = (
    *("image/png", "image/jpeg", "image/gif", "image/webp"),
    *("image/bmp", "image/tiff", "image/avif", "image/jp2"),
)
_WRITTEN: Final = {
    ImageFormat.JPG: "JPEG",
    ImageFormat.PNG: "PNG",
    ImageFormat.GIF: "GIF",
    ImageFormat.BMP: "BMP",
    ImageFormat.TIFF: "TIFF",
    ImageFormat.WEBP: "WEBP",
}
#: Formats without transparency.
_OPAQUE: Final = (ImageFormat.JPG, ImageFormat.BMP)
#: Formats that can move.
_MOVING: Final = (ImageFormat.GIF, ImageFormat.WEBP)
_MARGIN: Final = 10
_MOST_FRAMES: Final = 500
#: What becomes of a frame before the next one (GIF89a, 23).
_STAYS: Final = 1
_TO_GROUND: Final = 2
_OPAQUE_ALPHA: Final = 255
#: How long a frame is seen that does not say (milliseconds).
_FRAME_MS: Final = 100

Json = dict[str, Any]


class Refused(Exception):
    """The picture, or what is asked of it, is none that can be."""


def change(folder: Path, asked: Json) -> None:
    """Do what is asked to `input`, and write `output`. Raises Refused."""
    task = Task(asked["task"])
    with _opened(folder / "input") as opened:
        if task is Task.CONVERT_IMAGE:
            _convert(opened, ImageFormat(asked["format"]), folder / "output")
            return
        picture = _upright(opened)
    _save(_changed(picture, task, asked, folder), ImageFormat.PNG, folder / "output")


def _changed(picture: Image.Image, task: Task, asked: Json, folder: Path) -> Image.Image:
    if task is Task.CROP_IMAGE:
        return _cropped(picture, asked)
    if task is Task.WATERMARK_IMAGE:
        with _opened(folder / "watermark") as mark:
            return _watermarked(picture, _upright(mark), asked)
    if task is Task.MASK_IMAGE:
        return ImageOps.invert(picture.convert("RGBA").getchannel("A")).convert("RGB")
    if task is Task.UPSCALE_IMAGE:
        return _scaled(picture, picture.width * 2, picture.height * 2)
    width, height = int(asked.get("width") or 0), int(asked.get("height") or 0)
    # With one side given the other one follows.
    wide = width or max(1, round(picture.width * height / picture.height))
    high = height or max(1, round(picture.height * width / picture.width))
    return _scaled(picture, wide, high)


def _opened(path: Path) -> Image.Image:
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        opened = Image.open(path, formats=_READ)
    except UnidentifiedImageError:
        raise Refused(_unread(path)) from None
    _check_size(opened.width, opened.height)
    return opened


def _unread(path: Path) -> str:
    """Return why a file is not read: it is something else, or it is broken."""
    with path.open("rb") as file:
        kind = media_type_of(file.read(HEAD_BYTES))
    if kind in _KINDS:
        return "it is no picture that can be read"
    return f"it is {kind}, and pictures that are read are {', '.join(_READ)}"


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise Refused(f"it has more than {MOST_PIXELS} pixels: {width}x{height}")


def _upright(opened: Image.Image) -> Image.Image:
    turned = in_eight_bits(ImageOps.exif_transpose(opened))
    has_alpha = "A" in turned.getbands() or "transparency" in turned.info
    return turned.convert("RGBA" if has_alpha else "RGB")


def _convert(opened: Image.Image, form: ImageFormat, path: Path) -> None:
    count = _count_frames(opened) if form in _MOVING else 1
    if count == 1:
        _save(_upright(opened), form, path)
        return
    if count > _MOST_FRAMES or count * opened.width * opened.height > 4 * MOST_PIXELS:
        raise Refused(f"it has too many frames: {count}")
    _save_moving(opened, form, path)


def _count_frames(opened: Image.Image) -> int:
    """Return how many frames there are; of a TIFF no more than one too many are counted.

    Pillow looks for each of its frames among all that were before it.
    """
    if opened.format != "TIFF":
        return int(getattr(opened, "n_frames", 1))
    count = 1
    with suppress(EOFError):
        while count <= _MOST_FRAMES:
            opened.seek(count)
            count += 1
    opened.seek(0)
    return count


def _save_moving(opened: Image.Image, form: ImageFormat, path: Path) -> None:
    frames, durations = [], []
    for frame in ImageSequence.Iterator(opened):
        frames.append(frame.convert("RGBA"))
        # What is said of a frame is there while it is the one that is read.
        durations.append(round(frame.info.get("duration", _FRAME_MS)))
    has_holes = any(frame.getchannel("A").getextrema()[0] != _OPAQUE_ALPHA for frame in frames)
    frames[0].save(
        path,
        _WRITTEN[form],
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=opened.info.get("loop", 0),
        # Through its holes a frame would show the ones before it.
        disposal=_TO_GROUND if has_holes else _STAYS,
    )


def _save(picture: Image.Image, form: ImageFormat, path: Path) -> None:
    if form in _OPAQUE and picture.mode == "RGBA":
        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture, mask=picture.getchannel("A"))
        picture = ground
    picture.save(path, _WRITTEN[form])


def _cropped(picture: Image.Image, asked: Json) -> Image.Image:
    left, top, width, height = (asked[name] for name in ("x", "y", "width", "height"))
    if left + width > picture.width or top + height > picture.height:
        raise Refused(
            f"the part reaches beyond the picture, which is {picture.width}x{picture.height}"
        )
    return picture.crop((left, top, left + width, top + height))


def _scaled(picture: Image.Image, width: int, height: int) -> Image.Image:
    _check_size(width, height)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _watermarked(picture: Image.Image, mark: Image.Image, asked: Json) -> Image.Image:
    scale, opacity = float(asked["scale"]), float(asked["opacity"])
    size = (max(1, round(mark.width * scale)), max(1, round(mark.height * scale)))
    _check_size(*size)
    shown = mark.convert("RGBA").resize(size)
    shown.putalpha(shown.getchannel("A").point([round(value * opacity) for value in range(256)]))
    ground = picture.convert("RGBA")
    ground.alpha_composite(*_placed(ground, shown, Position(asked["position"])))
    return ground if picture.mode == "RGBA" else ground.convert("RGB")


def _placed(
    ground: Image.Image, mark: Image.Image, position: Position
) -> tuple[Image.Image, tuple[int, int]]:
    """Return what of the mark is seen, and where it is."""
    right, low = ground.width - mark.width - _MARGIN, ground.height - mark.height - _MARGIN
    left, top = {
        Position.TOP_LEFT: (_MARGIN, _MARGIN),
        Position.TOP_RIGHT: (right, _MARGIN),
        Position.BOTTOM_LEFT: (_MARGIN, low),
        Position.BOTTOM_RIGHT: (right, low),
        Position.CENTER: ((ground.width - mark.width) // 2, (ground.height - mark.height) // 2),
    }[position]
    return mark.crop((max(0, -left), max(0, -top), mark.width, mark.height)), (
        max(0, left),
        max(0, top),
    )


def main() -> None:
    """Change the picture; else say why not, in a line, with the exit status 1."""
    confine(**json.loads(sys.argv[1]))
    try:
        change(Path(), json.loads(sys.argv[2]))
    except Refused as exc:
        sys.exit(str(exc))
    except Image.DecompressionBombError:
        sys.exit(f"it has more than {MOST_PIXELS} pixels")
    except MemoryError:
        sys.exit("it takes too much memory")
    except Exception as exc:
        sys.exit(f"it is no picture that can be read ({type(exc).__name__})")


if __name__ == "__main__":
    main()
