"""Long texts of a document in JSON, cut out of it before it is read. Pure.

A picture in base64 is a megabyte in a document of some hundred bytes. What is left is read as ever,
with a mark in the place of each text, and the texts stay where they are until somebody wants their
bytes. Marks are new ones each time, so that no document can have them: where each is found as the
value that is looked for, the text stood there, whatever the document says otherwise.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

#: The member that holds a picture.
_NAME: Final = b'"b64_json"'
_opens = re.compile(rb'[ \t\r\n]*+:[ \t\r\n]*+"').match
#: Shorter ones are read with the rest (bytes).
_LONG: Final = 4096
#: With what a text begins that is a URL.
_URL: Final = b"data:"


@dataclass(frozen=True, slots=True)
class CutOut:
    """A document without its long texts: `rest`; and the texts as they stand in it, by marks."""

    rest: bytes
    texts: Mapping[str, memoryview]


def cut_out(document: bytes) -> CutOut:
    """Cut out each long text of a picture that has no escapes. Others stay in the rest."""
    sign, view = secrets.token_hex(16), memoryview(document)
    pieces: list[bytes] = []
    texts: dict[str, memoryview] = {}
    done = 0
    for begin, end in _places(document):
        mark = f"{sign}.{len(texts)}"
        pieces += (document[done:begin], mark.encode())
        texts[mark] = view[begin:end]
        done = end
    return CutOut(b"".join((*pieces, document[done:])), texts)


def _places(document: bytes) -> Iterator[tuple[int, int]]:
    """Give where each text begins and ends, without its quotes."""
    at = 0
    while (at := document.find(_NAME, at)) >= 0:
        at += len(_NAME)
        opened = _opens(document, at)
        begin = opened.end() if opened else at
        end = document.find(b'"', begin) if opened else at
        if end - begin < _LONG:
            continue
        if document.find(b"\\", begin, end) < 0 and not document.startswith(_URL, begin):
            yield begin, end
        at = end
