"""gunicorn's log, as lines of the process's one log."""

from __future__ import annotations

import logging
from typing import Any

from gunicorn.glogging import Logger


class ServerLog(Logger):  # type: ignore[misc]
    """What `logger_class` names: gunicorn's loggers, without handlers and levels of their own."""

    def setup(self, cfg: Any) -> None:
        """Let the root logger write what gunicorn says. Requests have a log of their own."""
        self.cfg = cfg
        self._access_log_enabled = False
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.setLevel(logging.NOTSET)
            logger.propagate = True
