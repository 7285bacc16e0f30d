"""What tests of dialects that draw have in common: a desk in memory, a call, whole pictures."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Generator, Iterable
from typing import Any

import requests
from PIL import Image

from shared.artifacts.sniffing import HEAD_BYTES, media_type_of
from shared.media.request import FileRef
from shared.media.result import Kept
from shared.operation import Operation
from shared.providers.provider import Provider
from workers.providers.base import Dialect, ProviderCall

FILE = FileRef("image", "file-1", "a.png", "image/png", 3, "ab" * 32)


def png(mode: str = "RGB", colour: Any = "red", size: tuple[int, int] = (8, 8)) -> bytes:
    """Return a small picture."""
    written = io.BytesIO()
    Image.new(mode, size, colour).save(written, "PNG")
    return written.getvalue()


PICTURE = png()


class FakeDesk:
    """Has the files of `contents` by their fields; keeps others in memory, as the store would."""

    def __init__(self, contents: dict[str, bytes] | None = None) -> None:
        self.kept: list[bytes] = []
        self._contents = contents or {}

    def open(self, file: FileRef) -> Generator[bytes, None, None]:
        yield self._contents.get(file.field, b"in:" + file.field.encode())

    def whole(self, file: FileRef) -> bytes:
        return b"".join(self.open(file))

    def keep(
        self, pieces: Iterable[bytes], *, media_type: str | None = None, name: str = ""
    ) -> Kept:
        content = b"".join(pieces)
        self.kept.append(content)
        # The store looks at the bytes, too.
        kind = media_type_of(content[:HEAD_BYTES], media_type)
        sha256 = hashlib.sha256(content).hexdigest()
        return Kept(f"file-{len(self.kept)}", name, kind, len(content), sha256, "http://h/x")


def ask(
    dialect: Dialect,
    about: dict[str, Any],
    operation: Operation,
    stored: str,
    *,
    key: str = "",
    desk: FakeDesk | None = None,
    timeout_s: float = 5,
) -> tuple[dict[str, Any], FakeDesk]:
    """Call a provider; return the answer as the ledger holds it, and what was kept."""
    provider = Provider.model_validate({"name": "p", **about})
    desk = desk or FakeDesk()
    call = ProviderCall(
        provider, stored.encode(), key or None, 5, timeout_s, operation=operation, desk=desk
    )
    with requests.Session() as session:
        return json.loads(dialect.ask(session, call)), desk
