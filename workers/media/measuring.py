"""How long a recording is, for what it costs, where its provider does not tell: ffmpeg counts."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Final

from gevent.lock import BoundedSemaphore

from shared.media.ffmpeg import ffmpeg_path
from shared.media.request import MediaRequest
from workers.media import ffmpeg_commands
from workers.media.engines.changing import FFMPEG_BYTES
from workers.media.process import Limits, folder, program, run
from workers.providers.base import Desk, ProviderError

log = logging.getLogger(__name__)

_CPU_S: Final = 20
#: Of what ffmpeg writes: lines of its progress.
_FILE_BYTES: Final = 1024**2
#: So many at once in a process.
_room: Final = BoundedSemaphore(2)
_find_times: Final = re.compile(rb"out_time_us=([0-9]+)").findall


def length_ms(desk: Desk, asked: MediaRequest) -> int:
    """Return how long the recording of a request is (milliseconds); 0 for one that nobody reads.

    Nothing is decoded: packets have their times.
    """
    try:
        with _room, folder() as place:
            return _measured(desk, asked, place)
    except (ProviderError, OSError, IndexError) as exc:
        log.info("a recording counts as 0 seconds, it cannot be measured: %s", exc)
        return 0


def _measured(desk: Desk, asked: MediaRequest, place: Path) -> int:
    with (place / "input").open("wb") as recording:
        for piece in desk.open(asked.files_in("file")[0]):
            recording.write(piece)
    limits = Limits(FFMPEG_BYTES, _CPU_S, _FILE_BYTES)
    run(program(limits, ffmpeg_path(), *ffmpeg_commands.measure()), place, "measured")
    times = _find_times((place / "measured").read_bytes())
    return int(times[-1]) // 1000 if times else 0
