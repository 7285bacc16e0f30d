"""What children of a supervisor of ours print, as lines of the one log; its own lines too.

Gateway and workers write that form themselves. Redis, and whatever ends before it has set up its
log, do not: their lines are put into it here.
"""

from __future__ import annotations

import logging
import re
import time
from typing import Final

from shared.settings import Settings
from shared.telemetry.log_setup import lines

#: A line of a Redis server: process, role, moment, level, text. Its moment has no zone.
_REDIS: Final = re.compile(r"([0-9]+):[XCSM] [0-9]+ \w+ [0-9]{4} [0-9:.]+ ([.*#-]) (.*)")
#: What it says from within a signal handler, with neither role nor level.
_REDIS_SIGNAL: Final = re.compile(r"([0-9]+):signal-handler \([0-9]+\) (.*)")
_REDIS_LEVELS: Final = {".": 10, "-": 10, "*": 20, "#": 30}
#: How a line in the form begins: of JSON, of text, of a traceback in text.
_IN_FORM: Final = re.compile(r"\{\"time\": |[0-9]{4}-[0-9][0-9]-[0-9][0-9]T[0-9:.]+Z [A-Z]+ |  \| ")


class ChildLines:
    """Puts lines into the form that the settings say."""

    def __init__(self, settings: Settings, own_name: str = "up") -> None:
        self._settings = settings
        self._own_name = own_name
        self.is_json = settings.log_format == "json"

    def of_child(self, name: str, line: str) -> str:
        """Return a line of the child of this name in the form; as it is where it has it already."""
        if _IN_FORM.match(line):
            return line
        if found := _REDIS.match(line):
            pid, mark, text = found.groups()
            return self._line(name, text, _REDIS_LEVELS[mark], int(pid))
        if found := _REDIS_SIGNAL.match(line):
            return self._line(name, found[2], logging.INFO, int(found[1]))
        return self._line(name, line, logging.INFO)

    def own(self, text: str, level: int = logging.INFO) -> str:
        """Return what the supervisor says itself."""
        return self._line(self._own_name, text, level)

    def _line(self, process: str, text: str, level: int, pid: int | None = None) -> str:
        # One argument, so that a percent sign in the text is only that.
        record = logging.LogRecord("replyto.up", level, "", 0, "%s", (text,), None)
        record.created = time.time()
        record.process = pid or record.process
        return lines(process, self._settings).format(record)
