"""What the demo LLM remembers of the requests it got: in memory, and as JSON lines in a file."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

#: Requests kept in memory unless told otherwise.
DEFAULT_KEPT = 10_000

_SECRET_HEADERS = ("authorization", "x-api-key")


@dataclass(slots=True)
class RecordedRequest:
    """One request: there from its arrival; `status` and `finished` follow when it ended."""

    path: str
    headers: dict[str, str]
    body: bytes
    #: Unix seconds.
    received_at: float = field(default_factory=time.time)
    #: HTTP status of the answer; None while there is none, and for a connection reset.
    status: int | None = None
    #: The client was still connected when the answer was ready.
    finished: bool = False

    def as_line(self) -> str:
        """Return it as one line of JSON; a body that is not UTF-8 is `body_base64`."""
        row = {"received_at": self.received_at, "path": self.path, "headers": self.headers}
        try:
            body = {"body": self.body.decode("utf-8")}
        except UnicodeDecodeError:
            body = {"body_base64": base64.b64encode(self.body).decode()}
        return json.dumps({**row, **body, "status": self.status, "finished": self.finished}) + "\n"


class Recording:
    """The last `kept` requests, and all of them in a file if one is named."""

    def __init__(self, kept: int = DEFAULT_KEPT, path: Path | None = None) -> None:
        self.requests: deque[RecordedRequest] = deque(maxlen=kept)
        self._path = path
        self._file: IO[str] | None = None
        self._arrived = threading.Condition()

    def open(self) -> None:
        """Open the file, appending to it; raises OSError."""
        if self._path:
            self._file = self._path.open("a", encoding="utf-8")

    def close(self) -> None:
        """Close the file."""
        if self._file:
            # What a full disk has not taken is tried once more, and lost.
            with suppress(OSError):
                self._file.close()
            self._file = None

    def arrived(self, path: str, headers: dict[str, str], body: bytes) -> RecordedRequest:
        """Note a request that came in."""
        shown = {k: "[redacted]" if k in _SECRET_HEADERS else v for k, v in headers.items()}
        record = RecordedRequest(path, shown, body)
        with self._arrived:
            self.requests.append(record)
            self._arrived.notify_all()
        return record

    def ended(self, record: RecordedRequest) -> None:
        """Write a request that is over to the file; it is answered also when the disk is full."""
        if self._file:
            with suppress(OSError):
                self._file.write(record.as_line())
                self._file.flush()

    def wait_for(self, count: int, timeout_s: float) -> list[RecordedRequest]:
        """Return the requests as soon as there are `count`; raises TimeoutError.

        For another thread than the server's.
        """
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.requests) >= count, timeout_s):
                raise TimeoutError(f"{len(self.requests)} of {count} requests in {timeout_s} s")
            return list(self.requests)
