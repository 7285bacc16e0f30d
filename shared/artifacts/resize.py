"""Resizes the picture on its input to WebP on its output, within limits; a process of its own.

`python -m shared.artifacts.resize WIDTH HEIGHT`; 0 for a side that follows from the other.
"""

from __future__ import annotations

import io
import resource
import sys
import warnings
from typing import Final

from PIL import Image, ImageOps

#: Most memory (bytes) and processor time (seconds) of the process.
_MEMORY_BYTES: Final = 1024**3
_CPU_S: Final = 15
#: Most pixels of a picture: a small file may unfold to any number.
MOST_PIXELS: Final = 50_000_000
#: What is read; no format that runs programs or names other files.
_FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "JPEG2000")


def resized(picture: bytes, width: int, height: int) -> bytes:
    """Return the picture, in WebP. Raises OSError, ValueError, DecompressionBombError."""
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    with Image.open(io.BytesIO(picture), formats=_FORMATS) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        # What JPEG can leave out while it decodes need not be thrown away afterwards.
        opened.draft("RGB", (width or opened.width, height or opened.height))
        upright = in_eight_bits(ImageOps.exif_transpose(opened))
        mode = "RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB"
        image = upright.convert(mode)
    wide = width or max(1, round(height * image.width / image.height))
    high = height or max(1, round(width * image.height / image.width))
    out = io.BytesIO()
    image.resize((min(wide, 4096), min(high, 4096))).save(out, "WEBP", quality=85)
    return out.getvalue()


def in_eight_bits(picture: Image.Image) -> Image.Image:
    """Return a picture of 16 bits of grey in eight: Pillow makes all but the darkest white."""
    if not picture.mode.startswith("I;16"):
        return picture
    return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")


def main() -> None:
    """Resize; an exit status other than 0 means that it cannot be done."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    width, height = (int(text) for text in sys.argv[1:3])
    try:
        done = resized(sys.stdin.buffer.read(), width, height)
    except Exception as exc:
        sys.exit(type(exc).__name__)
    sys.stdout.buffer.write(done)


if __name__ == "__main__":
    main()
