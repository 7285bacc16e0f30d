"""Reads `picture.png` by rapidocr, within limits, and writes `read.txt`; a process of its own.

`python -m workers.media.engines.rapidocr_engine LIMITS`
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from workers.media.confined import confine


def read(path: Path) -> str:
    """Return the words of a picture, one line for each place where there are some."""
    import numpy as np  # noqa: PLC0415 - comes with the engine
    from rapidocr_onnxruntime import RapidOCR  # noqa: PLC0415 - within limits, and only here

    with Image.open(path, formats=("PNG",)) as opened:
        pixels = np.asarray(opened.convert("RGB"))[:, :, ::-1]
    found: Any = RapidOCR(intra_op_num_threads=2)(np.ascontiguousarray(pixels))[0]
    return "\n".join(text for _, text, _ in found or ())


def main() -> None:
    """Read; else say why not, in a line, with the exit status 1."""
    confine(**json.loads(sys.argv[1]))
    try:
        Path("read.txt").write_text(read(Path("picture.png")), "utf-8")
    except MemoryError:
        sys.exit("it takes too much memory")
    except Exception as exc:
        sys.exit(f"the picture could not be read ({type(exc).__name__}: {exc})")


if __name__ == "__main__":
    main()
