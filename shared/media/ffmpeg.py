"""Where ffmpeg is: the one that the wheel `imageio-ffmpeg` ships, or that of the system."""

from __future__ import annotations

import shutil
from functools import cache
from importlib import util

from shared.settings import SettingsError


@cache
def ffmpeg_path() -> str:
    """Return the program's path. Raises SettingsError when there is none."""
    if util.find_spec("imageio_ffmpeg") is not None:
        import imageio_ffmpeg  # noqa: PLC0415 - it is looked for only where it is used

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    if found := shutil.which("ffmpeg"):
        return found
    raise SettingsError("ffmpeg is not there: install the package imageio-ffmpeg, or ffmpeg")
