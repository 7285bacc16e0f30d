"""Reads what is written in a picture: Pillow makes it a PNG, tesseract or rapidocr reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from shared.codecs.json_bytes import to_json_bytes
from shared.media.formats import ImageFormat, Task
from shared.media.request import MediaRequest
from workers.media.engines.changing import PICTURE_BYTES, PICTURES, bring
from workers.media.process import Limits, cpu_seconds, own, program, run
from workers.providers.base import ProviderCall

#: Most memory (bytes).
_READING_BYTES: Final = 4 * 1024**3
_THREADS: Final = 2
_NOT_READ: Final = "The picture could not be read"
_AS_PNG: Final = json.dumps({"task": Task.CONVERT_IMAGE, "format": ImageFormat.PNG})


def read(call: ProviderCall, asked: MediaRequest, folder: Path) -> bytes:
    """Return the words in the picture of a request, line by line. Raises ProviderError."""
    # Nobody here can be asked a question about it.
    call.adjusted(["prompt"] if asked.text("prompt") else [])
    bring(call, asked.files_in("image")[0], folder / "input")
    as_png = own(PICTURES, Limits(PICTURE_BYTES, cpu_seconds(call.timeout_s)), _AS_PNG)
    run(as_png, folder, what=_NOT_READ)
    (folder / "output").rename(folder / "picture.png")
    limits = Limits(_READING_BYTES, cpu_seconds(call.timeout_s, _THREADS))
    if asked.model == "tesseract":
        command = program(limits, "tesseract", "picture.png", "read")
    else:
        command = own("workers.media.engines.rapidocr_engine", limits)
    run(command, folder, "read.txt", _NOT_READ)
    text = (folder / "read.txt").read_text("utf-8", "replace")
    return to_json_bytes({"text": text.replace("\f", "").strip()})
