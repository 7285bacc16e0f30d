"""A text in base64 as the pieces of bytes that it stands for, each decoded when asked for. Pure.

A picture is a megabyte of it: who decodes, hashes and writes it piece by piece holds none of it
twice, and lets others run in between. Only what RFC 4648, 4 has is taken, and nothing beside it.
"""

from __future__ import annotations

from binascii import Error, a2b_base64
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

#: Both take the same texts, and refuse the others by the same error.
_decode: Callable[[memoryview], bytes] = partial(a2b_base64, strict_mode=True)
try:
    from pybase64 import b64decode
except ImportError:
    # An environment that is older than this module: it is right, and slow.
    pass
else:
    _decode = partial(b64decode, validate=True)

#: Four signs are three bytes.
_SIGNS, _BYTES = 4, 3
#: So many signs are a piece: a tenth of a millisecond's work, in which Python hands over to nobody.
_PIECE: Final = 262_144 * _SIGNS
#: So many are looked at first: lines and other alphabets show by then.
_BEGINNING: Final = 256 * _SIGNS


class NotBase64(ValueError):
    """The text is not plainly that: it has other signs, or none behind its end."""


class Base64Pieces(Sequence[bytes]):
    """The pieces, as often as asked for. Each may raise NotBase64, the beginning does at once."""

    def __init__(self, text: str | memoryview) -> None:
        try:
            self._text = memoryview(text.encode("ascii")) if isinstance(text, str) else text
        except UnicodeEncodeError as exc:
            raise NotBase64 from exc
        self._decoded(0, _BEGINNING)

    def __len__(self) -> int:
        return len(range(0, len(self._text), _PIECE))

    def __getitem__(self, index: Any) -> Any:
        return self._decoded(range(0, len(self._text), _PIECE)[index], _PIECE)

    def tail(self, least: int) -> bytes:
        """Return at least so many of the last bytes, if there are so many. Raises NotBase64."""
        signs = (least // _BYTES + 1) * _SIGNS
        begin = max(0, (len(self._text) - 1) // _SIGNS * _SIGNS - signs)
        return self._decoded(begin, len(self._text) - begin)

    def _decoded(self, begin: int, size: int) -> bytes:
        part = self._text[begin : begin + size]
        try:
            piece = _decode(part)
        except Error as exc:
            raise NotBase64 from exc
        if begin + size < len(self._text) and len(piece) != size // _SIGNS * _BYTES:
            # It ends in the middle of the text.
            raise NotBase64
        return piece
