"""Changes pictures, videos and sound: Pillow and ffmpeg, each in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from shared.codecs.json_bytes import to_json_bytes
from shared.media import result
from shared.media.ffmpeg import ffmpeg_path
from shared.media.formats import Task
from shared.media.request import FileRef, MediaRequest
from shared.operation import Operation
from workers.media import ffmpeg_commands
from workers.media.process import Limits, cpu_seconds, own, pieces, program, run
from workers.providers.base import ProviderCall
from workers.providers.media.answers import desk_of

#: Most memory of an engine (bytes); ffmpeg's threads reserve more than they use.
PICTURE_BYTES: Final = 1024**3
FFMPEG_BYTES: Final = 3 * 1024**3
PICTURES: Final = "workers.media.picture_engine"


def change(call: ProviderCall, asked: MediaRequest, folder: Path) -> bytes:
    """Change the file of a request; return a reference to what came of it. Raises ProviderError."""
    for file in asked.files:
        bring(call, file, folder / ("watermark" if file.field == "watermark" else "input"))
    run(_command(asked, call), folder)
    return _kept(call, asked, folder / "output")


def bring(call: ProviderCall, file: FileRef, path: Path) -> None:
    """Write a file of the request to where an engine reads it. Raises ProviderError."""
    with path.open("wb") as written:
        for piece in desk_of(call).open(file):
            written.write(piece)


def _command(asked: MediaRequest, call: ProviderCall) -> list[str]:
    fields, cpu_s = _fields(asked, call), cpu_seconds(call.timeout_s)
    if Task(fields["task"]).is_of_a_picture:
        return own(PICTURES, Limits(PICTURE_BYTES, cpu_s), json.dumps(fields))
    told = ffmpeg_commands.arguments(fields, _input(asked).media_type)
    return program(Limits(FFMPEG_BYTES, cpu_s), ffmpeg_path(), *told)


def _fields(asked: MediaRequest, call: ProviderCall) -> dict[str, Any]:
    if call.operation is Operation.IMAGE_UPSCALE:
        return {"task": Task.UPSCALE_IMAGE}
    return dict(asked.fields)


def _kept(call: ProviderCall, asked: MediaRequest, output: Path) -> bytes:
    fields, sent = _fields(asked, call), _input(asked)
    task = Task(fields["task"])
    if task.is_of_a_picture:
        ending = str(fields.get("format") or "png")
    else:
        ending = ffmpeg_commands.extension(fields, sent.media_type)
    name = f"{Path(sent.name).stem[:100] or 'output'}.{ending}"
    kept = desk_of(call).keep(pieces(output), name=name)
    answer = {"data": [{result.ARTIFACT: kept.to_json()}]}
    made = result.Made(images=1) if call.operation is Operation.IMAGE_UPSCALE else result.Made()
    return result.with_made(to_json_bytes(answer), made)


def _input(asked: MediaRequest) -> FileRef:
    return next(one for one in asked.files if one.field != "watermark")
