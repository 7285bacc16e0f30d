"""A form with files (RFC 7578), written piece by piece: no file is ever whole in memory."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

#: The same for all forms of a process, so that what their requests share can be kept. Whoever
#: writes a file has not seen it.
_BOUNDARY: Final = f"replyto-{secrets.token_hex(16)}"
CONTENT_TYPE: Final = f"multipart/form-data; boundary={_BOUNDARY}"
_END: Final = f"--{_BOUNDARY}--\r\n".encode()


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file of a form. `open` gives its bytes, from the start each time; they are `size` many."""

    field: str
    name: str
    media_type: str
    size: int
    open: Callable[[], Iterable[bytes]]


class Form:
    """A form as the body of a request: of a known length, and as often as it is asked for."""

    def __init__(self, fields: Mapping[str, Any], files: Iterable[FilePart]) -> None:
        """Write each value of a list as a field of its own; None is left out."""
        self._fields = b"".join(
            _field(name, one)
            for name, value in fields.items()
            for one in (value if isinstance(value, list) else [value])
            if one is not None
        )
        self._files = tuple((part, _head(part)) for part in files)

    def __len__(self) -> int:
        """Return how many bytes it has."""
        files = sum(len(head) + part.size + 2 for part, head in self._files)
        return len(self._fields) + files + len(_END)

    def __iter__(self) -> Iterator[bytes]:
        """Give its bytes, from the start."""
        yield self._fields
        for part, head in self._files:
            yield head
            yield from part.open()
            yield b"\r\n"
        yield _END


def _field(name: str, value: object) -> bytes:
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'
    return f"{head}{_text(value)}\r\n".encode("utf-8", "replace")


def _head(part: FilePart) -> bytes:
    said = f'form-data; name="{_quoted(part.field)}"; filename="{_quoted(part.name)}"'
    head = f"--{_BOUNDARY}\r\nContent-Disposition: {said}\r\nContent-Type: {part.media_type}"
    return f"{head}\r\n\r\n".encode("utf-8", "replace")


def _text(value: object) -> str:
    if isinstance(value, (bool, dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _quoted(name: str) -> str:
    """Return a name as the forms of browsers have it (WHATWG HTML, multipart/form-data)."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
