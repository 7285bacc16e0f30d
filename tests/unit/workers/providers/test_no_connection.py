"""Why a provider could not be reached, as sockets tell it."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

import pytest
import requests

from workers.deps import llm_session
from workers.providers.no_connection import why

#: Closing sends a reset at once.
_RESET = struct.pack("ii", 1, 0)


@contextlib.contextmanager
def _listening(said: bytes, *, resets: bool = False) -> Iterator[str]:
    """Answer each connection with these bytes, and close it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    peer, _ = server.accept()
                    peer.recv(65_536)
                    peer.sendall(said)
                    if resets:
                        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    peer.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1/x"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def _why(url: str) -> str:
    with pytest.raises(requests.RequestException) as told:
        llm_session(1).post(url, data=b"{}", timeout=60)
    return why(told.value)


@pytest.mark.parametrize("resets", [False, True], ids=["closed", "reset"])
def test_one_that_closes_was_reached(resets: bool) -> None:
    with _listening(b"", resets=resets) as url:
        assert _why(url) == ": it closed the connection without an answer"


@pytest.mark.parametrize("said", [b"SSH-2.0-x\r\n", b"\x15\x03\x03\0\2\2\n"], ids=["SSH", "TLS"])
def test_one_that_speaks_no_http_was_reached(said: bytes) -> None:
    with _listening(said) as url:
        assert _why(url) == ": what it answers is no HTTP"


def test_closed_port_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert _why(f"http://127.0.0.1:{port}/") == ": Connection refused"
