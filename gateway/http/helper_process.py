"""`python -m gateway.http.helper_process <file descriptor>`: the other side of `helper.py`."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any, Final

# So that the first body does not wait for them.
import shared.wire.chat_request
import shared.wire.operation_request  # noqa: F401
from shared.freed_memory import give_back_freed

_LENGTH: Final = struct.Struct("!Q")
#: The gateway's loop comes first.
_NICENESS: Final = 5


def main() -> None:
    """Do what is sent, one after the other, until the connection closes."""
    # Who started this one ends it, by closing the connection, when nothing is under way any more.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(_NICENESS)
    give_back_freed()
    with socket.socket(fileno=int(sys.argv[1])) as link, link.makefile("rb") as messages:
        link.settimeout(None)
        while head := messages.read(_LENGTH.size):
            work = pickle.loads(messages.read(*_LENGTH.unpack(head)))  # noqa: S301 - our parent's
            with contextlib.suppress(BrokenPipeError):
                _send(link, _outcome(work))


def _outcome(work: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return work(), None
    except Exception as exc:
        return None, exc


def _send(link: socket.socket, outcome: Any) -> None:
    message = pickle.dumps(outcome, pickle.HIGHEST_PROTOCOL)
    link.sendall(_LENGTH.pack(len(message)))
    link.sendall(message)


if __name__ == "__main__":
    main()
