"""A real forward proxy that wants a password, and tells in its log what went through it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cli.ports import free_port
from tests.acceptance.system.guard import Guard
from tests.acceptance.system.polling import until
from tests.acceptance.system.process import Process

USER: Final = "company"
PASSWORD: Final = "pr0xy-s3cret"


class Tinyproxy:
    """The proxy, from entering it until leaving it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.port = free_port()
        self.url = f"http://{USER}:{PASSWORD}@127.0.0.1:{self.port}"
        self._log = folder / "tinyproxy.log"
        self._file = folder / "tinyproxy.conf"
        self._file.write_text(
            f"Port {self.port}\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 600\nMaxClients 50\n"
            f'LogLevel Info\nLogFile "{self._log}"\nBasicAuth {USER} {PASSWORD}\n'
        )
        self._guard = Guard()

    def __enter__(self) -> Tinyproxy:
        binary = shutil.which("tinyproxy", path=f"{os.environ['PATH']}:/usr/sbin:/usr/bin")
        assert binary, "no tinyproxy here: apt-get install tinyproxy"
        argv = [binary, "-d", "-c", str(self._file)]
        self._process = Process("tinyproxy", argv, {}, self._log.with_suffix(".out"), self._guard)
        until(lambda: "Accepting connections" in self.log(), "tinyproxy listens")
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.kill()
        self._guard.close()

    @contextmanager
    def away(self) -> Iterator[None]:
        """End it and all its tunnels, and let it come back."""
        self._process.kill()
        try:
            yield
        finally:
            self._log.unlink()
            self.__enter__()

    def log(self) -> str:
        """Return all that it has logged."""
        return self._log.read_text() if self._log.exists() else ""

    @property
    def posts(self) -> int:
        """How many calls it has handed on, of those that no tunnel hides."""
        return self.log().count("): POST ")

    @property
    def requests(self) -> int:
        """How many requests and tunnels it has been asked for."""
        return self.log().count("Request (file descriptor")
