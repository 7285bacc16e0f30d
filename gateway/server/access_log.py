"""The access log: a line a request, for those who want it; others run without this module.

It is imported before gevent patches the standard library, so it imports nothing of the application.
"""

from __future__ import annotations

import logging
import time
from typing import Any, Final

from gateway.server.handler import Handler
from gateway.server.serving import Worker

log = logging.getLogger("gateway.access")

#: Where the application leaves what it knows of a request, in WSGI's environment.
TOLD: Final = "replyto.told"


class LoggingHandler(Handler):
    """A connection whose requests are logged."""

    def handle_one_request(self) -> Any:
        """Answer the next request; what is left of the one before is not its own."""
        self.environ = {}
        return super().handle_one_request()

    def log_request(self) -> None:
        """Write the line of a request that was answered, or was no request."""
        environ: dict[str, Any] = self.environ or {}
        log.info(
            "%s %s %s",
            environ.get("REQUEST_METHOD", "-"),
            environ.get("PATH_INFO", "-"),
            self._status(),
            extra={
                "method": environ.get("REQUEST_METHOD"),
                "path": environ.get("PATH_INFO"),
                "status": self._status(),
                "duration_ms": round((time.time() - self.time_start) * 1000),
                "address": environ.get("REMOTE_ADDR"),
                **environ.get(TOLD, {}),
            },
        )

    def _status(self) -> int:
        """Return the answer's status; 0 when there was none: the client went away."""
        status = self.status or b""
        text = status if isinstance(status, bytes) else str(status).encode("latin-1", "replace")
        words = text.removeprefix(b"HTTP/1.1 ").split(b" ", 1)
        return int(words[0]) if words[0].isdigit() else 0


class LoggingWorker(Worker):
    """What `worker_class` names where requests are logged."""

    wsgi_handler = LoggingHandler
