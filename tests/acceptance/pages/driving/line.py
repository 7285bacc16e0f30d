"""A line between a browser and the gateway that a test can cut, as trains and lifts do."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading


class Line:
    """Passes on what comes to a port of its own. While it is cut nothing passes."""

    def __init__(self, port: int) -> None:
        """`port` is where the line leads to, on this machine."""
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._run)
        self._lock = threading.Lock()
        self._ends: dict[socket.socket, socket.socket] = {}
        self._is_cut = False
        self._is_over = False

    def __enter__(self) -> Line:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._is_over = True
        self._thread.join()
        self.cut()
        self._listener.close()

    @property
    def url(self) -> str:
        """The base URL of the gateway at the other end."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        """Break every connection, and each that is tried."""
        with self._lock:
            self._is_cut = True
            for end in list(self._ends):
                self._close(end)

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    def _run(self) -> None:
        while not self._is_over:
            with self._lock, selectors.DefaultSelector() as ready:
                for one in (self._listener, *self._ends):
                    ready.register(one, selectors.EVENT_READ)
                events = ready.select(timeout=0.01)
                for key, _ in events:
                    self._serve(key.fileobj)
            # Whoever wants to cut the line gets the lock.
            threading.Event().wait(0.001)

    def _serve(self, end: object) -> None:
        if end is self._listener:
            self._connect()
        elif isinstance(end, socket.socket) and end in self._ends:
            self._pass_on(end)

    def _connect(self) -> None:
        near, _ = self._listener.accept()
        if self._is_cut:
            near.close()
            return
        far = socket.create_connection(("127.0.0.1", self._port))
        self._ends |= {near: far, far: near}

    def _pass_on(self, end: socket.socket) -> None:
        try:
            data = end.recv(65536)
            self._ends[end].sendall(data)
        except OSError:
            data = b""
        if not data:
            self._close(end)

    def _close(self, end: socket.socket) -> None:
        other = self._ends.pop(end, None)
        for one in (end, other):
            if one is not None:
                self._ends.pop(one, None)
                with contextlib.suppress(OSError):
                    one.close()
