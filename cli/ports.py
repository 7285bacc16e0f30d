"""Finding TCP ports: whether one is free, and which one to take."""

from __future__ import annotations

import errno
import random
import socket

#: Below the ports that kernels give to outgoing connections (32768 on Linux, 49152 elsewhere):
#: one of those could sit on our port in the moment when a server starts again.
_OWN_RANGE = range(20_000, 32_000)
_TRIES = 50


def bind_problem(host: str, port: int) -> OSError | None:
    """Return why a server could not listen on host:port, or None if it could."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, proto) as probe:
            # As servers do, so that connections of a server that just ended don't count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as exc:
        return exc
    return None


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on now and that outgoing connections do not take.

    Raises OSError when none was found.
    """
    for port in random.sample(_OWN_RANGE, _TRIES):
        if bind_problem(host, port) is None:
            return port
    raise OSError(errno.EADDRINUSE, f"no free port found on {host}")
